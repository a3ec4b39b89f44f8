package bolt

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"tuidan/refund"
	"tuidan/storage"
)

// change is a commit with the keys and values that do not depend on what is
// stored, made before the writer takes it.
type change struct {
	commit  *refund.Commit
	records []record
	puts    []entry
	appends []entry // whose keys the bucket's sequence completes
	tries   []entry // the same, with a second index
	sorting []entry // of messages that wait to be sorted, by commit.Unsorted
	drops   []entry // without values
}

type entry struct {
	bucket     bucket
	key, value []byte
}

// prepared encodes a commit. Errors: storage.ErrInvalid.
func prepared(c *refund.Commit) (*change, error) {
	if err := storage.Validate(c); err != nil {
		return nil, err
	}
	p := preparation{change: change{
		commit:  c,
		records: make([]record, 0, len(c.Chats)+len(c.Cases)+len(c.Accounts)),
		puts: make([]entry, 0, len(c.Inbox)+len(c.Outbox)+len(c.Jobs)+len(c.Posted)+2*len(c.Posts)+len(c.Groups)+len(c.Chores)+len(c.Differences)+
			bandCount*len(c.Pictures)+2*len(c.Marks)+1),
		appends: make([]entry, 0, len(c.Timeline)+len(c.Ledger)+len(c.Dead)),
		drops:   make([]entry, 0, len(c.Done)+len(c.DueDone)+len(c.JobsDone)+len(c.SortedOut)),
	}}
	p.encode(c)
	return &p.change, p.err
}

const bandCount = refund.MaxPictureDistance + 1

// preparation keeps the first fault.
type preparation struct {
	change
	err error
}

func (p *preparation) encode(c *refund.Commit) {
	for i := range c.Chats {
		p.record(chatRecord(&c.Chats[i]))
	}
	for i := range c.Cases {
		p.record(caseRecord(&c.Cases[i]))
	}
	for i := range c.Accounts {
		p.record(accountRecord(&c.Accounts[i]))
	}
	for i := range c.Inbox {
		p.put(inboxBucket, uintKey(c.Inbox[i].Seq), p.json(nil, &c.Inbox[i]))
	}
	for i := range c.Outbox {
		message := &c.Outbox[i]
		p.put(outboxBucket, outboxKey(message), p.json(uintKey(message.Seq), message))
	}
	for i := range c.Jobs {
		p.put(jobsBucket, uintKey(c.Jobs[i].ID), p.json(nil, &c.Jobs[i]))
	}
	for i := range c.Posted {
		p.put(postedBucket, textKey(c.Posted[i].Case), p.json(nil, &c.Posted[i]))
	}
	for i := range c.Posts {
		p.put(postsBucket, postKey(c.Posts[i].Chat, c.Posts[i].Message), p.json(nil, &c.Posts[i]))
		p.put(postsByTimeBucket, postTimeKey(&c.Posts[i]), nil)
	}
	for shop, chat := range c.Groups {
		p.put(groupsBucket, textKey(shop), chatKey(chat))
	}
	for i := range c.Differences {
		one := &c.Differences[i]
		p.put(differencesBucket, numberedKey(one.Shop, one.ID), p.json(nil, one))
	}
	for _, chore := range c.Chores {
		p.put(choresBucket, choreKey(chore.Shop, chore.Name), appendTime(make([]byte, 0, 12), chore.At))
	}
	if c.Offset != nil {
		p.put(metaBucket, offsetKey, intKey(*c.Offset))
	}
	for _, look := range c.Pictures {
		for band := range bandCount {
			key := appendUint(appendBand(make([]byte, 0, 64), look, band), look.Hash)
			p.put(picturesBucket, appendText(key, look.Case), nil)
		}
	}
	p.marks(c.Marks)
	for i := range c.Timeline {
		p.appends = append(p.appends, entry{timelineBucket, textKey(c.Timeline[i].Case), p.json(nil, &c.Timeline[i])})
	}
	for i := range c.Ledger {
		key := appendTime(textKey(c.Ledger[i].Shop), c.Ledger[i].At)
		p.appends = append(p.appends, entry{ledgerBucket, key, p.json(nil, &c.Ledger[i])})
	}
	for i := range c.Dead {
		p.appends = append(p.appends, entry{deadBucket, nil, p.json(nil, &c.Dead[i])})
	}
	for i := range c.Tries {
		key := appendTime(orderKey(c.Tries[i].Order), c.Tries[i].At)
		p.tries = append(p.tries, entry{triesBucket, key, p.json(nil, &c.Tries[i])})
	}
	for i := range c.Unsorted {
		one := &c.Unsorted[i]
		digest := sha256.Sum256([]byte(one.Text))
		p.sorting = append(p.sorting, entry{unsortedBucket, numberedKey(one.Shop, one.ID), p.json(digest[:], one)})
	}
	for _, one := range c.SortedOut {
		p.drops = append(p.drops, entry{bucket: unsortedBucket, key: numberedKey(one.Shop, one.ID)})
	}
	for _, seq := range c.Done {
		p.drops = append(p.drops, entry{bucket: inboxBucket, key: uintKey(seq)})
	}
	for i := range c.DueDone {
		p.drops = append(p.drops, entry{bucket: dueBucket, key: appendDue(make([]byte, 0, 48), &c.DueDone[i])})
	}
	for _, id := range c.JobsDone {
		p.drops = append(p.drops, entry{bucket: jobsBucket, key: uintKey(id)})
	}
}

