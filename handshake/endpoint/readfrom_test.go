package endpoint_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
)

// A watchedFile notes into how much room it is read.
type watchedFile struct {
	*os.File
	most int
}

func (f *watchedFile) Read(b []byte) (int, error) {
	f.most = max(f.most, len(b))
	return f.File.Read(b)
}

// WriteTo hides that of the file.
func (f *watchedFile) WriteTo() {}

// openData opens a file that contains data.
func openData(t *testing.T, data []byte) *watchedFile {
	t.Helper()
	name := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return &watchedFile{File: f}
}

// A file is read into the send buffer, in larger pieces than the buffer of io.Copy has;
// other sources are not.
func TestReadFrom(t *testing.T) {
	data := noise(2<<20 + 5)
	const part = 1<<20 + 3
	for name, c := range map[string]struct {
		source func(f *watchedFile) io.Reader
		direct bool
		want   int
	}{
		"file":           {func(f *watchedFile) io.Reader { return f }, true, len(data)},
		"part of a file": {func(f *watchedFile) io.Reader { return io.LimitReader(f, part) }, true, part},
		"what is no file": {func(f *watchedFile) io.Reader {
			return struct{ io.Reader }{f}
		}, false, len(data)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, server := joined(newLab(t, offloaded))
				f := openData(t, data)
				go func() {
					if n, err := client.ReadFrom(c.source(f)); n != int64(c.want) || err != nil {
						t.Errorf("ReadFrom: %d, %v, want %d", n, err, c.want)
					}
					client.CloseWrite()
				}()
				got, err := io.ReadAll(server)
				if err != nil || !bytes.Equal(got, data[:c.want]) {
					t.Errorf("the peer has %d bytes, %v, want %d", len(got), err, c.want)
				}
				if direct := f.most > 32<<10; direct != c.direct {
					t.Errorf("the file was read %d bytes at a time", f.most)
				}
			})
		})
	}
}

func TestReadFromErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := joined(newLab(t, nil))
		f := openData(t, noise(8<<20))
		go func() {
			io.ReadFull(server, make([]byte, 1<<20))
			client.Close()
		}()
		if n, err := client.ReadFrom(f); !errors.Is(err, net.ErrClosed) || n < 1<<20 || n >= 8<<20 {
			t.Errorf("closed meanwhile: %d, %v", n, err)
		}
		if n, err := client.ReadFrom(f); n != 0 || !errors.Is(err, net.ErrClosed) {
			t.Errorf("closed before: %d, %v", n, err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		client, server := joined(newLab(t, nil))
		f := openData(t, []byte("text"))
		f.Close()
		if n, err := client.ReadFrom(f); n != 0 || !errors.Is(err, fs.ErrClosed) {
			t.Errorf("closed file: %d, %v", n, err)
		}
		write(t, client, "after")
		if got := read(t, server, 5); got != "after" {
			t.Errorf("got %q", got)
		}
	})
}

// A file that just fits into the send buffer is taken without room for its end.
func TestReadFromFits(t *testing.T) {
	for _, limited := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			l := newLab(t, nil)
			ln := l.listen(endpoint.ListenConfig{Machine: handshake.Config{RecvBuffer: 4096}})
			client := l.mustDial(endpoint.Dialer{Machine: handshake.Config{SendBuffer: 64 << 10}}, "")
			accept(t, ln) // and nobody reads
			f := openData(t, noise(64<<10))
			var r io.Reader = f
			if limited {
				r = &io.LimitedReader{R: f, N: 64 << 10}
			}
			client.SetWriteDeadline(time.Now().Add(time.Hour))
			if n, err := client.ReadFrom(r); n != 64<<10 || err != nil {
				t.Errorf("limited %v: %d, %v", limited, n, err)
			}
		})
	}
}

// A file that grows is sent to its new end, one that shrinks to where it ends now.
func TestReadFromChanging(t *testing.T) {
	for _, size := range []int64{100_000, 600_000} {
		synctest.Test(t, func(t *testing.T) {
			l := newLab(t, nil)
			ln := l.listen(endpoint.ListenConfig{Machine: handshake.Config{RecvBuffer: 4096}})
			client := l.mustDial(endpoint.Dialer{Machine: handshake.Config{SendBuffer: 64 << 10}}, "")
			server := accept(t, ln)
			f := openData(t, noise(400_000))
			go func() {
				if n, err := client.ReadFrom(f); n != size || err != nil {
					t.Errorf("%d bytes, %v, want %d", n, err, size)
				}
				client.CloseWrite()
			}()
			synctest.Wait() // the send buffer is full
			if err := os.Truncate(f.Name(), size); err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(server); int64(len(got)) != size || err != nil {
				t.Errorf("the peer has %d bytes, %v, want %d", len(got), err, size)
			}
		})
	}
}

// A panickingFile is no good source.
type panickingFile struct{ *watchedFile }

func (panickingFile) Read([]byte) (int, error) { panic("of the source") }

// A source that panics does not leave the connection locked.
func TestReadFromPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := joined(newLab(t, nil))
		func() {
			defer func() {
				if recover() != "of the source" {
					t.Error("the panic is lost")
				}
			}()
			client.ReadFrom(panickingFile{openData(t, []byte("x"))})
		}()
		write(t, client, "after")
		if got := read(t, server, 5); got != "after" {
			t.Errorf("got %q", got)
		}
	})
}
