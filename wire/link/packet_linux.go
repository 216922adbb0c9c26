package link

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mdlayher/packet"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// A Packet is a link over an interface of this host.
//
// Frames go in and out through an AF_PACKET socket, beside the kernel's own
// stack: its firewall, routing and connection tracking do not see what is sent.
// What is received goes to that stack as well (package iptables keeps it from
// answering).
// The interface may go down and come up again meanwhile: what is sent until
// then is an error that wraps [syscall.ENETDOWN], and receiving waits. Every
// link gets a copy of its own of each frame that its filter lets in, so that
// the filters of two endpoints on one host have to differ in address or port.
//
// # Loopback
//
// The kernel drops IPv4 packets that come to the loopback interface from a
// packet socket as martians, so these go out through a raw IP socket instead,
// which needs no sysctl. Three things differ there. The kernel writes the
// total length and the header checksum of such a packet, and its ID if that is
// zero, so that a wrong value in these fields does not stay wrong. The packet
// goes through the OUTPUT rules of the firewall: one that is dropped there is
// an error that wraps [syscall.EPERM]. And it is routed by its destination,
// which therefore has to be an address of this host. IPv6 has none of this.
type Packet struct {
	name  string
	index int
	mtu   int
	form  form
	tap   bool

	conn    *packet.Conn
	receive receiver
	ring    *ringReceiver // nil if all frames come through the socket's queue

	sending  sync.Mutex // guards the senders
	frames   *sender
	packets  *sender // of the raw IPv4 socket; nil unless loopback
	raw4     *os.File
	segments *segmentSender // nil if the kernel is not asked to cut, or refuses to
	answers  *answerSender  // nil if the socket sends everything
	xdp      *xdpReceiver   // nil if the socket receives everything

	closed atomic.Bool
	life   lifeline
}

var (
	_ Link         = (*Packet)(nil)
	_ FilterSetter = (*Packet)(nil)
	_ Taker        = (*Packet)(nil)
	_ Offloader    = (*Packet)(nil)
	_ Poller       = (*Packet)(nil)
)

// defaultReceiveBuffer holds some hundred frames of 64 KiB.
const defaultReceiveBuffer = 8 << 20

// Open opens a link over the named interface of the calling thread's network
// namespace. It needs CAP_NET_RAW ([ErrPrivilege]). Ethernet devices (VLAN,
// bridge, veth, bond and the like), loopback, and devices without a link-layer
// header (tun, IP tunnels) can be opened; others fail with
// [errors.ErrUnsupported].
//
// No frame that the filter does not let in is ever received, also not while
// the link is being opened: the socket starts without a protocol and with a
// filter that rejects everything, is bound and set up, and gets the wanted
// filter, which replaces the first at one stroke, as the last step.
func Open(ifname string, cfg *Config) (*Packet, error) {
	shards, err := OpenShards(ifname, 1, cfg)
	if err != nil {
		return nil, err
	}
	return shards[0], nil
}

// openShut opens a link whose filter lets nothing in.
func openShut(ifname string, cfg *Config) (*Packet, error) {
	ifi, err := interfaceByName(ifname)
	if err != nil {
		return nil, err
	}
	form, err := formOf(ifi)
	if err != nil {
		return nil, err
	}
	p := &Packet{name: ifi.Name, index: ifi.Index, mtu: ifi.MTU, form: form, tap: cfg.Tap}
	if err := p.open(ifi, cfg); err != nil {
		p.Close()
		return nil, fmt.Errorf("link: open %s: %w", ifname, privilege(err))
	}
	return p, nil
}

func (p *Packet) open(ifi *net.Interface, cfg *Config) error {
	nothing, err := bpf.Assemble([]bpf.Instruction{bpf.RetConstant{Val: 0}})
	if err != nil {
		return err
	}
	p.conn, err = packet.Listen(ifi, p.form.socketType(), unix.ETH_P_ALL, &packet.Config{Filter: nothing})
	if err != nil {
		return err
	}
	raw, err := p.conn.SyscallConn()
	if err != nil {
		return err
	}
	size := cfg.ReceiveBuffer
	if size == 0 {
		size = defaultReceiveBuffer
	}
	var optErr error
	if err := raw.Control(func(fd uintptr) { optErr = p.setOptions(int(fd), size, cfg) }); err != nil {
		return err
	}
	if optErr != nil {
		return optErr
	}
	p.receive.init(raw, p.form)
	p.frames = newSender(raw, p.form.loader(p.index))
	p.life.init(p)
	if cfg.XDP {
		if err := p.openXDP(ifi); err != nil {
			return err
		}
	}
	if p.form == formLoopback {
		if err := p.openRaw4(); err != nil {
			return err
		}
	}
	if p.form == formEthernet && !p.tap {
		if p.segments, err = openSegmentSender(ifi); err != nil {
			return err
		}
		if cfg.Answers && p.segments != nil {
			p.answers = openAnswers(ifi)
		}
	}
	return nil
}

