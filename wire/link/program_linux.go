package link

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/features"
	"golang.org/x/sys/unix"

	"tfocraft/wire"
)

// A programBlaster sends by a BPF program that the kernel runs when it is told
// to (BPF_PROG_TEST_RUN): nothing is attached to the interface. The program has one
// packet, writes frame after frame into it, and sends a clone of each. What it saves is
// not so much the system calls as what comes with them: a packet socket lets softirqs
// run after every frame, and where the other end of a veth pair is served by another
// core, each may then cost an interrupt of that core, which on a virtual machine is
// dearer than all the rest. A run of the program is one such section.
//
// Frames go through the queueing discipline, and are seen by taps, as those of a
// packet socket do.
type programBlaster struct {
	name  string
	index int
	mtu   int
	buffers
	closed  atomic.Bool
	sending sync.Mutex // held by Send, and by Close for the last time
	socket  *quietSocket
	home    namespace
	memory  *ebpf.Map
	program *ebpf.Program
	// The kernel looks the interface up in the namespace of the thread that calls. The
	// program checks that it is the right one if it can, else we do.
	checks  bool
	shared  []byte // the memory of the map, which the program reads
	slotLen int
	attr    runAttr
	once    bool // what a full queue drops is an error at once
}

// What the memory that is shared with the program begins with. The lengths of the frames
// follow, then from sharedHead on their slots.
const (
	sharedCount  = 0 // how many frames there are
	sharedDone   = 4 // how many have gone
	sharedCookie = 8 // of the network namespace to send in

	sharedLengths = 64
	sharedHead    = 8192
)

// line is the length of a cache line. Slots take an odd number of them, so that their
// beginnings are not all in the same few sets of a cache.
const line = 64

// What the program returns besides negative errnos.
const (
	programDone       = 0
	netXmitCongestion = 2       // NET_XMIT_CN; other small numbers say that a frame was dropped
	programElsewhere  = 1 << 16 // the thread is in another network namespace
)

// maxIn is how much of the first frame the kernel is given as the packet to begin with.
// The program makes it longer, in memory of the size that suits short frames; what is
// allocated for the run itself would be the next power of two, also for every clone.
const maxIn = 64

// A runAttr is what BPF_PROG_TEST_RUN takes of union bpf_attr.
type runAttr struct {
	program, result       uint32
	sizeIn, sizeOut       uint32
	in, out               *byte
	repeat, duration      uint32
	contextIn, contextOut uint32
	context               [2]*byte
	flags, cpu, batch     uint32
	_                     uint32
}

// openProgram fails where the kernel has no memory that is shared with a program
// (Linux 5.5), or does not let us load one, which takes CAP_BPF and CAP_NET_ADMIN.
func openProgram(ifi *net.Interface, cfg *BlasterConfig) (*programBlaster, error) {
	// Programs of this kind can ask for their namespace since Linux 6.15.
	return openProgramThat(ifi, cfg, features.HaveProgramHelper(ebpf.SchedCLS, asm.FnGetNetnsCookie) == nil)
}

func openProgramThat(ifi *net.Interface, cfg *BlasterConfig, checks bool) (*programBlaster, error) {
	n := cfg.batch()
	length := ifi.MTU + maxHeaderLen
	b := &programBlaster{
		name: ifi.Name, index: ifi.Index, mtu: ifi.MTU,
		buffers: newBuffers(n, length),
		slotLen: (length+line-1)/line*line | line,
		checks:  checks,
	}
	if err := b.open(ifi, n); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

func (b *programBlaster) open(ifi *net.Interface, n int) (err error) {
	if b.socket, err = openQuiet(ifi); err != nil {
		return err
	}
	if b.home, err = currentNamespace(); err != nil {
		return err
	}
	size := sharedHead + n*b.slotLen
	b.memory, err = ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: uint32(size), MaxEntries: 1, Flags: unix.BPF_F_MMAPABLE})
	if err != nil {
		return err
	}
	page := os.Getpagesize()
	if b.shared, err = unix.Mmap(b.memory.FD(), 0, (size+page-1)/page*page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err != nil {
		return os.NewSyscallError("mmap", err)
	}
	b.program, err = ebpf.NewProgram(&ebpf.ProgramSpec{Name: "tfo_blaster", Type: ebpf.SchedCLS, License: "MIT", Instructions: b.instructions(n)})
	if err != nil {
		return err
	}
	cookie, err := b.socket.namespaceCookie()
	if err != nil {
		return err
	}
	binary.NativeEndian.PutUint64(b.shared[sharedCookie:], cookie)
	b.attr = runAttr{program: uint32(b.program.FD()), repeat: 1}
	return nil
}

