package bolt

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/bits"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"tuidan/refund"
)

// reader is the snapshot of a View. Decoding JSON copies everything out of the
// transaction's memory.
type reader struct {
	tx  *bbolt.Tx
	ctx context.Context
}

func (r reader) bucket(b bucket) *bbolt.Bucket { return r.tx.Bucket(bucketNames[b]) }

// fault names the entry that could not be read.
func fault(b bucket, key []byte, err error) error {
	return fmt.Errorf("read %s %q: %w", bucketNames[b], key, err)
}

// readRecord decodes a record; absent leaves the zero value.
func readRecord[T any](r reader, b bucket, key []byte) (v T, err error) {
	value := r.bucket(b).Get(key)
	if value == nil {
		return v, nil
	}
	_, data, err := openRecord(value)
	if err == nil {
		err = json.Unmarshal(data, &v)
	}
	if err != nil {
		return v, fault(b, key, err)
	}
	return v, nil
}

// read decodes one entry; absent leaves the zero value.
func read[T any](r reader, b bucket, key []byte) (v T, err error) {
	if value := r.bucket(b).Get(key); value != nil {
		if err := json.Unmarshal(value, &v); err != nil {
			return v, fault(b, key, err)
		}
	}
	return v, nil
}

// readFrom decodes the entries under a prefix, in order, from the key first on.
// Values have skip bytes before their JSON.
func readFrom[T any](r reader, b bucket, prefix, first []byte, skip int) ([]T, error) {
	return readSome[T](r, b, prefix, first, skip, math.MaxInt)
}

// readSome is readFrom for at most limit entries.
func readSome[T any](r reader, b bucket, prefix, first []byte, skip, limit int) ([]T, error) {
	var all []T
	cursor := r.bucket(b).Cursor()
	for key, value := cursor.Seek(first); len(all) < limit && key != nil && bytes.HasPrefix(key, prefix); key, value = cursor.Next() {
		if len(value) < skip {
			return nil, fault(b, key, errDamaged)
		}
		var v T
		if err := json.Unmarshal(value[skip:], &v); err != nil {
			return nil, fault(b, key, err)
		}
		all = append(all, v)
	}
	return all, nil
}

func (r reader) Chat(id refund.ChatID) (refund.Chat, error) {
	return readRecord[refund.Chat](r, chatsBucket, chatKey(id))
}

func (r reader) Case(id refund.CaseID) (refund.Case, error) {
	return readRecord[refund.Case](r, casesBucket, caseKey(id))
}

func (r reader) Account(order refund.OrderKey) (refund.Account, error) {
	return readRecord[refund.Account](r, accountsBucket, orderKey(order))
}

func (r reader) Tries(order refund.OrderKey, since time.Time) ([]refund.Try, error) {
	prefix := orderKey(order)
	return readFrom[refund.Try](r, triesBucket, prefix, appendTime(slices.Clone(prefix), since), 0)
}

func (r reader) Claims(chat refund.ChatID, since time.Time) (int, error) {
	prefix := chatKey(chat)
	n := 0
	cursor := r.bucket(claimsBucket).Cursor()
	key, _ := cursor.Seek(appendTime(slices.Clone(prefix), since))
	for ; key != nil && bytes.HasPrefix(key, prefix); key, _ = cursor.Next() {
		n++
	}
	return n, nil
}

func (r reader) SeenPicture(look refund.Look) (bool, error) {
	cursor := r.bucket(picturesBucket).Cursor()
	for band := range bandCount {
		prefix := appendBand(make([]byte, 0, 32), look, band)
		for key, _ := cursor.Seek(prefix); key != nil && bytes.HasPrefix(key, prefix); key, _ = cursor.Next() {
			rest := keyReader{key: key[len(prefix):]}
			near := bits.OnesCount64(rest.uint()^look.Hash) <= refund.MaxPictureDistance
			if near && rest.text() != string(look.Case) && rest.err == nil {
				return true, nil
			}
			if rest.err != nil {
				return false, fault(picturesBucket, key, rest.err)
			}
		}
	}
	return false, nil
}

