package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Lines go out together, in order, soon.
func TestLateWriter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &lockedBuffer{}
		l := newLateWriter(out, func(err error) { t.Error(err) })
		var want strings.Builder
		for i := range 1000 {
			fmt.Fprintln(l, i)
			fmt.Fprintln(&want, i)
		}
		if len(out.String()) > 0 {
			t.Error("written at once")
		}
		time.Sleep(2 * writeDelay)
		synctest.Wait()
		if out.String() != want.String() {
			t.Errorf("got %d bytes, want %d", len(out.String()), want.Len())
		}
		fmt.Fprintln(l, "last")
		if err := l.close(); err != nil || !strings.HasSuffix(out.String(), "\nlast\n") {
			t.Errorf("close: %v, the end is %q", err, out.String()[max(len(out.String())-10, 0):])
		}
	})
}

// A lockedBuffer is written and read by different goroutines.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// Nobody waits for an output that nobody reads; what it has no room for is counted.
func TestLateWriterBlocked(t *testing.T) {
	r, w := io.Pipe()
	l := newLateWriter(w, func(error) {})
	line := bytes.Repeat([]byte("x"), 1000)
	for range 3 * maxLate / len(line) {
		l.Write(line)
	}
	go io.Copy(io.Discard, r)
	if err := l.close(); err == nil {
		t.Error("no line was dropped")
	}
}

// An error is told once, and ends the writing.
func TestLateWriterFails(t *testing.T) {
	r, w := io.Pipe()
	gone := errors.New("gone")
	r.CloseWithError(gone)
	told := 0
	l := newLateWriter(w, func(err error) {
		if told++; !errors.Is(err, gone) {
			t.Errorf("%v, want %v", err, gone)
		}
	})
	for range 3 {
		io.WriteString(l, "line\n")
		l.late()
	}
	if err := l.close(); err != nil || told != 1 {
		t.Errorf("close: %v; told %d times, want once", err, told)
	}
}
