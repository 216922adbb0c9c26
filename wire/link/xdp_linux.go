package link

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/cilium/ebpf"
	ebpflink "github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// An xdpReceiver takes short frames where the driver has them, by a program that runs
// there (XDP in driver mode): before the kernel makes packets of them, and before it moves
// them to another processor, with an interrupt of the one that looks for them. It takes
// what is certainly for the link, and only while the reader looks for frames without
// sleeping ([Poller]); everything else goes on as if there were no program. So nobody has
// to be woken by it, and what it cannot judge it does not have to.
//
// It is used by the reader of the ring beside which it is, under the ring's lock where
// that says so.
type xdpReceiver struct {
	memory  *ebpf.Map
	program *ebpf.Program
	hook    ebpflink.Link

	base   unsafe.Pointer
	shared []byte // the memory of the map, from base on
	mac    [6]byte
	at     uint64 // the number of the next frame
	lent   int    // how many slots before its slot the reader has
	open   bool   // the program takes frames
	filter xdpFilter
	taken  atomic.Uint64
}

// What is in the memory that is shared with the program, by offset. What one side writes
// and the other reads has cache lines of its own.
const (
	xdpOpen  = 0        // uint32: frames are taken
	xdpHead  = 1 * line // uint64: the number of the next frame, which goes to the slot of this number modulo xdpSlotCount
	xdpValid = 2 * line // uint32: the addresses are
	xdpNets4 = 3 * line // networks of local addresses, each its mask and then the address
	xdpNets6 = xdpNets4 + maxXDPNets*2*4
	xdpPorts = 1024 // for each of these networks, IPv4 first, a bit for each port
	xdpSlots = xdpPorts + 2*maxXDPNets*portsLen + 1<<10

	xdpSlot      = 512
	xdpSlotBits  = 11
	xdpSlotCount = 1 << xdpSlotBits
	xdpSize      = xdpSlots + xdpSlotCount*xdpSlot
)

// maxXDPNets is how many networks of either family the program compares addresses with.
const maxXDPNets = 8

// portsLen is the length of the bits for all ports.
const portsLen = 1 << 16 / 8

// What a slot begins with: whose it is and in which round, and the length of the frame, which
// follows.
const (
	slotStatus = 0
	slotLength = 4
	slotFrame  = 8

	// maxXDPFrame is the longest frame that is taken.
	maxXDPFrame = xdpSlot - slotFrame
)

// Whose a slot is. A program that has put a frame there and then sees that the reader
// sleeps takes it back, unless the reader was quicker, and lets the frame go on instead.
const (
	slotFree  = iota // the program's
	slotReady        // the reader's, if it takes it
	slotTaken        // the reader's
	slotVoid         // the reader's, with nothing in it

	// slotRound is what a status grows by from one round over the slots to the next. So a
	// slot whose program is not ready when the others have been round, for its processor
	// was stopped meanwhile, is not given to another one as if it were free.
	slotRound
)

// CheckXDP reports whether the kernel lets us load the program of [Config.XDP]: what is wrong with
// that wraps [ErrXDPPrivilege] if it is a privilege. Whether the driver of an interface has a
// place for it is seen when a link is opened there.
func CheckXDP() error {
	x := &xdpReceiver{}
	err := x.load()
	x.unmap()
	return errors.Join(refusal(err), x.detach())
}

// newXDPReceiver attaches the program to an interface. The error wraps [errors.ErrUnsupported]
// where the driver has no place for it.
func newXDPReceiver(ifi *net.Interface) (*xdpReceiver, error) {
	x := &xdpReceiver{}
	if copy(x.mac[:], ifi.HardwareAddr) != len(x.mac) {
		return nil, fmt.Errorf("XDP: no hardware address: %w", errors.ErrUnsupported)
	}
	err := x.load()
	if err == nil {
		x.hook, err = ebpflink.AttachXDP(ebpflink.XDPOptions{Program: x.program, Interface: ifi.Index, Flags: ebpflink.XDPDriverMode})
		err = attachError(err)
	}
	if err != nil {
		x.unmap()
		return nil, errors.Join(refusal(err), x.detach())
	}
	return x, nil
}

// load makes the memory and the program.
func (x *xdpReceiver) load() (err error) {
	x.memory, err = ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: xdpSize, MaxEntries: 1, Flags: unix.BPF_F_MMAPABLE})
	if err != nil {
		return fmt.Errorf("XDP: %w", err)
	}
	x.base, err = unix.MmapPtr(x.memory.FD(), 0, nil, xdpSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return os.NewSyscallError("mmap", err)
	}
	x.shared = unsafe.Slice((*byte)(x.base), xdpSize)
	x.program, err = ebpf.NewProgram(&ebpf.ProgramSpec{
		Name: "tfo_xdp", Type: ebpf.XDP, License: "MIT", Instructions: x.instructions(),
		Flags: unix.BPF_F_XDP_HAS_FRAGS, // or a driver refuses us for an MTU that takes more than a page
	})
	if err != nil {
		return fmt.Errorf("XDP: %w", err)
	}
	return nil
}

