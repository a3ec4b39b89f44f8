package bolt

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"

	"tuidan/refund"
)

// bucket numbers a bucket. Those of the indexes stand in records on disk: a
// number is never given a new meaning.
type bucket byte

// The buckets, the first indexes first.
const (
	dueBucket bucket = iota
	openBucket
	ordersBucket
	claimsBucket

	metaBucket
	chatsBucket
	casesBucket
	accountsBucket
	timelineBucket
	picturesBucket
	triesBucket
	triesByTimeBucket
	inboxBucket
	seenBucket
	seenByTimeBucket
	deadBucket
	outboxBucket
	jobsBucket
	postedBucket
	postsBucket
	groupsBucket
	unsortedBucket
	ledgerBucket
	endsBucket // an index, too
	choresBucket
	differencesBucket
	marksBucket
	marksByTimeBucket
	postsByTimeBucket
	queueBucket // an index, as the next two
	handsBucket
	findBucket

	bucketCount
)

var bucketNames = [bucketCount][]byte{
	dueBucket:         []byte("due"),
	openBucket:        []byte("open"),
	ordersBucket:      []byte("orders"),
	claimsBucket:      []byte("claims"),
	metaBucket:        []byte("meta"),
	chatsBucket:       []byte("chats"),
	casesBucket:       []byte("cases"),
	accountsBucket:    []byte("accounts"),
	timelineBucket:    []byte("timeline"),
	picturesBucket:    []byte("pictures"),
	triesBucket:       []byte("tries"),
	triesByTimeBucket: []byte("tries_by_time"),
	inboxBucket:       []byte("inbox"),
	seenBucket:        []byte("seen"),
	seenByTimeBucket:  []byte("seen_by_time"),
	deadBucket:        []byte("dead"),
	outboxBucket:      []byte("outbox"),
	jobsBucket:        []byte("jobs"),
	postedBucket:      []byte("posted"),
	postsBucket:       []byte("posts"),
	groupsBucket:      []byte("groups"),
	unsortedBucket:    []byte("unsorted"),
	ledgerBucket:      []byte("ledger"),
	endsBucket:        []byte("ends"),
	choresBucket:      []byte("chores"),
	differencesBucket: []byte("differences"),
	marksBucket:       []byte("marks"),
	marksByTimeBucket: []byte("marks_by_time"),
	postsByTimeBucket: []byte("posts_by_time"),
	queueBucket:       []byte("queue"),
	handsBucket:       []byte("hands"),
	findBucket:        []byte("find"),
}

// isIndex reports whether records refer to the bucket.
func (b bucket) isIndex() bool {
	switch b {
	case endsBucket, queueBucket, handsBucket, findBucket:
		return true
	}
	return b <= claimsBucket
}

// fullPages reports whether keys only ever come at the end, so that pages may be
// filled. The timeline's come at the end of each case, which is anywhere.
func (b bucket) fullPages() bool {
	switch b {
	case triesByTimeBucket, inboxBucket, seenByTimeBucket, deadBucket, jobsBucket:
		return true
	}
	return false
}

var (
	schemaKey = []byte("schema")
	offsetKey = []byte("offset")
	erasedKey = []byte("erased")
)

// migration changes the layout from one schema to the next.
type migration func(*bbolt.Tx, Options) error

// migrations leads from schema 1 on: the first makes 2 of 1. What a release has
// written must stay readable, so an entry is never changed, only added.
var migrations = []migration{addUnsorted, addLedger, addEnds, addDifferences, addMarks, addPostTimes, addOverview}

// addUnsorted makes the bucket of messages that wait to be sorted.
func addUnsorted(tx *bbolt.Tx, _ Options) error {
	_, err := tx.CreateBucket([]byte("unsorted"))
	return err
}

