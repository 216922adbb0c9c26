package main

import (
	"fmt"
	"io"
	"sync"
	"time"
)

const (
	// writeDelay is how long a lateWriter keeps what it was given before it writes.
	writeDelay = 20 * time.Millisecond
	// maxLate is how much it keeps at most, in bytes, while nobody takes it.
	maxLate = 1 << 20
)

// A lateWriter collects lines, so that a server with many connections a second neither
// spends its time on writing each of them nor waits for whoever reads them. Lines that
// there is no room for are dropped, and counted.
type lateWriter struct {
	w      io.Writer
	failed func(error)

	writing sync.Mutex // held while something is written, so that lines stay in order
	spare   []byte     // of it

	mu      sync.Mutex
	lines   []byte
	dropped int
	pending bool // a flush is to come
}

// newLateWriter returns a writer to w. What goes wrong there is told to failed, once,
// unless it is in close.
func newLateWriter(w io.Writer, failed func(error)) *lateWriter {
	return &lateWriter{w: w, failed: failed}
}

// Write implements [io.Writer] for a line, or several. It does not wait, and does not fail.
func (l *lateWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.lines)+len(p) > maxLate {
		l.dropped++
		return len(p), nil
	}
	l.lines = append(l.lines, p...)
	if !l.pending {
		l.pending = true
		time.AfterFunc(writeDelay, l.late)
	}
	return len(p), nil
}

func (l *lateWriter) late() {
	if err := l.flush(); err != nil {
		l.failed(err)
	}
}

// flush writes what was collected. Nothing is written after an error.
func (l *lateWriter) flush() (err error) {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.mu.Lock()
	lines := l.lines
	l.lines, l.pending = l.spare[:0], false
	l.mu.Unlock()
	if l.w != nil && len(lines) > 0 {
		if _, err = l.w.Write(lines); err != nil {
			l.w = nil
		}
	}
	l.spare = lines[:0]
	return err
}

// close writes what is left. That lines were dropped is an error, too.
func (l *lateWriter) close() error {
	if err := l.flush(); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dropped > 0 {
		return fmt.Errorf("%d lines were dropped: standard output did not take them", l.dropped)
	}
	return nil
}