// instructions returns the program:
//
//	if checks && bpf_get_netns_cookie(skb) != shared.cookie { return elsewhere }
//	for i := 0; i < shared.count && i < n; i++ {
//		if len := shared.lengths[i]; skb.len != len { bpf_skb_change_tail(skb, len) }
//		bpf_skb_store_bytes(skb, 0, slot i, len)
//		if r := bpf_clone_redirect(skb, index); r != 0 { return r }
//		shared.done = i + 1
//	}
//	return 0
func (b *programBlaster) instructions(n int) asm.Instructions {
	const (
		skb, shared, i, count = asm.R6, asm.R7, asm.R8, asm.R9
		length                = -8 // on the stack
		skbLen                = 0  // in struct __sk_buff
	)
	begin := asm.Instructions{
		asm.Mov.Reg(skb, asm.R1),
		asm.LoadMapValue(shared, b.memory.FD(), 0),
	}
	check := asm.Instructions{
		asm.FnGetNetnsCookie.Call(),
		asm.Mov.Reg(asm.R1, asm.R0),
		asm.LoadMem(asm.R2, shared, sharedCookie, asm.DWord),
		asm.Mov.Imm(asm.R0, programElsewhere),
		asm.JNE.Reg(asm.R1, asm.R2, "out"),
	}
	if !b.checks {
		check = nil
	}
	loop := asm.Instructions{
		asm.LoadMem(count, shared, sharedCount, asm.Word),
		asm.Mov.Imm(i, 0),

		asm.Mov.Imm(asm.R0, programDone).WithSymbol("next"),
		asm.JGE.Reg(i, count, "out"),
		asm.JGE.Imm(i, int32(n), "out"), // for the verifier
		asm.Mov.Reg(asm.R1, i),
		asm.LSh.Imm(asm.R1, 2),
		asm.Add.Reg(asm.R1, shared),
		asm.LoadMem(asm.R2, asm.R1, sharedLengths, asm.Word),
		asm.JGT.Imm(asm.R2, int32(b.slotLen), "out"), // likewise
		asm.JLT.Imm(asm.R2, wire.EthernetLen, "out"),
		asm.StoreMem(asm.R10, length, asm.R2, asm.DWord),
		asm.LoadMem(asm.R1, skb, skbLen, asm.Word),
		asm.JEq.Reg(asm.R1, asm.R2, "store"),
		asm.Mov.Reg(asm.R1, skb),
		asm.Mov.Imm(asm.R3, 0),
		asm.FnSkbChangeTail.Call(),
		asm.JNE.Imm(asm.R0, 0, "out"),

		asm.Mov.Reg(asm.R1, skb).WithSymbol("store"),
		asm.Mov.Imm(asm.R2, 0),
		asm.Mov.Reg(asm.R3, i),
		asm.Mul.Imm(asm.R3, int32(b.slotLen)),
		asm.Add.Reg(asm.R3, shared),
		asm.Add.Imm(asm.R3, sharedHead),
		asm.LoadMem(asm.R4, asm.R10, length, asm.DWord),
		asm.Mov.Imm(asm.R5, 0),
		asm.FnSkbStoreBytes.Call(),
		asm.JNE.Imm(asm.R0, 0, "out"),
		asm.Mov.Reg(asm.R1, skb),
		asm.Mov.Imm(asm.R2, int32(b.index)),
		asm.Mov.Imm(asm.R3, 0),
		asm.FnCloneRedirect.Call(),
		asm.JNE.Imm(asm.R0, 0, "out"),
		asm.Add.Imm(i, 1),
		asm.StoreMem(shared, sharedDone, i, asm.Word),
		asm.Ja.Label("next"),

		asm.Return().WithSymbol("out"),
	}
	return slices.Concat(begin, check, loop)
}

// Send implements [Blaster].
func (b *programBlaster) Send(frames [][]byte) (int, error) {
	b.check(frames)
	b.sending.Lock()
	defer b.sending.Unlock()
	done := 0
	for tries := 0; done < len(frames); {
		if b.closed.Load() {
			return done, net.ErrClosed
		}
		n, err := b.load(frames[done:])
		if err == nil {
			n, err = b.run()
		}
		if done += n; n > 0 {
			tries = 0
		}
		switch {
		case err == nil:
		case errors.Is(err, unix.ENOBUFS) && tries < sendTries && !b.once:
			sleep(firstSendWait << tries)
			tries++
		default:
			return done, err
		}
	}
	return done, nil
}

