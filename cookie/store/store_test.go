package store

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"tfocraft/cookie"
	"tfocraft/cookie/cachetest"
)

var testStart = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func testPath(n int) cookie.Path {
	return cookie.Path{Client: netip.MustParseAddr("192.0.2.1"), Server: netip.AddrFrom4([4]byte{198, 18, byte(n >> 8), byte(n)}), Port: 80}
}

func testCookie(t testing.TB, text string) cookie.Cookie {
	t.Helper()
	c, err := cookie.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func mustOpen(t testing.TB, path string, opts *Options) *Store {
	t.Helper()
	s, err := Open(path, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func mustLearn(t testing.TB, s *Store, now time.Time, n int) {
	t.Helper()
	c, _ := cookie.FromBytes(fmt.Appendf(nil, "%08d", n))
	if err := s.Learn(now, testPath(n), c, 1460, false); err != nil {
		t.Fatal(err)
	}
}

// T-33, T-34, T-38 and more: see package cachetest.
func TestStore(t *testing.T) {
	cachetest.Run(t, func(t *testing.T, l cookie.Limits) cookie.Cache {
		return mustOpen(t, filepath.Join(t.TempDir(), "cookies.db"), &Options{Limits: l})
	})
}

// T-39: what one store learns, the next one of the same file knows, and one that is open at the same time as well.
func TestStoreIsShared(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cookies.db")
	first, beside := mustOpen(t, path, nil), mustOpen(t, path, nil)
	mustLearn(t, first, testStart, 1)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]*Store{"beside": beside, "after": mustOpen(t, path, nil)} {
		hint, err := s.Lookup(testStart, testPath(1))
		if want := testCookie(t, "3030303030303031"); err != nil || hint.Cookie != want || hint.MSS != 1460 {
			t.Errorf("store %s: got %s, MSS %d, %v, want %s, 1460", name, hint.Cookie.Hex(), hint.MSS, err, want.Hex())
		}
	}
}

func TestStoreModes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "b", "cookies.db")
	s := mustOpen(t, path, nil)
	mustLearn(t, s, testStart, 1)
	for name, want := range map[string]fs.FileMode{path: 0o600, filepath.Dir(path): fs.ModeDir | 0o700, filepath.Dir(filepath.Dir(path)): fs.ModeDir | 0o700} {
		info, err := os.Stat(name)
		if err != nil || info.Mode() != want {
			t.Errorf("%s: got mode %v, %v, want %v", name, info.Mode(), err, want)
		}
	}
	wantNoLeftovers(t, filepath.Dir(path), 1)
}

func wantNoLeftovers(t *testing.T, dir string, want int) {
	t.Helper()
	names, err := os.ReadDir(dir)
	if err != nil || len(names) != want {
		t.Errorf("files in the directory: got %v, %v, want %d", names, err, want)
	}
}

// A file that somebody removed is made again.
func TestStoreRemovedMeanwhile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cookies.db")
	s := mustOpen(t, path, nil)
	mustLearn(t, s, testStart, 1)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if hint, err := s.Lookup(testStart, testPath(1)); err != nil || hint != (cookie.Hint{}) {
		t.Errorf("lookup: got %v, %v, want nothing", hint, err)
	}
	mustLearn(t, s, testStart, 2)
}

func TestStoreClosed(t *testing.T) {
	s := mustOpen(t, filepath.Join(t.TempDir(), "cookies.db"), nil)
	for range 2 {
		if err := s.Close(); err != nil {
			t.Errorf("Close: got error %v, want none", err)
		}
	}
	if _, err := s.Lookup(testStart, testPath(1)); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("Lookup: got error %v, want fs.ErrClosed", err)
	}
	if err := s.Clear(); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("Clear: got error %v, want fs.ErrClosed", err)
	}
}

func TestStoreBusy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cookies.db")
	s := mustOpen(t, path, &Options{Wait: time.Millisecond})
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if locked, err := tryLock(file, false); !locked || err != nil {
		t.Fatalf("lock to read: got %v, %v", locked, err)
	}
	if _, err := s.Lookup(testStart, testPath(1)); err != nil {
		t.Errorf("lookup beside a reader: got error %v, want none", err)
	}
	if err := s.LearnMSS(testStart, testPath(1), 1460); !errors.Is(err, ErrBusy) {
		t.Errorf("learn beside a reader: got error %v, want ErrBusy", err)
	}
	if locked, err := tryLock(file, true); !locked || err != nil {
		t.Fatalf("lock to write: got %v, %v", locked, err)
	}
	if _, err := s.Lookup(testStart, testPath(1)); !errors.Is(err, ErrBusy) {
		t.Errorf("lookup beside a writer: got error %v, want ErrBusy", err)
	}
}

// A call that waits for another process does not keep those behind it for longer than they are told to wait.
func TestStoreBusyWithinProcess(t *testing.T) {
	s := mustOpen(t, filepath.Join(t.TempDir(), "cookies.db"), &Options{Wait: time.Millisecond})
	s.turn <- struct{}{}
	if _, err := s.Lookup(testStart, testPath(1)); !errors.Is(err, ErrBusy) {
		t.Errorf("lookup behind another call: got error %v, want ErrBusy", err)
	}
	s.endTurn()
	if _, err := s.Lookup(testStart, testPath(1)); err != nil {
		t.Errorf("lookup afterwards: got error %v, want none", err)
	}
}