func (r reader) Marks(key string, since time.Time, limit int) ([]refund.Mark, error) {
	prefix := textKey(key)
	first := appendTime(slices.Clone(prefix), since)
	cursor := r.bucket(marksBucket).Cursor()
	// From behind the last one under the key, backwards.
	var at, value []byte
	if behind, _ := cursor.Seek(append(slices.Clone(prefix), bytes.Repeat([]byte{0xff}, 12)...)); behind == nil {
		at, value = cursor.Last()
	} else {
		at, value = cursor.Prev()
	}
	var marks []refund.Mark
	for ; len(marks) < limit && bytes.HasPrefix(at, prefix) && bytes.Compare(at, first) >= 0; at, value = cursor.Prev() {
		var mark refund.Mark
		if err := json.Unmarshal(value, &mark); err != nil {
			return nil, fault(marksBucket, at, err)
		}
		marks = append(marks, mark)
	}
	return marks, nil
}

func (r reader) Posted(id refund.CaseID) (refund.Posted, error) {
	return read[refund.Posted](r, postedBucket, textKey(id))
}

func (r reader) Post(chat refund.ChatID, message int) (refund.Post, error) {
	return read[refund.Post](r, postsBucket, postKey(chat, message))
}

func (r reader) Group(shop refund.ShopID) (refund.ChatID, error) {
	group, err := r.readInt(groupsBucket, textKey(shop))
	return refund.ChatID(group), err
}

func (r reader) Offset() (int64, error) { return r.readInt(metaBucket, offsetKey) }

func (r reader) readInt(b bucket, key []byte) (int64, error) {
	value := r.bucket(b).Get(key)
	if value == nil {
		return 0, nil
	}
	rest := keyReader{key: value}
	n := rest.int()
	if rest.err != nil {
		return 0, fault(b, key, rest.err)
	}
	return n, nil
}

func (r reader) Timeline(id refund.CaseID) ([]refund.Entry, error) {
	prefix := textKey(id)
	return readFrom[refund.Entry](r, timelineBucket, prefix, prefix, 0)
}

func (r reader) Ledger(shop refund.ShopID, from, before time.Time) ([]refund.Posting, error) {
	prefix := textKey(shop)
	lines, err := readFrom[refund.Posting](r, ledgerBucket, prefix, appendTime(slices.Clone(prefix), from), 0)
	if before.IsZero() || err != nil {
		return lines, err
	}
	end, _ := slices.BinarySearchFunc(lines, before, func(p refund.Posting, at time.Time) int { return p.At.Compare(at) })
	return lines[:end:end], nil
}

func (r reader) Differences(shop refund.ShopID) ([]refund.Difference, error) {
	prefix := textKey(shop)
	return readFrom[refund.Difference](r, differencesBucket, prefix, prefix, 0)
}

func (r reader) CasesOf(order refund.OrderKey) ([]refund.CaseID, error) {
	return r.ids(ordersBucket, orderKey(order))
}