// addLedger makes the ledger's bucket and books what cases have paid so far, at
// the times at which channels accepted it.
func addLedger(tx *bbolt.Tx, _ Options) error {
	ledger, err := tx.CreateBucket([]byte("ledger"))
	if err != nil {
		return err
	}
	cases := tx.Bucket([]byte("cases"))
	var booked []record // put afterwards: a bucket may not change while it is read
	err = cases.ForEach(func(key, value []byte) error {
		_, data, err := openRecord(value)
		var c refund.Case
		if err == nil {
			err = json.Unmarshal(data, &c)
		}
		if err != nil {
			return fmt.Errorf("case %s: %w", key, err)
		}
		lines := book(&c)
		for _, line := range lines {
			value, err := json.Marshal(line)
			if err != nil {
				return err
			}
			seq, err := ledger.NextSequence()
			if err != nil {
				return err
			}
			if err := ledger.Put(appendUint(appendTime(textKey(c.Shop), line.At), seq), value); err != nil {
				return err
			}
		}
		if len(lines) == 0 {
			return nil
		}
		r, err := caseRecord(&c)
		booked = append(booked, r)
		return err
	})
	if err != nil {
		return err
	}
	for _, r := range booked {
		if err := cases.Put(r.key, r.value); err != nil {
			return err
		}
	}
	return nil
}

// book books a case's accepted payouts.
func book(c *refund.Case) (lines []refund.Posting) {
	c.Recovery = nil // made again with what is booked
	for i := range c.Payouts {
		if p := &c.Payouts[i]; c.Decision() != nil && (p.State == refund.Accepted || p.State == refund.Arrived) {
			lines = append(lines, c.Pay(p, p.AcceptedAt))
		}
	}
	return lines
}

// addEnds makes the index of how cases ended, from the cases that did, and the
// bucket of warnings.
func addEnds(tx *bbolt.Tx, _ Options) error {
	if _, err := tx.CreateBucket([]byte("chores")); err != nil {
		return err
	}
	ends, err := tx.CreateBucket([]byte("ends"))
	if err != nil {
		return err
	}
	cases := tx.Bucket([]byte("cases"))
	var keys [][]byte // first: putting moves a cursor
	if err := cases.ForEach(func(key, _ []byte) error {
		keys = append(keys, bytes.Clone(key))
		return nil
	}); err != nil {
		return err
	}
	for _, key := range keys {
		value := cases.Get(key)
		references, data, err := openRecord(value)
		var c refund.Case
		if err == nil {
			err = json.Unmarshal(data, &c)
		}
		if err != nil {
			return fmt.Errorf("case %q: %w", key, err)
		}
		end, ok := refund.EndOf(&c)
		if !ok {
			continue
		}
		reference := refer(nil, endsBucket, func(key []byte) []byte { return appendEnd(key, c.Shop, end) })
		renewed := append(head(versionOf(value)), references...)
		// An earlier step may have written the record as it is written now.
		if err := without(reference, references, func(bucket, []byte) error {
			renewed = append(renewed, reference...)
			return nil
		}); err != nil {
			return fmt.Errorf("case %q: %w", key, err)
		}
		binary.BigEndian.PutUint32(renewed[8:], uint32(len(renewed)-recordHead))
		if err := errors.Join(ends.Put(reference[3:], nil), cases.Put(key, append(renewed, data...))); err != nil {
			return err
		}
	}
	return nil
}

// addDifferences makes the bucket of where channels' books differ from the ledger.
func addDifferences(tx *bbolt.Tx, _ Options) error {
	_, err := tx.CreateBucket([]byte("differences"))
	return err
}

// addMarks makes the buckets of marks and marks the cases that are there.
func addMarks(tx *bbolt.Tx, options Options) error {
	for _, name := range []string{"marks", "marks_by_time"} {
		if _, err := tx.CreateBucket([]byte(name)); err != nil {
			return err
		}
	}
	if options.Marks == nil {
		return nil
	}
	w := writer{tx: tx}
	return reader{tx, context.Background()}.Each(func(one refund.Case) error {
		p := preparation{}
		p.marks(options.Marks(&one))
		for _, e := range p.puts {
			if err := w.bucket(e.bucket).Put(e.key, e.value); err != nil {
				return err
			}
		}
		return p.err
	})
}

// addPostTimes makes the index by which old posts are swept. Those from before it
// count as noted when their cases last changed hands.
func addPostTimes(tx *bbolt.Tx, _ Options) error {
	times, err := tx.CreateBucket([]byte("posts_by_time"))
	if err != nil {
		return err
	}
	posts, cases := tx.Bucket([]byte("posts")), tx.Bucket([]byte("cases"))
	dated := map[string]refund.Post{} // put afterwards: a bucket may not change while it is read
	if err := posts.ForEach(func(key, value []byte) error {
		var post refund.Post
		if err := json.Unmarshal(value, &post); err != nil {
			return fmt.Errorf("post %x: %w", key, err)
		}
		var c refund.Case
		if record := cases.Get([]byte(post.Case)); record != nil {
			_, data, err := openRecord(record)
			if err == nil {
				err = json.Unmarshal(data, &c)
			}
			if err != nil {
				return fmt.Errorf("case %q: %w", post.Case, err)
			}
		}
		post.At = c.MovedAt
		dated[string(key)] = post
		return nil
	}); err != nil {
		return err
	}
	for key, post := range dated {
		value, err := json.Marshal(post)
		if err != nil {
			return err
		}
		if err := errors.Join(posts.Put([]byte(key), value), times.Put(postTimeKey(&post), nil)); err != nil {
			return err
		}
	}
	return nil
}

