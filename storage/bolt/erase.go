package bolt

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"go.etcd.io/bbolt"

	"tuidan/refund"
	"tuidan/storage"
)

// erase takes out all that a chat left behind, and notes that the pages which
// held it are to be wiped.
func (w *writer) erase(e storage.Erasing) error {
	if err := w.forget(chatsBucket, chatKey(e.Chat)); err != nil {
		return err
	}
	for id := range e.Cases {
		err := errors.Join(
			w.forget(casesBucket, caseKey(id)),
			w.dropWhere(timelineBucket, textKey(id), func(_, _ []byte) (bool, error) { return true, nil }))
		for _, stands := range refund.Standing(id) {
			err = errors.Join(err, w.bucket(postedBucket).Delete(textKey(stands)))
		}
		if err != nil {
			return err
		}
	}
	err := errors.Join(
		w.dropWhere(postsBucket, nil, jsonWhere(0, e.Post)),
		w.dropWhere(postsByTimeBucket, nil, func(key, _ []byte) (bool, error) { return w.bucket(postsBucket).Get(key[12:]) == nil, nil }),
		w.dropWhere(outboxBucket, nil, jsonWhere(8, e.Message)),
		w.dropWhere(unsortedBucket, nil, jsonWhere(sha256.Size, e.Unsorted)),
		w.dropWhere(ledgerBucket, nil, jsonWhere(0, e.Posting)),
		w.dropWhere(deadBucket, nil, jsonWhere(0, e.Dead)),
		w.dropWhere(triesBucket, nil, jsonWhere(0, e.Try)),
		w.dropWhere(triesByTimeBucket, nil, func(_, key []byte) (bool, error) { return w.bucket(triesBucket).Get(key) == nil, nil }),
		w.dropWhere(picturesBucket, nil, func(key, _ []byte) (bool, error) {
			rest := keyReader{key: key}
			rest.text()
			rest.take(1 + 2)
			rest.uint()
			id := refund.CaseID(rest.text())
			return e.Picture(id), rest.err
		}))
	if err != nil {
		return err
	}
	return w.bucket(metaBucket).Put(erasedKey, appendTime(nil, e.At))
}

// forget deletes a record and what it has in the indexes.
func (w *writer) forget(b bucket, key []byte) error {
	had, _, err := openRecord(w.bucket(b).Get(key))
	if err != nil {
		return err
	}
	if err := without(had, nil, func(index bucket, key []byte) error { return w.bucket(index).Delete(key) }); err != nil {
		return err
	}
	return w.bucket(b).Delete(key)
}

// dropWhere deletes the entries under a prefix that match.
func (w *writer) dropWhere(b bucket, prefix []byte, match func(key, value []byte) (bool, error)) error {
	// Collected first: deleting moves a cursor.
	var keys [][]byte
	cursor := w.bucket(b).Cursor()
	for key, value := cursor.Seek(prefix); key != nil && bytes.HasPrefix(key, prefix); key, value = cursor.Next() {
		matches, err := match(key, value)
		if err != nil {
			return fault(b, key, err)
		}
		if matches {
			keys = append(keys, bytes.Clone(key))
		}
	}
	for _, key := range keys {
		if err := w.bucket(b).Delete(key); err != nil {
			return err
		}
	}
	return nil
}

// jsonWhere matches values by what their JSON, after some bytes, says.
func jsonWhere[T any](skip int, match func(T) bool) func(key, value []byte) (bool, error) {
	return func(_, value []byte) (bool, error) {
		if len(value) < skip {
			return false, errDamaged
		}
		var v T
		err := json.Unmarshal(value[skip:], &v)
		return err == nil && match(v), err
	}
}

// wipe overwrites the file's free pages while an erased chat's bytes may be left in
// them: what is said to it last, and the jobs that remove its files, go only after
// its erasure, and are gone when that was before the given time. Nothing refers to
// these pages: no snapshot is open and nobody writes.
func (s *Store) wipe(before time.Time) error {
	s.wiping.Lock()
	defer s.wiping.Unlock()
	var free []int64
	var erased []byte
	page := int64(s.db.Info().PageSize)
	err := s.db.View(func(tx *bbolt.Tx) error {
		if erased = bytes.Clone(tx.Bucket(bucketNames[metaBucket]).Get(erasedKey)); erased == nil {
			return nil
		}
		for id := 2; ; { // after the two pages of meta
			info, err := tx.Page(id)
			switch {
			case err != nil:
				return err
			case info == nil:
				return nil
			case info.Type == "free":
				free = append(free, int64(id)*page)
				id++
			default:
				id += 1 + info.OverflowCount
			}
		}
	})
	if err != nil || erased == nil {
		return err
	}
	file, err := os.OpenFile(s.db.Path(), os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("wipe free pages: %w", err)
	}
	zeros, has := make([]byte, page), make([]byte, page)
	for _, at := range free {
		_, err := file.ReadAt(has, at)
		if err == nil && !bytes.Equal(has, zeros) {
			_, err = file.WriteAt(zeros, at)
		}
		if err != nil {
			return errors.Join(fmt.Errorf("wipe free pages: %w", err), file.Close())
		}
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("wipe free pages: %w", err)
	}
	if bytes.Compare(erased, appendTime(nil, before)) >= 0 {
		return nil
	}
	return s.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(bucketNames[metaBucket]).Delete(erasedKey) })
}
