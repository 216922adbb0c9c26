package main

import (
	"bufio"
	"io"
	"sync"
	"time"
)

// writeDelay is how long a lateWriter keeps what it was given at most.
const writeDelay = 20 * time.Millisecond

// A lateWriter collects lines, so that a server with many connections a second does not
// spend its time on writing each of them.
type lateWriter struct {
	mu      sync.Mutex
	w       *bufio.Writer
	pending bool // a flush is to come
	failed  func(error)
}

// newLateWriter returns a writer to w. What goes wrong later than in a call of Write is
// told to failed.
func newLateWriter(w io.Writer, failed func(error)) *lateWriter {
	return &lateWriter{w: bufio.NewWriterSize(w, 64<<10), failed: failed}
}

// Write implements [io.Writer].
func (l *lateWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.pending {
		l.pending = true
		time.AfterFunc(writeDelay, l.late)
	}
	return l.w.Write(p)
}

func (l *lateWriter) late() {
	if err := l.flush(); err != nil {
		l.failed(err)
	}
}

// flush writes what was collected. Nothing is written after an error.
func (l *lateWriter) flush() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pending = false
	return l.w.Flush()
}
