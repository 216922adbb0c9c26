package link

import (
	"net"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A ringReceiver takes frames from a ring, without a system call, and those that are
// longer than a slot from the socket's queue.
type ringReceiver struct {
	*ring
	queue *receiver
	wants func(pktType uint8) bool
	wait  func(fd uintptr) bool // kept, for a method value is an allocation
	err   error

	message, messages int  // what is next of what the queue has given
	lentLong          bool // the reader has some of it

	filled bool // the last batch had no room for others than those of the driver
}

func newRingReceiver(r *ring, queue *receiver, wants func(pktType uint8) bool) *ringReceiver {
	rr := &ringReceiver{ring: r, queue: queue, wants: wants}
	rr.wait = rr.look
	return rr
}

// look reports whether a wait is over: there is a frame, or an error. The kernel tells
// of an error once, so that it has to be asked before each wait.
func (r *ringReceiver) look(fd uintptr) bool {
	if r.err != nil || r.ready() {
		return true
	}
	errno, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ERROR)
	if r.err = err; errno != 0 {
		r.err = syscall.Errno(errno)
	}
	return r.err != nil
}

// await waits for a frame.
func (r *ringReceiver) await() error {
	if err := r.queue.raw.Read(r.wait); err != nil {
		return err
	}
	err := r.err
	r.err = nil
	return err
}

// take fills batch with the frames that are there and are wanted, and returns how
// many; seen is how many there were.
func (r *ringReceiver) take(batch []Frame) (n, seen int) {
	r.lentLong = false
	for n < len(batch) && r.lent < r.slots() && r.ready() {
		slot := r.slot(0)
		long := status(slot)&unix.TP_STATUS_COPY != 0
		if long && !r.refill() {
			break
		}
		b, at, ok := r.content(slot, long)
		if ok {
			var pktType uint8
			if batch[n], pktType = r.frame(slot, b, at); r.wants(pktType) {
				n++
			}
		}
		r.pass()
		seen++
	}
	return n, seen
}

// takeEarly takes what the driver has had for us, and says there whether we look again
// without sleeping. However much that is, every second batch has room for what comes by
// the ring: or a crowd of short frames would keep long ones from us.
func (r *ringReceiver) takeEarly(batch []Frame, wait bool) int {
	if r.xdp == nil {
		return 0
	}
	r.xdp.setOpen(!wait)
	most := len(batch)
	if r.filled && !wait {
		most /= 2
	}
	n := r.xdp.take(batch[:most])
	r.filled = n == len(batch)
	return n
}

// refill makes sure that there is a message for a long frame, if that can be. It asks for
// as many as there are, those of later slots too: while they are copied more come. An
// error is kept for the next wait, which is when it is asked for.
func (r *ringReceiver) refill() bool {
	if r.message < r.messages {
		return true
	}
	if r.lentLong { // the buffers are the reader's
		return false
	}
	r.message = 0
	r.messages, r.err = r.queue.next(receiveBatch, false)
	return r.err == nil
}

// content returns the frame of a slot, which begins at byte at of b. One that is not whole
// is not ok: the queue was full, or it is longer than all that there is room for.
func (r *ringReceiver) content(slot []byte, long bool) (b []byte, at int, ok bool) {
	h := ringHeader(slot)
	switch {
	case long && r.message < r.messages:
		b, ok = r.queue.message(r.message)
		r.message++
		r.lentLong = true
		return b, headroom, ok
	case h.Snaplen < h.Len:
		r.queue.count(func(s *Stats) { s.Dropped++ })
		return nil, 0, false
	}
	return slot[:int(h.Mac)+int(h.Snaplen)], int(h.Mac), true
}

// frame makes a Frame of what a slot says about the frame that begins at byte at of b.
func (r *ringReceiver) frame(slot, b []byte, at int) (f Frame, pktType uint8) {
	h := ringHeader(slot)
	from := (*unix.RawSockaddrLinklayer)(unsafe.Pointer(&slot[ringAddress]))
	f.Time = time.Unix(int64(h.Sec), int64(h.Nsec))
	f.Partial = h.Status&unix.TP_STATUS_CSUMNOTREADY != 0
	f.Valid = h.Status&unix.TP_STATUS_CSUM_VALID != 0
	f.Outgoing = from.Pkttype == unix.PACKET_OUTGOING
	tag, tagged := tagOf(h.Status, h.Vlan_tci, h.Vlan_tpid)
	f.Data = r.queue.form.complete(b, at, from.Protocol, tag, tagged)
	return f, from.Pkttype
}

// readRing is read for a link with a ring.
func (p *Packet) readRing(batch []Frame, wait bool) (int, error) {
	for len(batch) > 0 {
		if err := p.life.err(); err != nil {
			return 0, err
		}
		n, seen, err := p.enterRing(batch, wait)
		if err != nil {
			if err = p.life.readError(err); err != nil {
				return 0, err
			}
			continue
		}
		if n > 0 || seen == 0 && !wait {
			return n, nil
		}
	}
	return 0, nil
}

func (p *Packet) enterRing(batch []Frame, wait bool) (n, seen int, err error) {
	if !p.ring.enter() {
		return 0, 0, net.ErrClosed
	}
	early := p.ring.takeEarly(batch, wait)
	if wait && early == 0 {
		err = p.ring.await()
	}
	if err == nil {
		n, seen = p.ring.take(batch[early:])
	}
	n, seen = n+early, seen+early
	if !p.ring.leave() {
		return 0, 0, net.ErrClosed
	}
	return n, seen, err
}
