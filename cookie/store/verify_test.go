package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"go.etcd.io/bbolt"

	"tfocraft/cookie"
)

// sampleFile returns the bytes of a cookie cache with enough in it for branches, leaves and free pages.
func sampleFile(t testing.TB) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sample.db")
	s := mustOpen(t, path, nil)
	err := s.update(func(tx *bbolt.Tx) error {
		for n := range 150 {
			k, err := load(tx, testStart, testPath(n))
			if err != nil {
				return err
			}
			if err := s.save(tx, testStart, k, cookie.Hint{MSS: 1460}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Block(testStart, testPath(1), cookie.Reset); err != nil {
		t.Fatal(err)
	}
	return []byte(readFile(t, path))
}

// useAll calls everything that reads or writes and returns the first error.
func useAll(path string) error {
	s, err := Open(path, nil)
	if err != nil {
		return err
	}
	c, _ := cookie.FromBytes(make([]byte, 8))
	p := testPath(1)
	_, lookup := s.Lookup(testStart, p)
	_, list := s.List(testStart)
	for _, err := range []error{lookup, list, s.Learn(testStart, p, c, 1, false), s.Block(testStart, testPath(9999), cookie.Reset), s.Forget(p), s.Clear()} {
		if err != nil {
			return err
		}
	}
	return nil
}

// wantRefused checks that a file of the given bytes is reported in one line that names it, and left as it is.
func wantRefused(t *testing.T, what string, content []byte, want error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "cookies.db")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	err := useAll(path)
	if !errors.Is(err, want) {
		t.Errorf("%s: got error %v, want %v", what, err, want)
		return
	}
	if text := err.Error(); strings.Contains(text, "\n") || !strings.Contains(text, path) {
		t.Errorf("%s: got error %q, want one line with the path", what, text)
	}
	if !bytes.Equal([]byte(readFile(t, path)), content) {
		t.Errorf("%s: the file was changed", what)
	}
	wantNoLeftovers(t, filepath.Dir(path), 1)
}

func TestCutShort(t *testing.T) {
	sample := sampleFile(t)
	m, err := newestMeta(bytes.NewReader(sample))
	if err != nil {
		t.Fatal(err)
	}
	used := int(m.pages) * m.pageSize
	for _, n := range []int{0, 1, 16, 79, 80, 512, m.pageSize - 1, m.pageSize, m.pageSize + 80, 2 * m.pageSize, 3 * m.pageSize, used / 2, used - m.pageSize, used - 1, len(sample) - 1} {
		wantRefused(t, "first bytes", sample[:n], ErrDamaged)
	}
	path := filepath.Join(t.TempDir(), "cookies.db")
	if err := os.WriteFile(path, sample[:used], 0o600); err != nil {
		t.Fatal(err)
	}
	if err := useAll(path); err != nil {
		t.Errorf("all pages in use: got error %v, want none", err)
	}
}

func TestForeignFiles(t *testing.T) {
	wantRefused(t, "text", []byte(strings.Repeat("no cookies here\n", 1000)), ErrFormat)
	wantRefused(t, "short text", []byte("no cookies here\n"), ErrDamaged)
	wantRefused(t, "zeros", make([]byte, 32768), ErrFormat)
	wantRefused(t, "bbolt database of another program", boltFile(t, func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucket([]byte("peers"))
		return err
	}), ErrFormat)
	wantRefused(t, "empty bbolt database", boltFile(t, func(*bbolt.Tx) error { return nil }), ErrFormat)
	wantRefused(t, "next version", boltFile(t, func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucket([]byte(formatBucket))
		if err != nil {
			return err
		}
		return b.Put([]byte(formatKey), []byte("2"))
	}), ErrFormat)
	wantRefused(t, "no tables", boltFile(t, func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucket([]byte(formatBucket))
		if err != nil {
			return err
		}
		return b.Put([]byte(formatKey), []byte(formatVersion))
	}), ErrDamaged)
}

func boltFile(t *testing.T, fill func(*bbolt.Tx) error) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bolt.db")
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Update(fill), db.Close()); err != nil {
		t.Fatal(err)
	}
	return []byte(readFile(t, path))
}