func (p *preparation) marks(marks []refund.Mark) {
	for i := range marks {
		mark := &marks[i]
		key := appendText(appendTime(textKey(mark.Key), mark.At), mark.Of)
		p.put(marksBucket, key, p.json(nil, mark))
		p.put(marksByTimeBucket, appendText(appendText(appendTime(make([]byte, 0, 96), mark.At), mark.Key), mark.Of), key)
	}
}

func (p *preparation) record(r record, err error) {
	p.records = append(p.records, r)
	if p.err == nil {
		p.err = err
	}
}

func (p *preparation) put(b bucket, key, value []byte) { p.puts = append(p.puts, entry{b, key, value}) }

func (p *preparation) json(prefix []byte, v any) []byte {
	value, err := appendJSON(prefix, v)
	if p.err == nil {
		p.err = err
	}
	return value
}

// writer is one transaction of the writing goroutine.
type writer struct {
	tx      *bbolt.Tx
	buckets [bucketCount]*bbolt.Bucket
}

func (w *writer) bucket(b bucket) *bbolt.Bucket {
	if w.buckets[b] == nil {
		w.buckets[b] = w.tx.Bucket(bucketNames[b])
		if b.fullPages() {
			w.buckets[b].FillPercent = 0.9
		}
	}
	return w.buckets[b]
}

// apply writes a change whose preconditions hold. Any error is the file's and
// ends the transaction.
func (w *writer) apply(c *change) error {
	for _, erased := range c.commit.Erased {
		if err := w.erase(storage.Erasing{Erasure: erased}); err != nil {
			return fmt.Errorf("erase chat %d: %w", erased.Chat, err)
		}
	}
	for _, r := range c.records {
		if err := w.record(r); err != nil {
			return fmt.Errorf("write %s %x: %w", bucketNames[r.bucket], r.key, err)
		}
	}
	for _, e := range c.puts {
		if err := w.bucket(e.bucket).Put(e.key, e.value); err != nil {
			return fmt.Errorf("write %s: %w", bucketNames[e.bucket], err)
		}
	}
	for i := range c.commit.Inbox {
		if err := w.see(&c.commit.Inbox[i]); err != nil {
			return fmt.Errorf("write seen updates: %w", err)
		}
	}
	for _, e := range c.appends {
		if _, _, err := w.append(e); err != nil {
			return fmt.Errorf("append to %s: %w", bucketNames[e.bucket], err)
		}
	}
	for i, e := range c.tries {
		key, seq, err := w.append(e)
		if err == nil {
			byTime := appendUint(appendTime(make([]byte, 0, 20), c.commit.Tries[i].At), seq)
			err = w.bucket(triesByTimeBucket).Put(byTime, key)
		}
		if err != nil {
			return fmt.Errorf("write tries: %w", err)
		}
	}
	for i, e := range c.sorting {
		if err := w.keep(e, &c.commit.Unsorted[i]); err != nil {
			return fmt.Errorf("write unsorted: %w", err)
		}
	}
	for _, e := range c.drops {
		if err := w.bucket(e.bucket).Delete(e.key); err != nil {
			return fmt.Errorf("delete from %s: %w", bucketNames[e.bucket], err)
		}
	}
	return w.sent(c.commit.Sent)
}

