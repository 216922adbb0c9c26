package link

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// PairConfig says how the two ends of a [Pair] are joined. A nil PairConfig
// means all defaults.
type PairConfig struct {
	// MTU is the longest IP packet, in bytes; 0 means 1500.
	MTU int
	// Queue is how many frames may be under way and unread in each direction;
	// further ones are lost, as in a device. 0 means 4096.
	Queue int
	// Delay is the time from being sent to being readable, the same for every
	// frame of both directions.
	Delay time.Duration
	// Offload makes both ends an [Offloader]. What WriteSegments sends arrives
	// uncut, as over a veth pair: as one frame that is [Frame.Partial] and may be
	// longer than the MTU. A Forward or Backward function sees it as one
	// frame, too, but with its TCP checksum finished, and what it returns is
	// not Partial: a frame that it has damaged must not pass for a good one.
	Offload bool
	// Forward and Backward see each frame that a sends to b, and b to a, before
	// it is queued, and return the frames to queue instead: none for a loss,
	// two for a duplicate, changed ones, or those held back earlier for
	// reordering. A nil function changes nothing. The frame belongs to the
	// function, which may change and keep it; what it returns belongs to the
	// link. They are called one frame at a time in each direction.
	Forward, Backward func(frame []byte) [][]byte
}

// Pair returns two links joined to each other in memory: what one end sends
// the other receives, in order. They need no privilege, work with the clock of
// package time alone, and are made of what a testing/synctest bubble can wait
// for, so that a test inside a bubble is exact and takes no time.
func Pair(cfg *PairConfig) (a, b *Mem) {
	var c PairConfig
	if cfg != nil {
		c = *cfg
	}
	if c.MTU == 0 {
		c.MTU = 1500
	}
	if c.Queue == 0 {
		c.Queue = 4096
	}
	a, b = newMem(c, c.Forward), newMem(c, c.Backward)
	a.peer, b.peer = b, a
	return a, b
}

// Mem is one end of a [Pair].
type Mem struct {
	mtu     int
	delay   time.Duration
	limit   int
	offload bool
	peer    *Mem

	sending sync.Mutex // held while one frame goes through modify
	modify  func(frame []byte) [][]byte

	mu       sync.Mutex
	changed  sync.Cond // the queue, the deadline or closed
	queue    []memFrame
	lent     [][]byte // read by the caller until the next ReadFrames
	free     [][]byte
	deadline time.Time
	wake     *time.Timer // of a reader that waits for a time to come
	closed   bool
	stats    Stats
}

var (
	_ Link      = (*Mem)(nil)
	_ Offloader = (*Mem)(nil)
)

// A memFrame is under way until the time at.
type memFrame struct {
	data    []byte
	partial bool
	at      time.Time
}

func newMem(c PairConfig, modify func([]byte) [][]byte) *Mem {
	m := &Mem{mtu: c.MTU, delay: c.Delay, limit: c.Queue, offload: c.Offload, modify: modify}
	m.changed.L = &m.mu
	return m
}

// ReadFrames implements [Link].
func (m *Mem) ReadFrames(batch []Frame) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.giveBack()
	for {
		now := time.Now()
		switch {
		case m.closed:
			return 0, net.ErrClosed
		case !m.deadline.IsZero() && !now.Before(m.deadline):
			return 0, os.ErrDeadlineExceeded
		case len(batch) == 0:
			return 0, nil
		}
		if n := m.take(batch, now); n > 0 {
			return n, nil
		}
		m.wait(now)
	}
}

// maxFree is how many buffers are kept to be used again.
const maxFree = 256

// giveBack takes back what the caller has read.
func (m *Mem) giveBack() {
	m.free = append(m.free, m.lent[:min(len(m.lent), maxFree-len(m.free))]...)
	clear(m.lent)
	m.lent = m.lent[:0]
}

// take moves what has arrived by now from the queue to batch.
func (m *Mem) take(batch []Frame, now time.Time) int {
	n := 0
	for n < min(len(batch), len(m.queue)) && !m.queue[n].at.After(now) {
		f := m.queue[n]
		batch[n] = Frame{Data: f.data, Time: f.at, Partial: f.partial}
		m.lent = append(m.lent, f.data)
		n++
	}
	rest := copy(m.queue, m.queue[n:])
	clear(m.queue[rest:])
	m.queue = m.queue[:rest]
	m.stats.Received += uint64(n)
	return n
}

