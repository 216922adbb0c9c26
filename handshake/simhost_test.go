package handshake

import (
	"math/rand/v2"
	"time"

	"tfocraft/wire"
)

// simHost is a machine and its application.
type simHost struct {
	name     string
	config   Config
	m        *Machine // nil on a server before the SYN
	ended    bool     // the machine was there and is closed
	stream   []byte   // what it will write
	written  int
	got      []byte
	eof      bool
	closing  bool // Close is called once everything is written, without waiting for the peer
	aborts   bool // Abort is called at some time
	gone     bool // the application has closed or aborted
	halfDone bool // CloseWrite was called
	admitted bool // counts as pending at the gate
	edge     wire.Seq
	hasEdge  bool
}

// app writes as much as there is room for, and closes when that is done.
func (s *sim) app(h *simHost) {
	if h.m == nil || h.gone || h.m.State() == Closed && !h.m.unopened() {
		return
	}
	if h.written < len(h.stream) && !h.halfDone {
		chunk := h.stream[h.written:]
		chunk = chunk[:min(len(chunk), 1+s.rng.IntN(20000))]
		// What is written has to be known before its segments are checked.
		space := min(h.m.SendSpace(), len(chunk))
		h.written += space
		n, out := h.m.Write(s.now, chunk, nil)
		if n != space {
			s.fail("%s: Write took %d bytes, SendSpace was %d", h.name, n, space)
		}
		s.take(h, out)
		if h.written < len(h.stream) && n > 0 {
			s.after(s.upTo(20*time.Millisecond), func() { s.app(h) })
		}
	}
	if h.written < len(h.stream) {
		return
	}
	switch {
	case h.closing || h.eof && h.m.Unread() == 0:
		if h.m.unopened() {
			return
		}
		h.gone = true
		s.take(h, h.m.Close(s.now, nil))
	case !h.halfDone:
		h.halfDone = true
		s.take(h, h.m.CloseWrite(s.now, nil))
	}
}

func (s *sim) consume(h *simHost) {
	if n := h.m.Unread(); n > 0 {
		s.take(h, h.m.Consume(s.now, 1+s.rng.IntN(n), nil))
	}
	if h.m.Unread() > 0 {
		s.after(s.upTo(20*time.Millisecond), func() { s.consume(h) })
	}
	s.app(h)
}

func (s *sim) abort(h *simHost) {
	h.gone = true
	s.take(h, h.m.Abort(s.now, nil))
}

// size is mostly small, and sometimes far more than a window.
func (s *sim) size() int {
	switch s.rng.IntN(6) {
	case 0:
		return 0
	case 1:
		return s.rng.IntN(60000)
	case 2, 3:
		return s.rng.IntN(5000)
	}
	return s.rng.IntN(1000)
}

func pick[T any](rng *rand.Rand, of ...T) T { return of[rng.IntN(len(of))] }

func (s *sim) config() Config {
	rng := s.rng
	return Config{
		ISS: wire.Seq(rng.Uint32() | pick[uint32](rng, 0, 0xfffff000)),
		MSS: pick(rng, 1460, 1460, 1220, 536, 200, 8960), RecvBuffer: pick(rng, 0, 0, 65535, 5000, 700),
		SendBuffer: pick(rng, 0, 0, 3000), NoTimestamps: rng.IntN(3) == 0, NoSACK: rng.IntN(3) == 0,
		NoWindowScale: rng.IntN(3) == 0, TimestampOffset: rng.Uint32(), Nagle: rng.IntN(4) == 0,
		DelayedAck:      pick[time.Duration](rng, 0, 0, -1, 200*time.Millisecond),
		TimeWait:        pick[time.Duration](rng, 0, 0, -1, time.Second),
		SynAckHold:      pick[time.Duration](rng, 0, 0, 30*time.Millisecond),
		NoDataBeforeAck: rng.IntN(6) == 0,
	}
}