// record puts a record and changes the indexes by what differs from the stored
// one. A reference that stays is left alone: a timer that moved to the inbox
// while its case still carries it must not come due again.
func (w *writer) record(r record) error {
	b := w.bucket(r.bucket)
	had, _, err := openRecord(b.Get(r.key))
	if err != nil {
		return err
	}
	has, _, err := openRecord(r.value)
	if err != nil {
		return err
	}
	if err := without(had, has, func(index bucket, key []byte) error { return w.bucket(index).Delete(key) }); err != nil {
		return err
	}
	if err := without(has, had, func(index bucket, key []byte) error { return w.bucket(index).Put(key, nil) }); err != nil {
		return err
	}
	return b.Put(r.key, r.value)
}

// see marks an inbox entry's update as seen.
func (w *writer) see(inbound *refund.Inbound) error {
	if inbound.UpdateID == 0 {
		return nil
	}
	key := intKey(inbound.UpdateID)
	if w.bucket(seenBucket).Get(key) != nil {
		return nil
	}
	if err := w.bucket(seenBucket).Put(key, uintKey(inbound.Seq)); err != nil {
		return err
	}
	return w.bucket(seenByTimeBucket).Put(seenByTimeKey(inbound.Received, inbound.UpdateID), nil)
}

// append puts an entry under its key and the bucket's next sequence.
func (w *writer) append(e entry) (key []byte, seq uint64, err error) {
	b := w.bucket(e.bucket)
	if seq, err = b.NextSequence(); err != nil {
		return nil, 0, err
	}
	key = appendUint(e.key, seq)
	return key, seq, b.Put(key, e.value)
}

// keep puts a message that waits to be sorted, unless its text waits already; the
// oldest gives way.
func (w *writer) keep(e entry, one *refund.Unsorted) error {
	b := w.bucket(e.bucket)
	shop := e.key[:len(e.key)-8]
	var oldest []byte
	waiting := 0
	cursor := b.Cursor()
	for key, value := cursor.Seek(shop); key != nil && bytes.HasPrefix(key, shop); key, value = cursor.Next() {
		if len(value) < sha256.Size {
			return errDamaged
		}
		if bytes.Equal(value[:sha256.Size], e.value[:sha256.Size]) {
			return w.again(key, value, one)
		}
		if oldest == nil {
			oldest = bytes.Clone(key)
		}
		waiting++
	}
	if waiting >= refund.MaxUnsorted && b.Get(e.key) == nil {
		if bytes.Compare(e.key, oldest) < 0 {
			return nil // the oldest is this one
		}
		if err := b.Delete(oldest); err != nil {
			return err
		}
	}
	return b.Put(e.key, e.value)
}

// again notes that the text of a waiting message came once more.
func (w *writer) again(key, value []byte, later *refund.Unsorted) error {
	var has refund.Unsorted
	if err := json.Unmarshal(value[sha256.Size:], &has); err != nil {
		return err
	}
	next := has.Again(*later)
	if next == has {
		return nil
	}
	replaced, err := appendJSON(bytes.Clone(value[:sha256.Size]), next)
	if err != nil {
		return err
	}
	return w.bucket(unsortedBucket).Put(bytes.Clone(key), replaced)
}

// sent removes messages that were not replaced since they were read.
func (w *writer) sent(messages []refund.Message) error {
	for i := range messages {
		key := outboxKey(&messages[i])
		value := w.bucket(outboxBucket).Get(key)
		if len(value) < 8 || binary.BigEndian.Uint64(value) != messages[i].Seq {
			continue
		}
		if err := w.bucket(outboxBucket).Delete(key); err != nil {
			return fmt.Errorf("delete from outbox: %w", err)
		}
	}
	return nil
}

// stored answers storage.Check from the transaction, which has the commits of
// the same batch that came before.
type stored struct{ w *writer }

func (s stored) ChatVersion(id refund.ChatID) uint64 {
	return versionOf(s.w.bucket(chatsBucket).Get(chatKey(id)))
}

func (s stored) CaseVersion(id refund.CaseID) uint64 {
	return versionOf(s.w.bucket(casesBucket).Get(caseKey(id)))
}

func (s stored) AccountVersion(order refund.OrderKey) uint64 {
	return versionOf(s.w.bucket(accountsBucket).Get(orderKey(order)))
}

