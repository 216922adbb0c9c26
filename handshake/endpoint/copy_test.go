package endpoint_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// io.Copy from a file to a connection, and on to a file or to nowhere, loses
// and adds nothing. Package os asks both ends for their sockets, and copies
// without.
func TestCopy(t *testing.T) {
	data := noise(3<<20 + 12345)
	source := filepath.Join(t.TempDir(), "source")
	if err := os.WriteFile(source, data, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		sink func(t *testing.T) (w io.Writer, got func() []byte)
	}{
		{"to memory", func(t *testing.T) (io.Writer, func() []byte) {
			var b bytes.Buffer
			return &b, b.Bytes
		}},
		{"to a file", func(t *testing.T) (io.Writer, func() []byte) {
			f, err := os.Create(filepath.Join(t.TempDir(), "sink"))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { f.Close() })
			return f, func() []byte {
				b, err := os.ReadFile(f.Name())
				if err != nil {
					t.Fatal(err)
				}
				return b
			}
		}},
		{"to nowhere", func(*testing.T) (io.Writer, func() []byte) { return io.Discard, nil }},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t, func(s *setup) { s.pair.Delay, s.client.Trace = time.Millisecond, nil })
				client, server := joined(l)
				go func() {
					f, err := os.Open(source)
					if err != nil {
						t.Error(err)
						return
					}
					defer f.Close()
					if n, err := io.Copy(client, f); n != int64(len(data)) || err != nil {
						t.Errorf("copied %d bytes of the file, %v; want %d", n, err, len(data))
					}
					client.CloseWrite()
				}()
				sink, got := c.sink(t)
				if n, err := io.Copy(sink, server); n != int64(len(data)) || err != nil {
					t.Errorf("copied %d bytes from the connection, %v; want %d", n, err, len(data))
				}
				if got != nil && !bytes.Equal(got(), data) {
					t.Errorf("what came differs from what was sent")
				}
			})
		})
	}
}
