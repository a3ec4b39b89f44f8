package engine

import "slices"

// lanes holds work in queues by key: one piece of a key at a time, in order;
// keys side by side, the longest waiting first. It is not safe for concurrent use.
type lanes[K comparable, T any] struct {
	byKey map[K]*lane[K, T]
	ready []*lane[K, T] // that have work and no worker
	count int           // pieces waiting or in work
}

type lane[K comparable, T any] struct {
	key  K
	work []piece[T]
	busy bool
}

type piece[T any] struct {
	order uint64
	value T
}

// push puts a piece into its lane by its order, behind the one in work.
func (l *lanes[K, T]) push(key K, order uint64, value T) {
	if l.byKey == nil {
		l.byKey = make(map[K]*lane[K, T])
	}
	to := l.byKey[key]
	if to == nil {
		to = &lane[K, T]{key: key}
		l.byKey[key] = to
	}
	at := len(to.work)
	for at > 0 && to.work[at-1].order > order {
		at--
	}
	to.work = slices.Insert(to.work, at, piece[T]{order, value})
	l.count++
	if !to.busy && len(to.work) == 1 {
		l.ready = append(l.ready, to)
	}
}

// next takes the oldest piece of the lane that is ready longest; false when none is.
func (l *lanes[K, T]) next() (*lane[K, T], T, bool) {
	if len(l.ready) == 0 {
		var none T
		return nil, none, false
	}
	from := l.ready[0]
	l.ready[0] = nil
	l.ready = l.ready[1:]
	first := from.work[0]
	from.work[0] = piece[T]{}
	from.work = from.work[1:]
	from.busy = true
	return from, first.value, true
}

// done gives a lane back whose piece is finished.
func (l *lanes[K, T]) done(from *lane[K, T]) {
	l.count--
	from.busy = false
	if len(from.work) > 0 {
		l.ready = append(l.ready, from)
	} else {
		delete(l.byKey, from.key)
	}
}
