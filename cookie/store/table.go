package store

import (
	"bytes"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"tfocraft/cookie"
)

// A table is one of the two buckets of entries, within a transaction.
type table struct {
	bucket *bbolt.Bucket
	limit  int
	parse  func(key, value []byte) (cookie.Entry, error)
}

func hostsTable(tx *bbolt.Tx, l cookie.Limits) table {
	return table{bucket: tx.Bucket([]byte(hostsBucket)), limit: l.Hosts, parse: parseHost}
}

func pathsTable(tx *bbolt.Tx, l cookie.Limits) table {
	return table{bucket: tx.Bucket([]byte(pathsBucket)), limit: l.Paths, parse: parseBlocked}
}

// each calls f with every entry in the order of keys, and whether it is a block that is over at now. The key is valid
// until the next change of the table.
func (t table) each(now time.Time, f func(key []byte, e cookie.Entry, over bool)) error {
	return t.bucket.ForEach(func(key, value []byte) error {
		e, err := t.parse(key, value)
		if err != nil {
			return err
		}
		f(key, e, e.Hint.Blocked != "" && !e.Hint.BlockedAt(now))
		return nil
	})
}

// put writes an entry, and makes room if it is a new one.
func (t table) put(now time.Time, key, value []byte) error {
	added := t.bucket.Get(key) == nil
	if err := t.bucket.Put(key, value); err != nil {
		return err
	}
	if !added {
		return nil
	}
	return t.evict(now, key)
}

// evict drops blocks that are over, then those unused for longest, until the table is within its limit. The key that was
// just added stays even if the clock went back, so that its entry looks old.
func (t table) evict(now time.Time, added []byte) error {
	type use struct {
		key  []byte
		when time.Time
	}
	var drop [][]byte
	var uses []use
	err := t.each(now, func(key []byte, e cookie.Entry, over bool) {
		switch {
		case bytes.Equal(key, added):
		case over:
			drop = append(drop, bytes.Clone(key))
		default:
			uses = append(uses, use{key: bytes.Clone(key), when: e.Used})
		}
	})
	if err != nil {
		return err
	}
	if excess := len(uses) + 1 - t.limit; excess > 0 {
		slices.SortStableFunc(uses, func(a, b use) int { return a.when.Compare(b.when) })
		for _, u := range uses[:excess] {
			drop = append(drop, u.key)
		}
	}
	return deleteAll(t.bucket, drop)
}

func deleteAll(bucket *bbolt.Bucket, keys [][]byte) error {
	for _, key := range keys {
		if err := bucket.Delete(key); err != nil {
			return err
		}
	}
	return nil
}