// load gives the program the frames that come first and have one EtherType, and
// returns how many these are: the kernel is told the type once. The error says
// why it is none.
func (b *programBlaster) load(frames [][]byte) (n int, err error) {
	for _, f := range frames {
		if err = b.checkFrame(f); err != nil || etherType(f) != etherType(frames[0]) {
			break
		}
		copy(b.shared[sharedHead+n*b.slotLen:], f)
		binary.NativeEndian.PutUint32(b.shared[sharedLengths+4*n:], uint32(len(f)))
		n++
	}
	if n == 0 {
		return 0, err
	}
	binary.NativeEndian.PutUint32(b.shared[sharedCount:], uint32(n))
	binary.NativeEndian.PutUint32(b.shared[sharedDone:], 0)
	return n, nil
}

// etherType returns what stands behind the hardware addresses: of a frame with a tag,
// that of the tag.
func etherType(frame []byte) uint16 { return binary.BigEndian.Uint16(frame[wire.EthernetLen-2:]) }

// checkFrame finds what a packet socket would refuse.
func (b *programBlaster) checkFrame(f []byte) error {
	switch {
	case len(f) < wire.EthernetLen:
		return fmt.Errorf("link: %s: frame of %d bytes has no Ethernet header: %w", b.name, len(f), unix.EINVAL)
	case len(f) > b.mtu+wire.EthernetLen:
		if header, _, _ := headerLen(f); len(f) > b.mtu+header {
			return tooLong(b.name, len(f), b.mtu)
		}
	}
	return nil
}

// run sends what was loaded, and returns how many frames have gone.
func (b *programBlaster) run() (int, error) {
	if err := b.callAtHome(); err != nil {
		return 0, fmt.Errorf("link: %s: %w", b.name, err)
	}
	done := int(binary.NativeEndian.Uint32(b.shared[sharedDone:]))
	switch result := int32(b.attr.result); {
	case result == programDone:
		return done, nil
	case result == netXmitCongestion:
		return b.congested(done)
	case result > 0, result == -int32(unix.ENOMEM):
		return done, unix.ENOBUFS
	case result == -int32(unix.EINVAL): // there is no such interface
		return done, sendError(b.name, b.mtu, 0, unix.ENXIO)
	default:
		return done, sendError(b.name, b.mtu, 0, unix.Errno(-result))
	}
}

// callAtHome makes the kernel run the program for a thread in the right namespace.
func (b *programBlaster) callAtHome() error {
	if !b.checks {
		here, err := b.home.isHere()
		if err != nil {
			return err
		}
		if !here {
			return b.home.do(b.call)
		}
	}
	err := b.call()
	if err == nil && b.attr.result == programElsewhere {
		err = b.home.do(b.call)
	}
	return err
}

// congested judges what a queue answers that has taken a frame and dropped another,
// and also the queue of an interface that is down, which drops everything.
func (b *programBlaster) congested(done int) (int, error) {
	up := true
	if err := b.socket.raw.Control(func(fd uintptr) { up = isUp(int(fd), b.index) }); err != nil {
		return done, err
	}
	if !up {
		return done, sendError(b.name, b.mtu, 0, unix.ENETDOWN)
	}
	return done + 1, nil
}

// call makes the kernel run the program.
func (b *programBlaster) call() error {
	first := b.shared[sharedHead:]
	b.attr.in, b.attr.sizeOut = unsafe.SliceData(first), 0 // which the kernel has written
	b.attr.sizeIn = min(binary.NativeEndian.Uint32(b.shared[sharedLengths:]), maxIn)
	for {
		_, _, errno := unix.Syscall(unix.SYS_BPF, unix.BPF_PROG_TEST_RUN, uintptr(unsafe.Pointer(&b.attr)), unsafe.Sizeof(b.attr))
		switch errno {
		case 0:
			return nil
		case unix.EINTR:
		default:
			return os.NewSyscallError("bpf BPF_PROG_TEST_RUN", errno)
		}
	}
}

// Method implements [Blaster].
func (b *programBlaster) Method() Method { return Method{Name: MethodProgram} }

// Close implements [Blaster].
func (b *programBlaster) Close() error {
	if b.closed.Swap(true) {
		return nil
	}
	b.sending.Lock()
	defer b.sending.Unlock()
	var errs []error
	if b.program != nil {
		errs = append(errs, b.program.Close())
	}
	if b.shared != nil {
		errs = append(errs, unix.Munmap(b.shared))
		b.shared = nil
	}
	if b.memory != nil {
		errs = append(errs, b.memory.Close())
	}
	if b.home.file != nil {
		errs = append(errs, b.home.file.Close())
	}
	if b.socket != nil {
		errs = append(errs, b.socket.Close())
	}
	return errors.Join(errs...)
}