func (s stored) SeenAs(update int64) (seq uint64, seen bool) {
	value := s.w.bucket(seenBucket).Get(intKey(update))
	if len(value) != 8 {
		return 0, false
	}
	return binary.BigEndian.Uint64(value), true
}

func (s stored) Unsorted(shop refund.ShopID, id uint64) bool {
	return s.w.bucket(unsortedBucket).Get(numberedKey(shop, id)) != nil
}

func (s stored) ChoreDone(shop refund.ShopID, name string) time.Time {
	rest := keyReader{key: s.w.bucket(choresBucket).Get(choreKey(shop, name))}
	if rest.key == nil {
		return time.Time{}
	}
	return rest.time() // of a damaged entry zero, which is a conflict for whoever read it
}

func (s stored) Waits(seq uint64) bool { return s.w.bucket(inboxBucket).Get(uintKey(seq)) != nil }

// sweep is one step of Store.Sweep.
type sweep struct {
	before time.Time
	limit  int // entries that it may still delete; 0 afterwards: there may be more
}

func (s *sweep) run(w *writer) error {
	err := s.each(w.bucket(seenByTimeBucket), s.before, func(key, _ []byte) error {
		if len(key) < 8 {
			return errDamaged
		}
		return w.bucket(seenBucket).Delete(key[len(key)-8:])
	})
	if err != nil {
		return fmt.Errorf("sweep seen updates: %w", err)
	}
	err = s.each(w.bucket(triesByTimeBucket), s.before, func(_, key []byte) error { return w.bucket(triesBucket).Delete(key) })
	if err != nil {
		return fmt.Errorf("sweep tries: %w", err)
	}
	err = s.each(w.bucket(marksByTimeBucket), s.before.Add(-refund.MarksKept), func(_, key []byte) error { return w.bucket(marksBucket).Delete(key) })
	if err != nil {
		return fmt.Errorf("sweep marks: %w", err)
	}
	if err := s.posts(w); err != nil {
		return fmt.Errorf("sweep posts: %w", err)
	}
	return nil
}

// posts deletes what is known of messages whose cases ended long ago. Those of
// others are looked at again when they may have.
func (s *sweep) posts(w *writer) error {
	before := s.before.Add(-refund.PostsKept)
	end := appendTime(make([]byte, 0, 12), before)
	index, posts := w.bucket(postsByTimeBucket), w.bucket(postsBucket)
	read := reader{w.tx, context.Background()}
	// Collected first: changing a bucket moves a cursor.
	var keys [][]byte
	cursor := index.Cursor()
	for key, _ := cursor.First(); key != nil && s.limit > 0 && bytes.Compare(key, end) < 0; key, _ = cursor.Next() {
		keys = append(keys, bytes.Clone(key))
		s.limit--
	}
	for _, key := range keys {
		place := keyReader{key: key[12:]}
		chat, message := refund.ChatID(place.int()), int(place.int())
		post, err := read.Post(chat, message)
		if err := errors.Join(err, place.err, index.Delete(key)); err != nil {
			return err
		}
		if !bytes.Equal(postTimeKey(&post), key) {
			continue // noted anew since, or gone
		}
		one, err := read.Case(post.Case)
		if err != nil {
			return err
		}
		if post.At = storage.KeptSince(&one, s.before); post.At.Before(before) {
			err = posts.Delete(key[12:])
		} else {
			var value []byte
			if value, err = json.Marshal(post); err == nil {
				err = errors.Join(posts.Put(key[12:], value), index.Put(postTimeKey(&post), nil))
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// each deletes the entries of a time-ordered bucket that are before a time and
// calls fn with each, as far as the limit goes.
func (s *sweep) each(b *bbolt.Bucket, before time.Time, fn func(key, value []byte) error) error {
	end := appendTime(make([]byte, 0, 12), before)
	// Collected first: deleting moves a cursor.
	var keys [][]byte
	cursor := b.Cursor()
	for key, value := cursor.First(); key != nil && s.limit > 0 && bytes.Compare(key, end) < 0; key, value = cursor.Next() {
		if err := fn(key, value); err != nil {
			return err
		}
		keys = append(keys, key)
		s.limit--
	}
	for _, key := range keys {
		if err := b.Delete(key); err != nil {
			return err
		}
	}
	return nil
}