func TestStoreGoroutines(t *testing.T) {
	const workers, each = 4, 10
	path := filepath.Join(t.TempDir(), "cookies.db")
	shared := mustOpen(t, path, nil)
	var wg sync.WaitGroup
	for w := range workers {
		own := mustOpen(t, path, nil)
		wg.Go(func() {
			for i := range each {
				s := shared
				if i%2 == 0 {
					s = own
				}
				mustLearn(t, s, testStart, w*each+i)
				if _, err := s.Lookup(testStart, testPath(i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	entries, err := shared.List(testStart)
	if err != nil || len(entries) != workers*each {
		t.Errorf("entries: got %d, %v, want %d", len(entries), err, workers*each)
	}
}

// Lookups note the use at most once an hour; learning what is known already does not touch the file at all.
func TestStoreWritesSeldom(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cookies.db")
	s := mustOpen(t, path, nil)
	mustLearn(t, s, testStart, 1)
	before := readFile(t, path)
	if _, err := s.Lookup(testStart.Add(time.Hour-1), testPath(1)); err != nil {
		t.Fatal(err)
	}
	mustLearn(t, s, testStart.Add(time.Minute), 1)
	if err := errors.Join(s.LearnMSS(testStart, testPath(1), 1460), s.LearnMSS(testStart, testPath(2), 0), s.Unblock(testPath(1))); err != nil {
		t.Fatal(err)
	}
	if after := readFile(t, path); after != before {
		t.Error("the file changed, though nothing was new")
	}
	if _, err := s.Lookup(testStart.Add(time.Hour), testPath(1)); err != nil {
		t.Fatal(err)
	}
	entries, err := s.List(testStart)
	if err != nil || len(entries) != 1 || !entries[0].Used.Equal(testStart.Add(time.Hour)) {
		t.Errorf("after an hour: got %v, %v, want one entry used then", entries, err)
	}
}

func readFile(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A clock that went back must not make the newest entry the first to go.
func TestStoreClockGoesBack(t *testing.T) {
	s := mustOpen(t, filepath.Join(t.TempDir(), "cookies.db"), &Options{Limits: cookie.Limits{Hosts: 2}})
	mustLearn(t, s, testStart, 1)
	mustLearn(t, s, testStart.Add(time.Second), 2)
	mustLearn(t, s, testStart.AddDate(-10, 0, 0), 3)
	for n, want := range map[int]bool{1: false, 2: true, 3: true} {
		if hint, err := s.Lookup(testStart, testPath(n)); err != nil || hint.Cookie.IsZero() == want {
			t.Errorf("host %d: got %s, %v, want a cookie %v", n, hint.Cookie, err, want)
		}
	}
}

func TestStoreManyEntries(t *testing.T) {
	const hosts = 200 // several pages, a branch above them
	path := filepath.Join(t.TempDir(), "cookies.db")
	s := mustOpen(t, path, &Options{Limits: cookie.Limits{Hosts: hosts}})
	err := s.update(func(tx *bbolt.Tx) error {
		for n := range hosts {
			k, err := load(tx, testStart, testPath(n))
			if err != nil {
				return err
			}
			if err := s.save(tx, testStart, k, cookie.Hint{MSS: 1460, Blocked: cookie.Reset, Until: testStart.Add(time.Hour)}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	mustLearn(t, s, testStart.Add(time.Minute), hosts)
	entries, err := s.List(testStart)
	if err != nil || len(entries) != 2*hosts {
		t.Errorf("entries: got %d, %v, want %d", len(entries), err, 2*hosts)
	}
	if err := s.Forget(testPath(3)); err != nil {
		t.Error(err)
	}
	if err := s.Clear(); err != nil {
		t.Error(err)
	}
	if entries, err := s.List(testStart); err != nil || len(entries) != 0 {
		t.Errorf("entries after Clear: got %d, %v, want 0", len(entries), err)
	}
}

func TestStoreLongZone(t *testing.T) {
	s := mustOpen(t, filepath.Join(t.TempDir(), "cookies.db"), nil)
	p := testPath(1)
	p.Server = netip.MustParseAddr("fe80::1").WithZone(strings.Repeat("z", 240))
	for name, err := range map[string]error{"LearnMSS": s.LearnMSS(testStart, p, 1), "Unblock": s.Unblock(p), "Forget": s.Forget(p)} {
		if err == nil || strings.Count(err.Error(), "cookie store") != 1 {
			t.Errorf("%s with a zone of 240 bytes: got error %v, want one", name, err)
		}
	}
}

func TestDefaultPath(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", "/x/cache")
	if got, err := DefaultPath(); err != nil || got != "/x/cache/tfocraft/cookies.db" {
		t.Errorf("DefaultPath: got %q, %v, want /x/cache/tfocraft/cookies.db", got, err)
	}
	t.Setenv("XDG_CACHE_HOME", "")
	t.Setenv("HOME", "/home/u")
	if got, err := DefaultPath(); err != nil || got != "/home/u/.cache/tfocraft/cookies.db" {
		t.Errorf("DefaultPath: got %q, %v, want /home/u/.cache/tfocraft/cookies.db", got, err)
	}
	t.Setenv("HOME", "")
	if got, err := DefaultPath(); err == nil || !strings.Contains(err.Error(), "HOME") {
		t.Errorf("DefaultPath without a home: got %q, %v, want an error that names HOME", got, err)
	}
}

func BenchmarkStoreLookup(b *testing.B) {
	b.ReportAllocs()
	s := mustOpen(b, filepath.Join(b.TempDir(), "cookies.db"), nil)
	mustLearn(b, s, testStart, 1)
	for b.Loop() {
		if _, err := s.Lookup(testStart, testPath(1)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkStoreLearn(b *testing.B) {
	b.ReportAllocs()
	s := mustOpen(b, filepath.Join(b.TempDir(), "cookies.db"), nil)
	n := 0
	for b.Loop() {
		n++
		mustLearn(b, s, testStart, n%1000)
	}
}
