package link

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// ringSlot takes a short frame, such as a request in a SYN, with what the kernel
	// writes about it. Longer ones go through the socket's queue. Slots for the usual
	// MTU would be too few in the same memory for a crowd that comes at once.
	ringSlot = 512
	// ringBlock is what the kernel allocates at once.
	ringBlock = 32 << 10
	// ringAddress is where a slot says where the frame comes from, behind a
	// tpacket2_hdr. From its end there are at least 14 bytes to the frame, and 28 to
	// a packet without a link-layer header.
	ringAddress = (unix.SizeofTpacket2Hdr + unix.TPACKET_ALIGNMENT - 1) &^ (unix.TPACKET_ALIGNMENT - 1)
)

// A ring is memory that is shared with the kernel, which writes frames there
// (PACKET_RX_RING of version TPACKET_V2; version 3 hands over many frames at a time,
// but only when a millisecond has passed). It has slots that are used in order: the
// status of each says whose it is.
type ring struct {
	base   unsafe.Pointer
	memory []byte // from base on
	at     int    // the slot of the next frame
	lent   int    // how many slots before it the reader has

	xdp *xdpReceiver // beside the ring, and has the same readers; nil if there is none

	// The memory also keeps the socket alive in the kernel, so it has to go when the
	// link is closed; but not what a reader has or is about to have.
	mu     sync.Mutex
	inside bool // a reader is looking
	closed bool
}

// openRing gives a socket a ring of about size bytes, all of which are in memory all
// the time, if the kernel has as much and knows how.
func openRing(fd, size int) (*ring, error) {
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V2); err != nil {
		return nil, os.NewSyscallError("setsockopt PACKET_VERSION", err)
	}
	// With any value but 0 the kernel queues what is longer than a slot.
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_COPY_THRESH, ringSlot); err != nil {
		return nil, os.NewSyscallError("setsockopt PACKET_COPY_THRESH", err)
	}
	blocks := max(1, size/ringBlock)
	req := unix.TpacketReq{
		Block_size: ringBlock, Block_nr: uint32(blocks),
		Frame_size: ringSlot, Frame_nr: uint32(blocks * (ringBlock / ringSlot)),
	}
	if err := unix.SetsockoptTpacketReq(fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &req); err != nil {
		return nil, os.NewSyscallError("setsockopt PACKET_RX_RING", err)
	}
	length := blocks * ringBlock
	base, err := unix.MmapPtr(fd, 0, nil, uintptr(length), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		// Without a ring the socket is as it was.
		err = errors.Join(os.NewSyscallError("mmap", err), unix.SetsockoptTpacketReq(fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &unix.TpacketReq{}))
		return nil, err
	}
	return &ring{base: base, memory: unsafe.Slice((*byte)(base), length)}, nil
}

// slots returns how many frames the ring holds.
func (r *ring) slots() int { return len(r.memory) / ringSlot }

// slot returns the slot that comes ahead slots after the next one.
func (r *ring) slot(ahead int) []byte {
	i := (r.at + ahead + r.slots()) % r.slots()
	return r.memory[i*ringSlot : (i+1)*ringSlot]
}

// ringHeader returns what the kernel writes at the beginning of a slot.
func ringHeader(slot []byte) *unix.Tpacket2Hdr { return (*unix.Tpacket2Hdr)(unsafe.Pointer(&slot[0])) }

// status returns the status of a slot. What is in one that is the reader's can be
// read from then on.
func status(slot []byte) uint32 { return atomic.LoadUint32(&ringHeader(slot).Status) }

// ready reports whether the next slot has a frame.
func (r *ring) ready() bool { return status(r.slot(0))&unix.TP_STATUS_USER != 0 }

// pass goes on to the next slot; this one stays with the reader.
func (r *ring) pass() {
	r.at = (r.at + 1) % r.slots()
	r.lent++
}

// enter begins a reader's call: the frames of the call before are given back. It
// reports false after close.
func (r *ring) enter() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		r.unmap()
		return false
	}
	r.inside = true
	for ; r.lent > 0; r.lent-- {
		atomic.StoreUint32(&ringHeader(r.slot(-r.lent)).Status, unix.TP_STATUS_KERNEL)
	}
	if r.xdp != nil {
		r.xdp.giveBack()
	}
	return true
}

// leave ends it. It reports false if the link was closed meanwhile, and then there are
// no frames for the reader.
func (r *ring) leave() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.inside = false
	if r.closed {
		r.unmap()
		return false
	}
	return true
}

// close separates the ring from the kernel, at the latest when the reader leaves.
func (r *ring) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	switch {
	case r.inside:
	case r.lent == 0 && (r.xdp == nil || r.xdp.lent == 0):
		r.unmap()
	default:
		// If there is no memory for it, the ring stays until the reader comes again.
		_ = r.keep()
		if r.xdp != nil {
			_ = r.xdp.keepLent()
		}
	}
}

// keep puts a copy of the frames that the reader has in the place of the ring.
func (r *ring) keep() error {
	return keepCopy(r.base, r.memory, func(own []byte) {
		copied := ring{memory: own, at: r.at}
		for i := -r.lent; i < 0; i++ {
			copy(copied.slot(i), r.slot(i))
		}
	})
}

// keepCopy puts memory of our own in the place of what is shared with the kernel, when fill
// has copied there what is needed of it. Whoever reads that at the moment sees no difference.
func keepCopy(base unsafe.Pointer, memory []byte, fill func(own []byte)) error {
	length := uintptr(len(memory))
	own, err := unix.MmapPtr(-1, 0, nil, length, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return os.NewSyscallError("mmap", err)
	}
	fill(unsafe.Slice((*byte)(own), length))
	if _, err = unix.MremapPtr(own, length, base, length, unix.MREMAP_MAYMOVE|unix.MREMAP_FIXED); err != nil {
		return errors.Join(os.NewSyscallError("mremap", err), unix.MunmapPtr(own, length))
	}
	return nil
}

func (r *ring) unmap() {
	if r.memory != nil {
		_ = unix.MunmapPtr(r.base, uintptr(len(r.memory))) // it is ours, and whole
		r.memory = nil
	}
	if r.xdp != nil {
		r.xdp.unmap()
	}
}