func TestDamagedMeta(t *testing.T) {
	sample := sampleFile(t)
	pageSize := os.Getpagesize()
	for _, at := range []int{0, pageSize} {
		for name, change := range map[string]func(meta []byte){
			"checksum":  func(b []byte) { b[24] ^= 1 },
			"page size": func(b []byte) { binary.NativeEndian.PutUint32(b[8:], 3); resum(b) },
			"freelist":  func(b []byte) { binary.NativeEndian.PutUint64(b[32:], 1<<40); resum(b); newest(b) },
			"root":      func(b []byte) { binary.NativeEndian.PutUint64(b[16:], 1); resum(b); newest(b) },
			"pages":     func(b []byte) { binary.NativeEndian.PutUint64(b[40:], 1<<60); newest(b) },
			"no pages":  func(b []byte) { binary.NativeEndian.PutUint64(b[40:], 0); newest(b) },
		} {
			bad := bytes.Clone(sample)
			change(bad[at+pageHeaderLen : at+pageHeaderLen+metaLen])
			wantRefused(t, name, bad, ErrDamaged)
		}
		bad := bytes.Clone(sample)
		b := bad[at+pageHeaderLen:][:metaLen]
		binary.NativeEndian.PutUint32(b[4:], 3)
		resum(b)
		wantRefused(t, "version", bad, ErrFormat)
	}
}

// A big database of another program is not read into memory to find that out.
func TestHugeFile(t *testing.T) {
	bad := sampleFile(t)
	pageSize := os.Getpagesize()
	b := bad[pageHeaderLen:][:metaLen]
	binary.NativeEndian.PutUint64(b[40:], 1<<40/uint64(pageSize))
	newest(b)
	path := filepath.Join(t.TempDir(), "cookies.db")
	if err := errors.Join(os.WriteFile(path, bad, 0o600), os.Truncate(path, 1<<40)); err != nil {
		t.Skipf("needs a file system with sparse files of 1 TiB: %v", err)
	}
	if err := useAll(path); !errors.Is(err, ErrFormat) {
		t.Errorf("1 TiB: got error %v, want ErrFormat", err)
	}
}

// newest makes a meta page the one that counts.
func newest(b []byte) {
	binary.NativeEndian.PutUint64(b[48:], 1000)
	resum(b)
}

func resum(b []byte) {
	sum := fnv.New64a()
	_, _ = sum.Write(b[:metaLen-8])
	binary.NativeEndian.PutUint64(b[metaLen-8:], sum.Sum64())
}

// Every page that is in use is damaged in turn. The free ones hold nothing, and may hold anything.
func TestDamagedPages(t *testing.T) {
	sample := sampleFile(t)
	m, err := newestMeta(bytes.NewReader(sample))
	if err != nil {
		t.Fatal(err)
	}
	free := freePages(sample, m)
	if len(free) == 0 || m.pages < 8 {
		t.Fatalf("sample: got %d pages, %d of them free, want more", m.pages, len(free))
	}
	for id := uint64(2); id < m.pages; id++ {
		if free[id] {
			continue
		}
		start := int(id) * m.pageSize
		for name, fill := range map[string]byte{"zeros": 0, "ones": 0xff, "text": 'x'} {
			bad := bytes.Clone(sample)
			copy(bad[start:], bytes.Repeat([]byte{fill}, m.pageSize))
			wantRefused(t, name, bad, ErrDamaged)
		}
		for name, change := range map[string]func(header []byte){
			"id":       func(b []byte) { b[0]++ },
			"kind":     func(b []byte) { b[8] = 0x20 },
			"count":    func(b []byte) { binary.NativeEndian.PutUint16(b[10:], 0xfff0) },
			"overflow": func(b []byte) { binary.NativeEndian.PutUint32(b[12:], 0xffffffff) },
		} {
			bad := bytes.Clone(sample)
			change(bad[start:])
			wantRefused(t, name, bad, ErrDamaged)
		}
	}
}

func freePages(sample []byte, m meta) map[uint64]bool {
	p := parsePage(sample[int(m.freelist)*m.pageSize:])
	free := make(map[uint64]bool)
	for i := range p.count {
		free[binary.NativeEndian.Uint64(p.body[8*i:])] = true
	}
	return free
}

// A branch that points back to itself would have no end.
func TestPageCycle(t *testing.T) {
	sample := sampleFile(t)
	m, err := newestMeta(bytes.NewReader(sample))
	if err != nil {
		t.Fatal(err)
	}
	free := freePages(sample, m)
	found := false
	for id := uint64(2); id < m.pages; id++ {
		start := int(id) * m.pageSize
		if p := parsePage(sample[start:]); p.flags == branchPage && !free[id] {
			bad := bytes.Clone(sample)
			binary.NativeEndian.PutUint64(bad[start+pageHeaderLen+8:], id)
			wantRefused(t, "cycle", bad, ErrDamaged)
			found = true
		}
	}
	if !found {
		t.Fatal("the sample has no branch")
	}
}