// wait blocks until something changes, the first frame arrives or the deadline
// passes.
func (m *Mem) wait(now time.Time) {
	until := m.deadline
	if len(m.queue) > 0 && (until.IsZero() || m.queue[0].at.Before(until)) {
		until = m.queue[0].at
	}
	if !until.IsZero() {
		if m.wake == nil {
			m.wake = time.AfterFunc(until.Sub(now), m.broadcast)
		} else {
			m.wake.Reset(until.Sub(now))
		}
	}
	m.changed.Wait()
	if m.wake != nil {
		m.wake.Stop()
	}
}

func (m *Mem) broadcast() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.changed.Broadcast()
}

// WriteFrames implements [Link]. It never blocks.
func (m *Mem) WriteFrames(batch [][]byte) (int, error) {
	m.sending.Lock()
	defer m.sending.Unlock()
	for i, frame := range batch {
		if err := m.check(frame); err != nil {
			return i, err
		}
		if m.modify == nil {
			m.peer.put(frame, nil, false, m.delay)
			continue
		}
		m.forward(append([]byte(nil), frame...))
	}
	return len(batch), nil
}

// WriteSegments implements [Offloader]. It never blocks.
func (m *Mem) WriteSegments(batch []Outgoing) (int, error) {
	if !m.offload {
		return 0, fmt.Errorf("link: memory: segmentation offload: %w", errors.ErrUnsupported)
	}
	m.sending.Lock()
	defer m.sending.Unlock()
	for i := range batch {
		o := &batch[i]
		if m.isClosed() {
			return i, net.ErrClosed
		}
		if err := o.check("memory", m.mtu); err != nil {
			return i, err
		}
		if m.modify == nil {
			m.peer.put(o.Header, o.Payload, true, m.delay)
			continue
		}
		m.forward(o.appendWhole(nil))
	}
	return len(batch), nil
}

// MaxPayload implements [Offloader]. It is 0 without [PairConfig.Offload].
func (m *Mem) MaxPayload() int {
	if !m.offload {
		return 0
	}
	return maxPayload
}

// forward sends what modify makes of a frame, which becomes its own.
func (m *Mem) forward(frame []byte) {
	for _, f := range m.modify(frame) {
		m.peer.put(f, nil, false, m.delay)
	}
}

func (m *Mem) check(frame []byte) error {
	header, _, ok := headerLen(frame)
	switch {
	case !ok:
		return fmt.Errorf("link: frame of %d bytes has no Ethernet header: %w", len(frame), syscall.EINVAL)
	case m.isClosed():
		return net.ErrClosed
	case len(frame) > header+m.mtu:
		return tooLong("memory", len(frame), m.mtu)
	}
	return nil
}

func (m *Mem) isClosed() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.closed
}

// put queues a copy of a frame, which comes in two parts, for the reader of m.
func (m *Mem) put(header, payload []byte, partial bool, delay time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return
	}
	if len(m.queue) >= m.limit {
		m.stats.Dropped++
		return
	}
	var buf []byte
	if last := len(m.free) - 1; last >= 0 {
		buf, m.free = m.free[last], m.free[:last]
	}
	buf = append(append(buf[:0], header...), payload...)
	m.queue = append(m.queue, memFrame{buf, partial, time.Now().Add(delay)})
	m.changed.Broadcast()
}

// SetReadDeadline implements [Link].
func (m *Mem) SetReadDeadline(t time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return net.ErrClosed
	}
	m.deadline = t
	m.changed.Broadcast()
	return nil
}

// MTU implements [Link].
func (m *Mem) MTU() int { return m.mtu }

// Stats returns the counters of this end.
func (m *Mem) Stats() Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.stats
}

// Close implements [Link]. The other end stays open; what it sends is lost.
func (m *Mem) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	m.queue = nil
	m.changed.Broadcast()
	return nil
}

func tooLong(link string, length, mtu int) error {
	return fmt.Errorf("link: %s: frame of %d bytes is longer than the MTU of %d permits: %w", link, length, mtu, syscall.EMSGSIZE)
}
