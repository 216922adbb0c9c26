package store

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/debug"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
)

// Names in the database.
const (
	formatBucket  = "tfocraft cookie cache"
	formatKey     = "format"
	formatVersion = "1"
	hostsBucket   = "hosts"
	pathsBucket   = "paths"
)

// openFile opens the file of s, which it makes if there is none, and locks it: for this process alone to write, shared to
// read. The caller releases it.
func (s *Store) openFile(write bool, deadline time.Time) (*os.File, error) {
	file, err := openExisting(s.path, write)
	if errors.Is(err, fs.ErrNotExist) {
		if err := create(s.path); err != nil {
			return nil, err
		}
		file, err = openExisting(s.path, write)
	}
	if err != nil {
		return nil, err
	}
	locked, err := waitForLock(file, write, deadline)
	if !locked && err == nil {
		err = fmt.Errorf("%w for more than %v", ErrBusy, s.wait)
	}
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("%s: %w", s.path, err)
	}
	return file, nil
}

func openExisting(path string, write bool) (*os.File, error) {
	// To open a device may do anything.
	if err := checkRegular(path, os.Stat); err != nil {
		return nil, err
	}
	flag := os.O_RDONLY
	if write {
		flag = os.O_RDWR
	}
	// It may have become something else since: to open a pipe would block.
	file, err := os.OpenFile(path, flag|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if err := checkRegular(path, func(string) (fs.FileInfo, error) { return file.Stat() }); err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

func checkRegular(path string, stat func(string) (fs.FileInfo, error)) error {
	info, err := stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s: is not a regular file: %w", path, ErrFormat)
	}
	return err
}

// waitForLock tries until the deadline, at first often: most calls of others take a millisecond or a few. It reports
// whether the file is locked.
func waitForLock(file *os.File, exclusive bool, deadline time.Time) (bool, error) {
	const shortest, longest = time.Millisecond, 16 * time.Millisecond
	for pause := shortest; ; pause = min(2*pause, longest) {
		locked, err := tryLock(file, exclusive)
		if locked || err != nil || time.Now().After(deadline) {
			return locked, err
		}
		// Processes that began to wait together should not go on trying together.
		time.Sleep(pause/2 + rand.N(pause))
	}
}

// release unlocks and closes the file, if that was not done. Closing is not enough: where the database panicked, the file
// stays mapped, and with that locked.
func release(file *os.File) {
	_ = unlock(file)
	_ = file.Close()
}

// withDB calls f with the database in the locked file, once the file is known to be whole and a cookie cache.
func withDB(file *os.File, write bool, f func(*bbolt.DB) error) error {
	if err := verify(file); err != nil {
		return err
	}
	db, err := bbolt.Open(file.Name(), 0o600, &bbolt.Options{
		ReadOnly: !write,
		OpenFile: func(string, int, os.FileMode) (*os.File, error) { return file, nil },
	})
	if err != nil {
		return err
	}
	if err := db.View(checkFormat); err != nil {
		return errors.Join(err, db.Close())
	}
	return errors.Join(f(db), db.Close())
}

func checkFormat(tx *bbolt.Tx) error {
	bucket := tx.Bucket([]byte(formatBucket))
	if bucket == nil {
		return fmt.Errorf("%w: it belongs to another program", ErrFormat)
	}
	if got := bucket.Get([]byte(formatKey)); string(got) != formatVersion {
		return fmt.Errorf("%w: it has format %.16q, this program knows %q", ErrFormat, got, formatVersion)
	}
	if tx.Bucket([]byte(hostsBucket)) == nil || tx.Bucket([]byte(pathsBucket)) == nil {
		return fmt.Errorf("%w: a bucket is missing", ErrDamaged)
	}
	return nil
}

// create makes an empty cookie cache at path, and its directory. It is no error if there is a file by then: the cache
// appears whole or not at all, and takes no other file's place.
func create(path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	err := publish(path, false, fillEmpty)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

func fillEmpty(file *os.File) error {
	db, err := bbolt.Open(file.Name(), 0o600, &bbolt.Options{})
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		format, err := tx.CreateBucket([]byte(formatBucket))
		if err != nil {
			return err
		}
		if err := format.Put([]byte(formatKey), []byte(formatVersion)); err != nil {
			return err
		}
		return createTables(tx)
	})
	return errors.Join(err, db.Close())
}

func createTables(tx *bbolt.Tx) error {
	for _, name := range []string{hostsBucket, pathsBucket} {
		if _, err := tx.CreateBucket([]byte(name)); err != nil {
			return err
		}
	}
	return nil
}

// protect calls f and turns a panic into an error, a fault on mapped memory included: verify leaves no reason for one, but
// a program that heeds no lock may cut the file short while it is mapped.
func protect(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", ErrDamaged, r)
		}
	}()
	return f()
}
