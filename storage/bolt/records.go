package bolt

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"

	"tuidan/refund"
	"tuidan/storage"
)

// A record's value begins with what the writer must know of it, so that replacing
// it decodes no JSON:
//
//	version uint64
//	length of the references uint32
//	references: index byte, length of the key uint16, the key
//	JSON
//
// A reference is a key that the record has in an index. What the indexes hold
// follows from the difference between the old and the new references alone.
const recordHead = 8 + 4

// record is a chat, case or account ready to be put.
type record struct {
	bucket     bucket
	key, value []byte
}

// head begins a record.
func head(version uint64) []byte {
	return binary.BigEndian.AppendUint32(appendUint(make([]byte, 0, 512), version), 0)
}

// refer appends a reference whose key is what add appends.
func refer(value []byte, index bucket, add func([]byte) []byte) []byte {
	value = append(value, byte(index), 0, 0)
	start := len(value)
	value = add(value)
	binary.BigEndian.PutUint16(value[start-2:], uint16(len(value)-start))
	return value
}

func referTimers(value []byte, timers []refund.Timer) []byte {
	for i := range timers {
		value = refer(value, dueBucket, func(key []byte) []byte { return appendDue(key, &timers[i]) })
	}
	return value
}

// seal ends the references and appends the JSON.
func seal(value []byte, v any) ([]byte, error) {
	binary.BigEndian.PutUint32(value[8:], uint32(len(value)-recordHead))
	return appendJSON(value, v)
}

func appendJSON(value []byte, v any) ([]byte, error) {
	buffer := bytes.NewBuffer(value)
	if err := json.NewEncoder(buffer).Encode(v); err != nil {
		return nil, fmt.Errorf("%w: %w", storage.ErrInvalid, err)
	}
	return buffer.Bytes(), nil
}

func chatRecord(chat *refund.Chat) (record, error) {
	value, err := seal(referTimers(head(chat.Version), chat.Timers), chat)
	return record{chatsBucket, chatKey(chat.ID), value}, err
}

func caseRecord(c *refund.Case) (record, error) {
	value := referTimers(head(c.Version), c.Timers)
	value = refer(value, claimsBucket, func(key []byte) []byte {
		return appendText(appendTime(appendInt(key, int64(c.Chat)), c.OpenedAt), c.ID)
	})
	if c.Order.No != "" {
		value = refer(value, ordersBucket, func(key []byte) []byte {
			return appendText(appendTime(appendOrder(key, c.Order.OrderKey), c.OpenedAt), c.ID)
		})
	}
	if c.Open() {
		value = refer(value, openBucket, func(key []byte) []byte {
			return appendText(appendTime(appendText(key, c.Shop), c.OpenedAt), c.ID)
		})
		value = refer(value, queueBucket, func(key []byte) []byte { return appendRanked(appendText(key, c.Shop), c) })
		for _, person := range c.Hands() {
			value = refer(value, handsBucket, func(key []byte) []byte {
				return appendRanked(appendInt(appendText(key, c.Shop), int64(person)), c)
			})
		}
	}
	for _, text := range c.Findable() {
		value = refer(value, findBucket, func(key []byte) []byte {
			return appendText(appendTime(appendText(appendText(key, c.Shop), text), c.OpenedAt), c.ID)
		})
	}
	if end, ok := refund.EndOf(c); ok {
		value = refer(value, endsBucket, func(key []byte) []byte { return appendEnd(key, c.Shop, end) })
	}
	value, err := seal(value, c)
	return record{casesBucket, caseKey(c.ID), value}, err
}

func accountRecord(account *refund.Account) (record, error) {
	value, err := seal(head(account.Version), account)
	return record{accountsBucket, orderKey(account.Order), value}, err
}

// versionOf returns a stored record's version; 0 when there is none.
func versionOf(value []byte) uint64 {
	if len(value) < recordHead {
		return 0
	}
	return binary.BigEndian.Uint64(value)
}

// openRecord splits a stored record into its references and its JSON; both are
// empty when there is none.
func openRecord(value []byte) (references, data []byte, err error) {
	if value == nil {
		return nil, nil, nil
	}
	if len(value) < recordHead {
		return nil, nil, errDamaged
	}
	end := recordHead + uint64(binary.BigEndian.Uint32(value[8:]))
	if end > uint64(len(value)) {
		return nil, nil, errDamaged
	}
	return value[recordHead:end], value[end:], nil
}

// nextReference splits the first reference off; whole is what it takes in all.
func nextReference(references []byte) (whole, rest []byte, err error) {
	if len(references) < 3 {
		return nil, nil, errDamaged
	}
	end := 3 + int(binary.BigEndian.Uint16(references[1:]))
	if end > len(references) || !bucket(references[0]).isIndex() {
		return nil, nil, errDamaged
	}
	return references[:end], references[end:], nil
}

// without calls fn with every reference that is not among the others.
func without(references, others []byte, fn func(index bucket, key []byte) error) error {
	for len(references) > 0 {
		whole, rest, err := nextReference(references)
		if err != nil {
			return err
		}
		references = rest
		found := false
		for left := others; len(left) > 0 && !found; {
			var other []byte
			if other, left, err = nextReference(left); err != nil {
				return err
			}
			found = bytes.Equal(whole, other)
		}
		if !found {
			if err := fn(bucket(whole[0]), whole[3:]); err != nil {
				return err
			}
		}
	}
	return nil
}