func TestDamagedRecords(t *testing.T) {
	host := appendHost(nil, cookie.Entry{Used: testStart, Hint: cookie.Hint{MSS: 1}})
	blocked := appendBlocked(nil, cookie.Entry{Used: testStart, Hint: cookie.Hint{Blocked: cookie.Reset, Until: testStart}})
	pair, port, err := keysOf(testPath(1))
	if err != nil {
		t.Fatal(err)
	}
	with := func(b []byte, i int, v byte) []byte {
		b = bytes.Clone(b)
		b[i] = v
		return b
	}
	for _, tt := range []struct {
		name, bucket string
		key, value   []byte
		want         error
	}{
		{"host of 0 bytes", hostsBucket, pair, nil, ErrDamaged},
		{"host cut short", hostsBucket, pair, host[:len(host)-1], ErrDamaged},
		{"host of the next version", hostsBucket, pair, with(host, 0, 2), ErrFormat},
		{"host with flags", hostsBucket, pair, with(host, 1, 0x80), ErrDamaged},
		{"host with an odd cookie", hostsBucket, pair, append(bytes.Clone(host), 1, 2, 3, 4, 5), ErrDamaged},
		{"host with a long cookie", hostsBucket, pair, append(bytes.Clone(host), make([]byte, 40)...), ErrDamaged},
		{"host with a port", hostsBucket, port, host, ErrDamaged},
		{"host with half an address", hostsBucket, pair[:7], host, ErrDamaged},
		{"host with a strange address", hostsBucket, []byte{3, 1, 2, 3, 0}, host, ErrDamaged},
		{"path of 0 bytes", pathsBucket, port, nil, ErrDamaged},
		{"path of the next version", pathsBucket, port, with(blocked, 0, 2), ErrFormat},
		{"path without a reason", pathsBucket, port, blocked[:pathHeaderLen], ErrDamaged},
		{"path without a port", pathsBucket, pair, blocked, ErrDamaged},
	} {
		content := boltFile(t, func(tx *bbolt.Tx) error {
			format, err := tx.CreateBucket([]byte(formatBucket))
			if err != nil {
				return err
			}
			if err := errors.Join(format.Put([]byte(formatKey), []byte(formatVersion)), createTables(tx)); err != nil {
				return err
			}
			return tx.Bucket([]byte(tt.bucket)).Put(tt.key, tt.value)
		})
		wantRefused(t, tt.name, content, tt.want)
	}
}

func TestNotARegularFile(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, pipe, "/dev/null"} {
		if _, err := Open(path, nil); !errors.Is(err, ErrFormat) {
			t.Errorf("Open(%s): got error %v, want ErrFormat", path, err)
		}
	}
	if _, err := Open("", nil); err == nil {
		t.Error("Open of no path: got no error")
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(filepath.Join(file, "cookies.db"), nil); !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("Open below a file: got error %v, want ENOTDIR", err)
	}
}

// A program that heeds no lock cuts the file short while it is mapped: an error, not the end of the program.
func TestCutWhileMapped(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cookies.db")
	if err := os.WriteFile(path, sampleFile(t), 0o600); err != nil {
		t.Fatal(err)
	}
	s := mustOpen(t, path, nil)
	cut := func(tx *bbolt.Tx) error {
		if err := os.Truncate(path, 0); err != nil {
			return err
		}
		return tx.Bucket([]byte(hostsBucket)).ForEach(func(_, _ []byte) error { return nil })
	}
	if err := s.view(cut); !errors.Is(err, ErrDamaged) {
		t.Errorf("view: got error %v, want ErrDamaged", err)
	}
	if err := os.WriteFile(path, sampleFile(t), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.update(cut); !errors.Is(err, ErrDamaged) {
		t.Errorf("update: got error %v, want ErrDamaged", err)
	}
	// The lock went with the call.
	if err := os.WriteFile(path, sampleFile(t), 0o600); err != nil {
		t.Fatal(err)
	}
	mustLearn(t, s, testStart, 1)
}

// Whatever is in a file, using it is safe, and a file that Open refuses is left as it is.
func FuzzFile(f *testing.F) {
	sample := sampleFile(f)
	for at := 0; at < len(sample); at += 1000 {
		f.Add(uint32(at), []byte{0xff, 0x01, 0x00, 0x07}, uint32(0))
	}
	f.Add(uint32(0), []byte{}, uint32(len(sample)/2))
	path := filepath.Join(f.TempDir(), "cookies.db")
	f.Fuzz(func(t *testing.T, at uint32, patch []byte, cut uint32) {
		content := bytes.Clone(sample)
		copy(content[int(at)%len(content):], patch)
		content = content[:len(content)-int(cut)%len(content)]
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path, nil); err != nil && !bytes.Equal([]byte(readFile(t, path)), content) {
			t.Errorf("refused with %v, but changed", err)
		}
		_ = useAll(path)
	})
}
