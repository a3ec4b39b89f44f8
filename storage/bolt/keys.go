package bolt

import (
	"encoding/binary"
	"errors"
	"time"

	"tuidan/refund"
)

// errDamaged is returned for a key or value that this package did not write.
var errDamaged = errors.New("damaged entry")

func appendUint(key []byte, n uint64) []byte { return binary.BigEndian.AppendUint64(key, n) }

func appendInt(key []byte, n int64) []byte { return appendUint(key, uint64(n)^1<<63) }

func appendTime(key []byte, t time.Time) []byte {
	return binary.BigEndian.AppendUint32(appendInt(key, t.Unix()), uint32(t.Nanosecond()))
}

// appendText writes the length first, so that no text is the beginning of
// another; storage.Validate keeps it below 64 KiB.
func appendText[T ~string](key []byte, text T) []byte {
	return append(binary.BigEndian.AppendUint16(key, uint16(len(text))), text...)
}

func uintKey(n uint64) []byte             { return appendUint(make([]byte, 0, 8), n) }
func intKey(n int64) []byte               { return appendInt(make([]byte, 0, 8), n) }
func chatKey(id refund.ChatID) []byte     { return intKey(int64(id)) }
func caseKey(id refund.CaseID) []byte     { return []byte(id) }
func textKey[T ~string](text T) []byte    { return appendText(make([]byte, 0, 2+len(text)), text) }
func outboxKey(m *refund.Message) []byte  { return appendText(textKey(m.Lane()), m.Key) }
func orderKey(key refund.OrderKey) []byte { return appendOrder(make([]byte, 0, 64), key) }
func postKey(c refund.ChatID, m int) []byte {
	return appendInt(appendInt(make([]byte, 0, 16), int64(c)), int64(m))
}

// postTimeKey is a post's key in the index by time.
func postTimeKey(post *refund.Post) []byte {
	return append(appendTime(make([]byte, 0, 28), post.At), postKey(post.Chat, post.Message)...)
}

func choreKey(shop refund.ShopID, name string) []byte { return appendText(textKey(shop), name) }

func numberedKey(shop refund.ShopID, id uint64) []byte {
	return appendUint(appendText(make([]byte, 0, 10+len(shop)), shop), id)
}

func appendOrder(key []byte, order refund.OrderKey) []byte {
	return appendText(appendText(key, order.Shop), order.No)
}

func seenByTimeKey(received time.Time, update int64) []byte {
	return appendInt(appendTime(make([]byte, 0, 20), received), update)
}

func appendDue(key []byte, timer *refund.Timer) []byte {
	key = appendInt(appendTime(key, timer.At), int64(timer.Chat))
	return appendText(appendText(key, timer.Case), timer.Kind)
}

func appendEnd(key []byte, shop refund.ShopID, end refund.End) []byte {
	key = appendText(appendTime(appendText(key, shop), end.At), end.Case)
	key = appendText(appendText(appendText(appendText(key, end.Status), end.Rule), end.Product), end.Ahead)
	key = appendTime(appendText(key, end.Reason), end.Opened)
	for _, length := range []time.Duration{end.Answered, end.Decided, end.Accepted} {
		key = appendUint(key, uint64(length/time.Second))
	}
	var flags byte
	for i, flag := range []bool{end.Alone, end.Easy, end.Signal} {
		if flag {
			flags |= 1 << i
		}
	}
	return append(key, flags)
}

// endOf reads what follows the shop in a key of the index of ends.
func endOf(key []byte) (refund.End, error) {
	r := keyReader{key: key}
	end := refund.End{At: r.time(), Case: refund.CaseID(r.text()), Status: refund.Status(r.text()), Rule: r.text(),
		Product: r.text(), Ahead: refund.Outcome(r.text()), Reason: refund.Reason(r.text()), Opened: r.time()}
	for _, length := range []*time.Duration{&end.Answered, &end.Decided, &end.Accepted} {
		*length = time.Duration(r.uint()) * time.Second
	}
	flags := r.take(1)[0]
	end.Alone, end.Easy, end.Signal = flags&1 != 0, flags&2 != 0, flags&4 != 0
	return end, r.err
}

// appendRanked writes what the queue sorts by.
func appendRanked(key []byte, c *refund.Case) []byte {
	return appendText(appendTime(append(key, byte(c.Rank())), c.Due()), c.ID)
}

// timerOf reads a key of the due index.
func timerOf(key []byte) (refund.Timer, error) {
	r := keyReader{key: key}
	timer := refund.Timer{At: r.time(), Chat: refund.ChatID(r.int())}
	timer.Case = refund.CaseID(r.text())
	timer.Kind = refund.TimerKind(r.text())
	return timer, r.err
}

// bands are where the 64 bits of a hash are cut. Two hashes that differ in at
// most MaxPictureDistance bits have one of that many bands and one more in
// common, so looking at the pictures with an equal band finds all near ones.
var bands = func() (cuts [refund.MaxPictureDistance + 2]uint) {
	for i := range cuts {
		cuts[i] = uint(i) * 64 / (refund.MaxPictureDistance + 1)
	}
	return cuts
}()

// appendBand writes the beginning of the keys of all pictures of a shop that
// have the same bits in the band as the hash.
func appendBand(key []byte, look refund.Look, band int) []byte {
	from, to := bands[band], bands[band+1]
	bits := uint16(look.Hash >> from & (1<<(to-from) - 1))
	return binary.BigEndian.AppendUint16(append(appendText(key, look.Shop), byte(band)), bits)
}

// keyReader takes a key apart; after the first fault all it gives is zero.
type keyReader struct {
	key []byte
	err error
}

func (r *keyReader) take(n int) []byte {
	if n > len(r.key) || r.err != nil {
		r.err = errDamaged
		return make([]byte, n)
	}
	part := r.key[:n]
	r.key = r.key[n:]
	return part
}

func (r *keyReader) uint() uint64 { return binary.BigEndian.Uint64(r.take(8)) }
func (r *keyReader) int() int64   { return int64(r.uint() ^ 1<<63) }
func (r *keyReader) text() string { return string(r.take(int(binary.BigEndian.Uint16(r.take(2))))) }
func (r *keyReader) time() time.Time {
	seconds := r.int()
	return time.Unix(seconds, int64(binary.BigEndian.Uint32(r.take(4)))).UTC()
}