func (r reader) OpenCases(shop refund.ShopID) ([]refund.CaseID, error) {
	if shop != "" {
		return r.ids(openBucket, textKey(shop))
	}
	// Every shop's: what follows the shop is the time and the id, in order.
	var tails [][]byte
	cursor := r.bucket(openBucket).Cursor()
	for key, _ := cursor.First(); key != nil; key, _ = cursor.Next() {
		rest := keyReader{key: key}
		if rest.text(); rest.err != nil {
			return nil, fault(openBucket, key, rest.err)
		}
		tails = append(tails, rest.key)
	}
	slices.SortFunc(tails, bytes.Compare)
	var ids []refund.CaseID
	for _, tail := range tails {
		id, err := idAfterTime(tail)
		if err != nil {
			return nil, fault(openBucket, tail, err)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func (r reader) Queue(shop refund.ShopID, skip, limit int) (refund.Queue, error) {
	var queue refund.Queue
	prefix := textKey(shop)
	cursor := r.bucket(queueBucket).Cursor()
	for key, _ := cursor.Seek(prefix); key != nil && bytes.HasPrefix(key, prefix); key, _ = cursor.Next() {
		rank, id, err := ranked(key[len(prefix):])
		if err != nil {
			return queue, fault(queueBucket, key, err)
		}
		switch rank {
		case refund.RankUrgent:
			queue.Urgent++
		case refund.RankMoney:
			queue.Money++
		}
		if queue.Total >= skip && len(queue.Cases) < limit {
			queue.Cases = append(queue.Cases, id)
		}
		queue.Total++
	}
	return queue, nil
}

func (r reader) Hands(shop refund.ShopID, person refund.PersonID) ([]refund.CaseID, error) {
	var ids []refund.CaseID
	prefix := appendInt(textKey(shop), int64(person))
	cursor := r.bucket(handsBucket).Cursor()
	for key, _ := cursor.Seek(prefix); key != nil && bytes.HasPrefix(key, prefix); key, _ = cursor.Next() {
		_, id, err := ranked(key[len(prefix):])
		if err != nil {
			return nil, fault(handsBucket, key, err)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// ranked reads what appendRanked wrote.
func ranked(key []byte) (refund.Rank, refund.CaseID, error) {
	rest := keyReader{key: key}
	rank := refund.Rank(rest.take(1)[0])
	rest.time()
	return rank, refund.CaseID(rest.text()), rest.err
}

// Find looks through all texts of the shop, since what is looked for may stand
// anywhere in one.
func (r reader) Find(shop refund.ShopID, text string, limit int) ([]refund.CaseID, int, error) {
	return r.find(findBucket, shop, text, limit, func(text []byte) []byte { return text })
}

func (r reader) FindOrder(shop refund.ShopID, text string, limit int) ([]refund.CaseID, int, error) {
	return r.find(ordersBucket, shop, text, limit, func(no []byte) []byte { return []byte(refund.FindText(string(no))) })
}

// find looks through an index whose keys are shop, text, time and case.
func (r reader) find(b bucket, shop refund.ShopID, text string, limit int, folded func([]byte) []byte) ([]refund.CaseID, int, error) {
	wanted := []byte(refund.FindText(text))
	if len(wanted) == 0 {
		return nil, 0, nil
	}
	matches := map[string][]byte{} // time and id, by id
	prefix := textKey(shop)
	cursor := r.bucket(b).Cursor()
	for key, _ := cursor.Seek(prefix); key != nil && bytes.HasPrefix(key, prefix); key, _ = cursor.Next() {
		rest := key[len(prefix):]
		if len(rest) < 2 || len(rest) < 2+int(binary.BigEndian.Uint16(rest)) {
			return nil, 0, fault(b, key, errDamaged)
		}
		end := 2 + int(binary.BigEndian.Uint16(rest))
		if !bytes.Contains(folded(rest[2:end]), wanted) {
			continue
		}
		id, err := idAfterTime(rest[end:])
		if err != nil {
			return nil, 0, fault(b, key, err)
		}
		matches[string(id)] = rest[end:]
	}
	tails := slices.SortedFunc(maps.Values(matches), func(a, b []byte) int { return bytes.Compare(b, a) })
	var ids []refund.CaseID
	for _, tail := range tails[:min(len(tails), max(limit, 0))] {
		id, err := idAfterTime(tail)
		if err != nil {
			return nil, 0, fault(b, tail, err)
		}
		ids = append(ids, id)
	}
	return ids, len(tails), nil
}

func (r reader) Ends(shop refund.ShopID, since time.Time) ([]refund.End, error) {
	prefix := textKey(shop)
	var ends []refund.End
	cursor := r.bucket(endsBucket).Cursor()
	key, _ := cursor.Seek(appendTime(slices.Clone(prefix), since))
	for ; key != nil && bytes.HasPrefix(key, prefix); key, _ = cursor.Next() {
		end, err := endOf(key[len(prefix):])
		if err != nil {
			return nil, fault(endsBucket, key, err)
		}
		ends = append(ends, end)
	}
	return ends, nil
}

func (r reader) Chore(shop refund.ShopID, name string) (time.Time, error) {
	key := choreKey(shop, name)
	value := r.bucket(choresBucket).Get(key)
	if value == nil {
		return time.Time{}, nil
	}
	rest := keyReader{key: value}
	at := rest.time()
	if rest.err != nil {
		return time.Time{}, fault(choresBucket, key, rest.err)
	}
	return at, nil
}

// ids returns the cases of an index whose keys go on with a time and an id.
func (r reader) ids(b bucket, prefix []byte) ([]refund.CaseID, error) {
	var ids []refund.CaseID
	cursor := r.bucket(b).Cursor()
	for key, _ := cursor.Seek(prefix); key != nil && bytes.HasPrefix(key, prefix); key, _ = cursor.Next() {
		id, err := idAfterTime(key[len(prefix):])
		if err != nil {
			return nil, fault(b, key, err)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func idAfterTime(key []byte) (refund.CaseID, error) {
	rest := keyReader{key: key}
	rest.time()
	return refund.CaseID(rest.text()), rest.err
}

func (r reader) Unsorted(shop refund.ShopID, limit int) ([]refund.Unsorted, error) {
	prefix := textKey(shop)
	return readSome[refund.Unsorted](r, unsortedBucket, prefix, prefix, sha256.Size, limit)
}

func (r reader) Due(at time.Time, limit int) ([]refund.Timer, error) {
	var due []refund.Timer
	cursor := r.bucket(dueBucket).Cursor()
	for key, _ := cursor.First(); key != nil && len(due) < limit; key, _ = cursor.Next() {
		timer, err := timerOf(key)
		if err != nil {
			return nil, fault(dueBucket, key, err)
		}
		if timer.At.After(at) {
			break
		}
		due = append(due, timer)
	}
	return due, nil
}

func (r reader) NextDue() (time.Time, error) {
	due, err := r.Due(time.Unix(1<<61, 0), 1)
	if err != nil || len(due) == 0 {
		return time.Time{}, err
	}
	return due[0].At, nil
}

func (r reader) Inbox() ([]refund.Inbound, error) {
	return readFrom[refund.Inbound](r, inboxBucket, nil, nil, 0)
}

func (r reader) Jobs() ([]refund.Job, error) { return readFrom[refund.Job](r, jobsBucket, nil, nil, 0) }

func (r reader) Dead() ([]refund.Dead, error) {
	return readFrom[refund.Dead](r, deadBucket, nil, nil, 0)
}

func (r reader) Outbox() ([]refund.Message, error) {
	messages, err := readFrom[refund.Message](r, outboxBucket, nil, nil, 8)
	slices.SortStableFunc(messages, func(a, b refund.Message) int { return cmp.Compare(a.Seq, b.Seq) })
	return messages, err
}

func (r reader) Seen(updates []int64) (map[int64]bool, error) {
	seen := make(map[int64]bool)
	b := r.bucket(seenBucket)
	var key [8]byte
	for _, update := range updates {
		binary.BigEndian.PutUint64(key[:], uint64(update)^1<<63)
		if b.Get(key[:]) != nil {
			seen[update] = true
		}
	}
	return seen, nil
}

func (r reader) Each(fn func(refund.Case) error) error {
	cursor := r.bucket(casesBucket).Cursor()
	for key, value := cursor.First(); key != nil; key, value = cursor.Next() {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		_, data, err := openRecord(value)
		var one refund.Case
		if err == nil {
			err = json.Unmarshal(data, &one)
		}
		if err != nil {
			return fault(casesBucket, key, err)
		}
		if err := fn(one); err != nil {
			return err
		}
	}
	return nil
}
