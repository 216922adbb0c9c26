package endpoint

import (
	"net/netip"
	"time"

	"tfocraft/handshake"
	"tfocraft/wire"
)

// maxHeader is the longest link-layer header: Ethernet with two VLAN tags.
const maxHeader = wire.EthernetLen + 4*wire.MaxVLANTags

// A line is what the loop knows about a connection. No other goroutine looks
// at it while the loop runs.
type line struct {
	claim *claim

	header    [maxHeader]byte // what stands in front of IP packets to the peer
	headerLen uint8
	finDone   bool   // the machine knows of CloseWrite
	closeDone bool   // and of Close
	touched   bool   // is among loop.touched
	admitted  bool   // by the listener's gate, and not confirmed yet
	waiting   bool   // for the handshake to be over before Accept returns it
	flow      uint32 // IPv6 flow label, the same for all packets (RFC 6437)

	timer    timer
	next     *Conn     // in a chain of connTable
	listener *Listener // that accepted it; nil for a dialed one
}

// newConn returns a connection that the loop does not know yet.
func (s *Stack) newConn(local, remote netip.AddrPort, m *handshake.Machine, claim *claim) *Conn {
	c := &Conn{stack: s, local: local, remote: remote, machine: m}
	c.claim, c.timer.slot = claim, notQueued
	return c
}

func (l *line) setHeader(h []byte) { l.headerLen = uint8(copy(l.header[:], h)) }

// The methods below are the loop's side of the connection's buffers. The loop
// holds c.mu.

// deliver hands bytes to the application; one that has closed gets none.
func (c *Conn) deliver(now time.Time, b []byte) {
	c.stack.mark(&c.timing.firstByte, now)
	if c.closed {
		return
	}
	if c.in.Len() == 0 {
		n := copy(c.sink[c.filled:], b)
		c.filled += int32(n)
		b = b[n:]
	}
	c.in.Push(&c.stack.buffers, b)
	c.readable.broadcast()
	c.stir()
}

func (c *Conn) deliverEOF() {
	c.eof = true
	c.readable.broadcast()
	c.stir()
}

// settle uses the room that a call of the machine has made in the send buffer.
func (c *Conn) settle() {
	if len(c.rest) > 0 {
		if n := c.machine.Queue(c.rest); n > 0 {
			c.rest = c.rest[n:]
			c.post()
		}
		if len(c.rest) > 0 {
			return
		}
		c.rest = nil
		c.writable.broadcast()
	}
	if c.writing && c.machine.WorthWriting() {
		c.writable.broadcast()
	}
	if h := c.handled; h != nil && h.wanting && c.machine.WorthWriting() {
		h.wanting = false
		c.stir()
	}
}

// end tells the application that the machine has ended, and why.
func (c *Conn) end(err error) {
	c.ended, c.err, c.rest = true, err, nil
	c.readable.broadcast()
	c.writable.broadcast()
	c.stir()
}
