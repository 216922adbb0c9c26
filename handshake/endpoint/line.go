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
	machine *handshake.Machine
	claim   *claim

	header    [maxHeader]byte // what stands in front of IP packets to the peer
	headerLen int
	flow      uint32 // IPv6 flow label, the same for all packets (RFC 6437)

	due  time.Time // when the timer queue looks at it
	slot int       // in the timer queue

	finDone   bool // the machine knows of CloseWrite
	closeDone bool // and of Close

	listener *Listener     // that accepted it; nil for a dialed one
	admitted bool          // by the listener's gate, and not confirmed yet
	waiting  bool          // for the handshake to be over before Accept returns it
	opened   chan struct{} // of a dialed one: closed when the handshake is over or has failed
	dialed   bool          // opened is closed
}

// newConn returns a connection that the loop does not know yet.
func (s *Stack) newConn(local, remote netip.AddrPort, m *handshake.Machine, claim *claim) *Conn {
	c := &Conn{stack: s, local: local, remote: remote}
	c.readable.L, c.writable.L = &c.mu, &c.mu
	c.machine, c.claim, c.slot = m, claim, notQueued
	c.limit = m.SendSpace()
	c.room = c.limit
	c.step = max(c.limit/4, 1)
	return c
}

func (l *line) setHeader(h []byte) { l.headerLen = copy(l.header[:], h) }

// The methods below are the loop's side of the connection's buffers.

// deliver hands bytes to the application; one that has closed gets none.
func (c *Conn) deliver(now time.Time, b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timing.FirstByte.IsZero() {
		c.timing.FirstByte = now
	}
	if !c.closed {
		c.in.push(b)
		c.readable.Broadcast()
	}
}

func (c *Conn) deliverEOF() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.eof = true
	c.readable.Broadcast()
}

// settle tells the application how much room there is after a call of the
// machine. Bytes that had no room before may have some now.
func (c *Conn) settle() {
	space := c.machine.SendSpace()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.room = space - c.out.len()
	if c.room >= c.step {
		c.writable.Broadcast()
	}
	if c.out.len() > 0 && space >= c.step {
		c.stack.mail.post(c)
	}
}

// end tells the application that the machine has ended, and why.
func (c *Conn) end(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended, c.err, c.out = true, err, byteQueue{}
	c.readable.Broadcast()
	c.writable.Broadcast()
}

// wishes are what the application has asked for since the loop last looked.
type wishes struct {
	consumed                 int
	write, closeWrite, close bool
	abort                    bool
}

func (c *Conn) takeWishes() wishes {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := wishes{consumed: c.consumed, write: c.out.len() > 0, closeWrite: c.writeClosed, close: c.closed, abort: c.aborted}
	c.consumed = 0
	return w
}

// write moves what was written to the machine and reports whether all of it
// had room.
func (c *Conn) write(now time.Time, out []handshake.Output) ([]handshake.Output, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, out := c.machine.Write(now, c.out.bytes(), out)
	c.out.skip(n)
	all := c.out.len() == 0
	if all && cap(c.out.buf) > 2*c.limit {
		c.out = byteQueue{} // a dial may bring much more than a Write leaves here
	}
	return out, all
}
