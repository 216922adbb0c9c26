package store

import (
	"bytes"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"tfocraft/cookie"
)

// touchAfter is how stale the time of use on disk may get. To write it down at every use would make each lookup wait for
// the disk; eviction does not need to know better.
const touchAfter = time.Hour

// known is what the file holds about one path.
type known struct {
	pair, path []byte // keys
	hint       cookie.Hint
	// stale says that an entry exists whose time of use should be written again.
	stale bool
}

// load reads what the file holds about p, which is unmapped, at now.
func load(tx *bbolt.Tx, now time.Time, p cookie.Path) (known, error) {
	var k known
	var err error
	if k.pair, k.path, err = keysOf(p); err != nil {
		return known{}, err
	}
	if value := tx.Bucket([]byte(hostsBucket)).Get(k.pair); value != nil {
		e, err := parseHost(k.pair, value)
		if err != nil {
			return known{}, err
		}
		k.hint, k.stale = e.Hint, now.Sub(e.Used) >= touchAfter
	}
	if value := tx.Bucket([]byte(pathsBucket)).Get(k.path); value != nil {
		e, err := parseBlocked(k.path, value)
		if err != nil {
			return known{}, err
		}
		if e.Hint.BlockedAt(now) {
			k.hint.Blocked, k.hint.Until = e.Hint.Blocked, e.Hint.Until
			k.stale = k.stale || now.Sub(e.Used) >= touchAfter
		}
	}
	return k, nil
}

// save writes hint in place of what k says that the file holds, where they differ or the time of use is stale.
func (s *Store) save(tx *bbolt.Tx, now time.Time, k known, hint cookie.Hint) error {
	host, blocked := split(hint)
	oldHost, oldBlocked := split(k.hint)
	if blocked != oldBlocked || k.stale {
		if err := s.saveBlocked(tx, now, k.path, blocked); err != nil {
			return err
		}
	}
	if host == (cookie.Hint{}) || host == oldHost && !k.stale {
		return nil
	}
	return hostsTable(tx, s.limits).put(now, k.pair, appendHost(nil, cookie.Entry{Hint: host, Used: now}))
}

func (s *Store) saveBlocked(tx *bbolt.Tx, now time.Time, path []byte, blocked cookie.Hint) error {
	paths := pathsTable(tx, s.limits)
	if blocked.Blocked == "" {
		return paths.bucket.Delete(path)
	}
	return paths.put(now, path, appendBlocked(nil, cookie.Entry{Hint: blocked, Used: now}))
}

// split returns the part of h that belongs to the addresses, and the part that belongs to the port as well.
func split(h cookie.Hint) (host, blocked cookie.Hint) {
	blocked = cookie.Hint{Blocked: h.Blocked, Until: h.Until}
	h.Blocked, h.Until = "", time.Time{}
	return h, blocked
}

// Lookup implements [cookie.Cache]. It does not wait for the disk, but for the first in an hour, which notes the use.
func (s *Store) Lookup(now time.Time, p cookie.Path) (cookie.Hint, error) {
	p = p.Unmap()
	var k known
	err := s.view(func(tx *bbolt.Tx) (err error) {
		k, err = load(tx, now, p)
		return err
	})
	if err != nil {
		return cookie.Hint{}, err
	}
	if k.stale {
		// A cache that may only be read is still good for lookups.
		_ = s.change(now, p, func(*cookie.Hint) {})
	}
	return k.hint, nil
}

// change applies f to what is known about p, and writes it if that changes anything or the time of use is stale.
func (s *Store) change(now time.Time, p cookie.Path, f func(*cookie.Hint)) error {
	p = p.Unmap()
	return s.update(func(tx *bbolt.Tx) error {
		k, err := load(tx, now, p)
		if err != nil {
			return err
		}
		hint := k.hint
		if f(&hint); hint == k.hint && !k.stale {
			return errNoChange
		}
		return s.save(tx, now, k, hint)
	})
}

// Learn implements [cookie.Cache].
func (s *Store) Learn(now time.Time, p cookie.Path, c cookie.Cookie, mss uint16, experimental bool) error {
	var refused error
	if err := s.change(now, p, func(h *cookie.Hint) { refused = h.Learn(c, mss, experimental) }); err != nil {
		return err
	}
	return refused
}

// LearnMSS implements [cookie.Cache].
func (s *Store) LearnMSS(now time.Time, p cookie.Path, mss uint16) error {
	return s.change(now, p, func(h *cookie.Hint) { h.LearnMSS(mss) })
}

// Block implements [cookie.Cache].
func (s *Store) Block(now time.Time, p cookie.Path, why cookie.Reason) error {
	return s.change(now, p, func(h *cookie.Hint) { h.Blocked, h.Until = why, now.Add(s.limits.Hold) })
}

// Unblock implements [cookie.Cache].
func (s *Store) Unblock(p cookie.Path) error {
	_, path, err := keysOf(p.Unmap())
	if err != nil {
		return fmt.Errorf("cookie store: %w", err)
	}
	return s.update(func(tx *bbolt.Tx) error {
		paths := tx.Bucket([]byte(pathsBucket))
		if paths.Get(path) == nil {
			return errNoChange
		}
		return paths.Delete(path)
	})
}

// Forget implements [cookie.Cache].
func (s *Store) Forget(p cookie.Path) error {
	pair, err := appendPair(nil, p.Unmap())
	if err != nil {
		return fmt.Errorf("cookie store: %w", err)
	}
	return s.update(func(tx *bbolt.Tx) error {
		if err := tx.Bucket([]byte(hostsBucket)).Delete(pair); err != nil {
			return err
		}
		paths := tx.Bucket([]byte(pathsBucket))
		var ports [][]byte
		cursor := paths.Cursor()
		for key, _ := cursor.Seek(pair); bytes.HasPrefix(key, pair); key, _ = cursor.Next() {
			ports = append(ports, bytes.Clone(key))
		}
		return deleteAll(paths, ports)
	})
}

// List implements [cookie.Cache]. Times of use are up to an hour old.
func (s *Store) List(now time.Time) ([]cookie.Entry, error) {
	var entries []cookie.Entry
	err := s.view(func(tx *bbolt.Tx) error {
		return s.each(tx, now, func(e cookie.Entry) { entries = append(entries, e) })
	})
	if err != nil {
		return nil, err
	}
	cookie.SortEntries(entries)
	return entries, nil
}

// each calls f with every entry that holds at now. It reads them all, whether they hold or not.
func (s *Store) each(tx *bbolt.Tx, now time.Time, f func(cookie.Entry)) error {
	for _, t := range []table{hostsTable(tx, s.limits), pathsTable(tx, s.limits)} {
		err := t.each(now, func(_ []byte, e cookie.Entry, over bool) {
			if !over {
				f(e)
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Clear implements [cookie.Cache].
func (s *Store) Clear() error {
	return s.update(func(tx *bbolt.Tx) error {
		for _, name := range []string{hostsBucket, pathsBucket} {
			if err := tx.DeleteBucket([]byte(name)); err != nil {
				return err
			}
		}
		return createTables(tx)
	})
}
