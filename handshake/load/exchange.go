package load

import (
	"net/netip"
	"time"

	"tfocraft/wire"
)

// What an exchange is waiting for.
const (
	unused  = iota
	synSent // the SYN-ACK
	open    // acknowledgements, the response, the server's FIN
)

// An exchange is the state of one in flight. What is sent counts from the byte
// behind the SYN; the FIN is the byte behind the data.
type exchange struct {
	key     uint64 // see key
	planned time.Duration
	begun   time.Duration
	isn     wire.Seq
	rcvNext wire.Seq
	size    uint32 // of the data
	una     uint32 // what is not yet acknowledged begins here
	next    uint32 // to send
	high    uint32 // the most that next has been
	window  uint32
	ecr     uint32 // the server's last timestamp
	synData uint16 // data in the SYN
	mss     uint16 // the server's
	phase   uint8
	level   uint8 // retransmission timeouts in a row
	shift   uint8 // of the server's window
	// What has happened.
	repeated bool // the SYN went again, plain
	stamped  bool // both sides use timestamps
	scaled   bool // and window scaling
	answered bool // the response has begun
	finSeen  bool // and ended
	noted    bool // it is among those to settle
	ackDue   bool
	// Places in the lists of timers.
	rto, limit node
}

func (x *exchange) client() int  { return int(x.key >> 16) }
func (x *exchange) port() uint16 { return uint16(x.key) }

// key is what an exchange is found by.
func key(client int, port uint16) uint64 { return uint64(client)<<16 | uint64(port) }

// seq returns the sequence number of a byte.
func (x *exchange) seq(offset uint32) wire.Seq { return x.isn.Add(1 + int(offset)) }

// finAcked reports whether everything, and the FIN, is sent and acknowledged.
func (x *exchange) finAcked() bool { return x.una == x.size+1 }

// A node is a place in a list of timers.
type node struct {
	at         time.Duration // when the timer runs out
	prev, next int32         // -1 for none
	list       *timers       // that it is in; nil for none
}

// Timers of the same length run out in the order in which they were set, so that
// a list of them is a queue.
type timers struct {
	first, last int32
	of          func(i int32) *node
}

func newTimers(of func(i int32) *node) *timers { return &timers{-1, -1, of} }

// set puts exchange i at the end, out of whatever list it is in.
func (t *timers) set(i int32, at time.Duration) {
	n := t.of(i)
	n.unset()
	*n = node{at: at, prev: t.last, next: -1, list: t}
	if t.last >= 0 {
		t.of(t.last).next = i
	} else {
		t.first = i
	}
	t.last = i
}

// unset takes the node out of its list.
func (n *node) unset() {
	t := n.list
	if t == nil {
		return
	}
	n.list = nil
	if n.prev >= 0 {
		t.of(n.prev).next = n.next
	} else {
		t.first = n.next
	}
	if n.next >= 0 {
		t.of(n.next).prev = n.prev
	} else {
		t.last = n.prev
	}
}

// due returns the exchange whose timer has run out; -1 is none.
func (t *timers) due(now time.Duration) int32 {
	if t.first >= 0 && t.of(t.first).at <= now {
		return t.first
	}
	return -1
}

// A reply is a segment that is sent without an exchange.
type reply struct {
	client   netip.Addr
	port     uint16
	flags    wire.Flags
	seq, ack wire.Seq
}