// addOverview makes the indexes of the queue, of whose cases are whose, and of what
// cases are found by, and writes the index of ends anew, which tells more of each
// and has those that ended without a decision, too. What a buyer was asked was not
// counted before: each thing that he gave stands for a question.
func addOverview(tx *bbolt.Tx, _ Options) error {
	for _, name := range []string{"queue", "hands", "find"} {
		if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
			return err
		}
	}
	if err := tx.DeleteBucket([]byte("ends")); err != nil {
		return err
	}
	if _, err := tx.CreateBucket([]byte("ends")); err != nil {
		return err
	}
	cases := tx.Bucket([]byte("cases"))
	var keys [][]byte // first: putting moves a cursor
	if err := cases.ForEach(func(key, _ []byte) error {
		keys = append(keys, bytes.Clone(key))
		return nil
	}); err != nil {
		return err
	}
	for _, key := range keys {
		_, data, err := openRecord(cases.Get(key))
		var c refund.Case
		if err == nil {
			err = json.Unmarshal(data, &c)
		}
		if err != nil {
			return fmt.Errorf("case %q: %w", key, err)
		}
		if c.Questions == 0 {
			c.Questions = len(c.Facts) + len(c.Evidence)
		}
		r, err := caseRecord(&c)
		if err != nil {
			return fmt.Errorf("case %q: %w", key, err)
		}
		references, _, err := openRecord(r.value)
		if err != nil {
			return fmt.Errorf("case %q: %w", key, err)
		}
		for len(references) > 0 {
			var one []byte
			if one, references, err = nextReference(references); err != nil {
				return fmt.Errorf("case %q: %w", key, err)
			}
			switch b := bucket(one[0]); b {
			case endsBucket, queueBucket, handsBucket, findBucket:
				if err := tx.Bucket(bucketNames[b]).Put(one[3:], nil); err != nil {
					return err
				}
			}
		}
		if err := cases.Put(key, r.value); err != nil {
			return err
		}
	}
	return nil
}

// prepare makes the buckets of a new file, or brings an old one's layout up to
// date, all in one transaction.
func prepare(db *bbolt.DB, migrations []migration, options Options) error {
	newest := uint64(1 + len(migrations))
	var has uint64
	err := db.View(func(tx *bbolt.Tx) (err error) {
		has, err = schemaOf(tx)
		return err
	})
	switch {
	case err != nil:
		return err
	case has > newest:
		return fmt.Errorf("schema %d, known up to %d: %w", has, newest, ErrNewer)
	case has == newest:
		return nil
	case db.IsReadOnly():
		return fmt.Errorf("schema %d, known from %d: %w", has, newest, ErrOlder)
	}
	return db.Update(func(tx *bbolt.Tx) error {
		if has == 0 {
			for _, name := range bucketNames {
				if _, err := tx.CreateBucket(name); err != nil {
					return fmt.Errorf("make bucket %s: %w", name, err)
				}
			}
		} else {
			for from := has; from < newest; from++ {
				if err := migrations[from-1](tx, options); err != nil {
					return fmt.Errorf("migrate from schema %d to %d: %w", from, from+1, err)
				}
			}
		}
		return tx.Bucket(bucketNames[metaBucket]).Put(schemaKey, binary.BigEndian.AppendUint64(nil, newest))
	})
}

// schemaOf returns a file's schema, 0 when it is empty.
func schemaOf(tx *bbolt.Tx) (uint64, error) {
	if meta := tx.Bucket(bucketNames[metaBucket]); meta != nil {
		if schema := meta.Get(schemaKey); len(schema) == 8 {
			return binary.BigEndian.Uint64(schema), nil
		}
		return 0, ErrForeign
	}
	if first, _ := tx.Cursor().First(); first != nil {
		return 0, ErrForeign
	}
	return 0, nil
}