// setOptions prepares the socket while its filter still rejects everything.
func (p *Packet) setOptions(fd, receiveBuffer int, cfg *Config) error {
	// Without CAP_NET_ADMIN the system's limit holds.
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receiveBuffer/2) != nil {
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, receiveBuffer/2); err != nil {
			return os.NewSyscallError("setsockopt SO_RCVBUF", err)
		}
	}
	if err := p.setReceiving(fd, receiveBuffer, cfg); err != nil {
		return err
	}
	if f := cfg.Filter; f != nil && f.Neighbours {
		// Solicitations go to a group for each address, which the device may not let in.
		group := unix.PacketMreq{Ifindex: int32(p.index), Type: unix.PACKET_MR_ALLMULTI}
		if err := unix.SetsockoptPacketMreq(fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, &group); err != nil {
			return os.NewSyscallError("setsockopt PACKET_ADD_MEMBERSHIP", err)
		}
	}
	if p.wantsOutgoing() {
		return nil
	}
	// Linux before 4.20 does not know the option; there the receiver drops
	// outgoing frames by their packet type.
	err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1)
	if err != nil && !errors.Is(err, unix.ENOPROTOOPT) {
		return os.NewSyscallError("setsockopt PACKET_IGNORE_OUTGOING", err)
	}
	return nil
}

// setReceiving makes a ring, or has the queue tell as much as a ring does.
func (p *Packet) setReceiving(fd, receiveBuffer int, cfg *Config) error {
	if !cfg.NoRing {
		// Too little memory, or an old kernel: the queue is only slower.
		if r, err := openRing(fd, receiveBuffer/2); err == nil {
			p.ring = newRingReceiver(r, &p.receive, p.wants)
			p.receive.stats.Ring = r.slots()
			return nil
		}
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_AUXDATA, 1); err != nil {
		return os.NewSyscallError("setsockopt PACKET_AUXDATA", err)
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1); err != nil {
		return os.NewSyscallError("setsockopt SO_TIMESTAMPNS", err)
	}
	return nil
}

// wantsOutgoing reports whether frames on their way out are received. On
// loopback each comes back in.
func (p *Packet) wantsOutgoing() bool { return p.tap && p.form != formLoopback }

// wants reports whether a frame of this packet type is for the reader.
func (p *Packet) wants(pktType uint8) bool {
	if pktType == unix.PACKET_OUTGOING {
		return p.wantsOutgoing()
	}
	return p.tap || pktType == unix.PACKET_HOST
}

// SetFilter implements [FilterSetter].
func (p *Packet) SetFilter(f *Filter) error {
	program := []bpf.Instruction{bpf.RetConstant{Val: accept}}
	if f != nil {
		bare := *f
		bare.Bare = p.form == formBare
		var err error
		if program, err = Compile(bare); err != nil {
			return err
		}
	}
	raw, err := bpf.Assemble(program)
	if err != nil {
		return fmt.Errorf("link: %w: %w", ErrFilter, err)
	}
	switch err := p.conn.SetBPF(raw); {
	case err == nil:
		return p.setXDPFilter(f)
	case p.closed.Load():
		return net.ErrClosed
	case errors.Is(err, unix.ENOMEM):
		return fmt.Errorf("link: %s: filter of %d instructions exceeds net.core.optmem_max: use fewer, wider port ranges: %w", p.name, len(raw), err)
	default:
		return fmt.Errorf("link: %s: set filter: %w", p.name, err)
	}
}

// SetReadDeadline implements [Link].
func (p *Packet) SetReadDeadline(t time.Time) error { return p.life.setReadDeadline(t) }

// MTU implements [Link].
func (p *Packet) MTU() int { return p.mtu }

// Name returns the name of the interface when it was opened.
func (p *Packet) Name() string { return p.name }

// Loopback reports whether the link is over the loopback interface.
func (p *Packet) Loopback() bool { return p.form == formLoopback }

// Stats returns the counters since Open. After Close it returns
// [net.ErrClosed] and what the counters were when they were last asked for.
func (p *Packet) Stats() (Stats, error) {
	stats, err := p.receive.statistics(p.conn)
	if p.xdp != nil {
		stats.XDP = p.xdp.taken.Load()
		stats.Received += stats.XDP
	}
	switch {
	case err == nil:
		return stats, nil
	case p.closed.Load():
		return stats, net.ErrClosed
	}
	return stats, fmt.Errorf("link: %s: statistics: %w", p.name, err)
}

// Close implements [Link].
func (p *Packet) Close() error {
	if p.closed.Swap(true) {
		return nil
	}
	var errs []error
	if p.conn != nil {
		errs = append(errs, p.conn.Close())
	}
	if p.xdp != nil {
		errs = append(errs, p.xdp.detach())
	}
	if p.ring != nil {
		p.ring.close()
	}
	if p.raw4 != nil {
		errs = append(errs, p.raw4.Close())
	}
	if p.segments != nil {
		errs = append(errs, p.segments.socket.Close())
	}
	return errors.Join(append(errs, p.answers.close())...)
}

// privilege adds what is missing to a refusal.
func privilege(err error) error {
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
		return fmt.Errorf("%w (%w)", ErrPrivilege, err)
	}
	return err
}