// refusal puts in the place of an error for want of a privilege what is needed: the verifier says
// then what is wrong with the program for those who lack it.
func refusal(err error) error {
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
		return ErrXDPPrivilege
	}
	return err
}

// openXDP gives the link a program, whose frames its reader has together with those of the
// ring.
func (p *Packet) openXDP(ifi *net.Interface) (err error) {
	if p.form != formEthernet || p.tap || p.ring == nil {
		return fmt.Errorf("XDP is for Ethernet devices, with a ring, and not for taps: %w", errors.ErrUnsupported)
	}
	if p.xdp, err = newXDPReceiver(ifi); err != nil {
		return err
	}
	p.ring.xdp = p.xdp
	return nil
}

// attachError says in words what the kernel says by a number.
func attachError(err error) error {
	errno, ok := errors.AsType[unix.Errno](err)
	if !ok {
		return err
	}
	switch errno {
	case unix.EBUSY, unix.EEXIST:
		return fmt.Errorf("XDP: another program is attached: %w", errno)
	case unix.EOPNOTSUPP:
		return fmt.Errorf("XDP: the driver has no place for a program: %w", errors.ErrUnsupported)
	case unix.ERANGE, unix.EINVAL, unix.ENOSPC:
		return fmt.Errorf("XDP: the driver refuses a program, perhaps for the MTU or the number of queues (%w): %w", errno, errors.ErrUnsupported)
	default:
		return fmt.Errorf("XDP: %w", errno)
	}
}

// detach takes the program away, after which frames go their usual way. What is in the
// shared memory stays.
func (x *xdpReceiver) detach() error {
	var errs []error
	if x.hook != nil {
		// To close it is not enough while a process that is just being started has a copy.
		errs = append(errs, x.hook.Detach(), x.hook.Close())
	}
	if x.program != nil {
		errs = append(errs, x.program.Close())
	}
	if x.memory != nil {
		errs = append(errs, x.memory.Close())
	}
	return errors.Join(errs...)
}

// word returns a number of the shared memory.
func (x *xdpReceiver) word(at int) *uint32 { return (*uint32)(unsafe.Pointer(&x.shared[at])) }

// slot returns the slot that comes ahead slots after the next one, its status, and what
// that is in this round while the slot is free.
func (x *xdpReceiver) slot(ahead int) (slot []byte, status *uint32, free uint32) {
	n := x.at + uint64(ahead)
	from := xdpSlots + int(n%xdpSlotCount)*xdpSlot
	return x.shared[from : from+xdpSlot], x.word(from + slotStatus), uint32(n/xdpSlotCount)*slotRound + slotFree
}

// setOpen says whether the reader looks for frames.
func (x *xdpReceiver) setOpen(open bool) {
	if x.open == open {
		return
	}
	x.open = open
	var n uint32
	if open {
		n = 1
	}
	atomic.StoreUint32(x.word(xdpOpen), n)
}

// ready reports whether the next slot is the reader's.
func (x *xdpReceiver) ready() bool {
	_, status, free := x.slot(0)
	s := atomic.LoadUint32(status) - free
	return s == slotReady || s == slotVoid
}

// take fills batch with the frames that are there, and returns how many.
func (x *xdpReceiver) take(batch []Frame) (n int) {
	if !x.ready() {
		return 0
	}
	now := time.Now()
	for n < len(batch) && x.lent < xdpSlotCount && x.ready() {
		slot, status, free := x.slot(0)
		if atomic.CompareAndSwapUint32(status, free+slotReady, free+slotTaken) {
			length := binary.NativeEndian.Uint32(slot[slotLength:])
			data := slot[slotFrame:][:length:length]
			batch[n] = Frame{Data: data, Time: now, Partial: isUnfinished(data)}
			n++
		}
		x.at++
		x.lent++
	}
	x.taken.Add(uint64(n))
	return n
}

// giveBack gives back what the reader has.
func (x *xdpReceiver) giveBack() {
	for ; x.lent > 0; x.lent-- {
		_, status, free := x.slot(-x.lent)
		atomic.StoreUint32(status, free+slotRound)
	}
}

// keepLent puts a copy of the frames that the reader has in the place of the shared memory, as
// ring.keep does. What the kernel has of it goes, once the program has.
func (x *xdpReceiver) keepLent() error {
	return keepCopy(x.base, x.shared, func(own []byte) {
		copied := xdpReceiver{shared: own, at: x.at}
		for i := -x.lent; i < 0; i++ {
			to, _, _ := copied.slot(i)
			from, _, _ := x.slot(i)
			copy(to, from)
		}
	})
}

func (x *xdpReceiver) unmap() {
	if x.shared != nil {
		_ = unix.MunmapPtr(x.base, xdpSize) // it is ours, and whole
		x.shared = nil
	}
}
