package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"

	"tfocraft/cookie"
)

var (
	// ErrDamaged says that a file is cut short, or does not hold together.
	ErrDamaged = errors.New("file is damaged or cut short")
	// ErrFormat says that a file is whole, but of another format version or of another program.
	ErrFormat = errors.New("file is not a cookie cache of this version")
	// ErrBusy says that other processes, or calls that wait for them, kept the file for longer than [Options.Wait].
	ErrBusy = errors.New("file is locked by another process")
)

// DefaultWait is the default of [Options.Wait].
const DefaultWait = 5 * time.Second

// Options say how a store behaves.
type Options struct {
	// Limits bound the cache. Processes that share a file should agree on them; where they do not, the one that adds an
	// entry applies its own.
	Limits cookie.Limits
	// Wait is how long a call waits for its turn, be it for other processes to be done with the file or for calls that
	// came before it. Zero or less means DefaultWait.
	Wait time.Duration
}

// A Store is a [cookie.Cache] in a file. Its methods may take as long as the disk does, and [Options.Wait] on top. Their
// errors wrap [ErrDamaged], [ErrFormat], [ErrBusy] or those of package os; after Close they wrap [fs.ErrClosed].
type Store struct {
	path   string
	limits cookie.Limits
	wait   time.Duration

	// turn holds an element while a call is under way; other processes are kept out by the lock on the file. It is no
	// mutex, so that calls that queue behind one that waits for another process wait no longer than it does.
	turn   chan struct{}
	closed bool // guarded by turn
}

var _ cookie.Cache = (*Store)(nil)

// DefaultPath returns where the user's cookies are kept by default: tfocraft/cookies.db in [os.UserCacheDir].
func DefaultPath() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("cookie store: no place for the cookie cache, give one or set HOME: %w", err)
	}
	return filepath.Join(dir, "tfocraft", "cookies.db"), nil
}

// Open checks the cookie cache in the file at path, or makes an empty one, and its directory, if there is none. Nil
// options mean all defaults. A file that is there is not changed, whatever is in it; an empty one counts as cut short.
func Open(path string, opts *Options) (*Store, error) {
	if path == "" {
		return nil, errors.New("cookie store: no path given")
	}
	if opts == nil {
		opts = &Options{}
	}
	s := &Store{path: path, limits: opts.Limits.WithDefaults(), wait: opts.Wait, turn: make(chan struct{}, 1)}
	if s.wait <= 0 {
		s.wait = DefaultWait
	}
	checkEntries := func(tx *bbolt.Tx) error { return s.each(tx, time.Time{}, func(cookie.Entry) {}) }
	if err := s.view(checkEntries); err != nil {
		return nil, err
	}
	return s, nil
}

// Path returns the path that s was opened with.
func (s *Store) Path() string { return s.path }

// Close waits for a call that is under way; later ones fail. A second Close is harmless.
func (s *Store) Close() error {
	s.turn <- struct{}{}
	defer s.endTurn()
	s.closed = true
	return nil
}

// takeTurn waits until no other call is under way, and reports whether that came to pass in time.
func (s *Store) takeTurn(deadline time.Time) bool {
	timeout := time.NewTimer(time.Until(deadline))
	defer timeout.Stop()
	select {
	case s.turn <- struct{}{}:
		return true
	case <-timeout.C:
		return false
	}
}

func (s *Store) endTurn() { <-s.turn }

// view calls f in a read-only transaction. Several processes may do so at once.
func (s *Store) view(f func(*bbolt.Tx) error) error {
	return s.transact(false, func(db *bbolt.DB) error { return db.View(f) })
}

// errNoChange, returned by the function given to update, leaves the file alone and is no error.
var errNoChange = errors.New("no change")

// update calls f in a transaction that has the file to itself, and which is kept on disk when update returns.
func (s *Store) update(f func(*bbolt.Tx) error) error {
	err := s.transact(true, func(db *bbolt.DB) error { return db.Update(f) })
	if errors.Is(err, errNoChange) {
		return nil
	}
	return err
}

func (s *Store) transact(write bool, f func(*bbolt.DB) error) error {
	deadline := time.Now().Add(s.wait)
	if !s.takeTurn(deadline) {
		return fmt.Errorf("cookie store: %s: %w for more than %v", s.path, ErrBusy, s.wait)
	}
	defer s.endTurn()
	if s.closed {
		return fmt.Errorf("cookie store: %w", fs.ErrClosed)
	}
	file, err := s.openFile(write, deadline)
	if err != nil {
		return fmt.Errorf("cookie store: %w", err)
	}
	// The database does so as well, unless it panics.
	defer release(file)
	err = protect(func() error { return withDB(file, write, f) })
	if errors.Is(err, ErrDamaged) || errors.Is(err, ErrFormat) {
		return fmt.Errorf("cookie store: %s: %w; move it away to start anew", s.path, err)
	}
	if err != nil && !errors.Is(err, errNoChange) {
		return fmt.Errorf("cookie store: %s: %w", s.path, err)
	}
	return err
}
