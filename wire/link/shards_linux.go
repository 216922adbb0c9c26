package link

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// netOrigin is where the filter machine finds the IP header, whatever is in front of it
// (SKF_NET_OFF).
const netOrigin = 1<<32 - 0x100000

// OpenShards opens n links over the named interface that share what comes: each frame
// that one link would receive goes to one of them. A TCP connection has all of its frames
// at the same one, those of both directions and the ICMP errors about it. Exceptions are
// fragments but the first, and IPv6 packets with extension headers: those are for the first
// link. Everything else is as with [Open], of which n is 1 the same; the interface has to
// be up. All of the links have to be read, and closed together.
//
// No frame is received before all of them are there.
func OpenShards(ifname string, n int, cfg *Config) ([]*Packet, error) {
	if n < 1 || n > maxShards {
		return nil, fmt.Errorf("link: open %s: %d shards: %w", ifname, n, unix.EINVAL)
	}
	if cfg == nil {
		cfg = &Config{}
	}
	if cfg.XDP && n > 1 {
		return nil, fmt.Errorf("link: open %s: XDP is for one link, not for %d shards: %w", ifname, n, errors.ErrUnsupported)
	}
	var shards []*Packet
	err := func() error {
		for range n {
			p, err := openShut(ifname, cfg)
			if err != nil {
				return err
			}
			shards = append(shards, p)
		}
		if err := share(shards); err != nil {
			return fmt.Errorf("link: open %s: %d shards: %w", ifname, n, privilege(err))
		}
		for _, p := range shards {
			if err := p.SetFilter(cfg.Filter); err != nil {
				return err
			}
		}
		return nil
	}()
	if err != nil {
		for _, p := range shards {
			err = errors.Join(err, p.Close())
		}
		return nil, err
	}
	return shards, nil
}

// maxShards is the kernel's limit for the sockets of a group.
const maxShards = 256

// share makes the sockets of the links a group (PACKET_FANOUT).
func share(shards []*Packet) error {
	if len(shards) == 1 {
		return nil
	}
	if up, _, err := shards[0].state(); err == nil && !up {
		return unix.ENETDOWN // the kernel says EINVAL
	}
	program, err := compileSpread(netOrigin)
	if err != nil {
		return err
	}
	raw, err := bpf.Assemble(program)
	if err != nil {
		return err
	}
	kind := unix.PACKET_FANOUT_CBPF
	if !shards[0].wantsOutgoing() {
		// The group has an option of its own for what each socket has asked for.
		kind |= unix.PACKET_FANOUT_FLAG_IGNORE_OUTGOING
	}
	first := kind | unix.PACKET_FANOUT_FLAG_UNIQUEID
	id, err := shards[0].join(0, first)
	if errors.Is(err, unix.EINVAL) && kind != unix.PACKET_FANOUT_CBPF {
		// An older kernel; readers drop outgoing frames by their packet type.
		kind = unix.PACKET_FANOUT_CBPF
		id, err = shards[0].join(0, kind|unix.PACKET_FANOUT_FLAG_UNIQUEID)
	}
	if err != nil {
		return err
	}
	for _, p := range shards[1:] {
		if _, err := p.join(id, kind); err != nil {
			return err
		}
	}
	return shards[0].control(func(fd int) error {
		filter := make([]unix.SockFilter, len(raw))
		for i, r := range raw {
			filter[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
		}
		prog := unix.SockFprog{Len: uint16(len(filter)), Filter: unsafe.SliceData(filter)}
		return os.NewSyscallError("setsockopt PACKET_FANOUT_DATA", unix.SetsockoptSockFprog(fd, unix.SOL_PACKET, unix.PACKET_FANOUT_DATA, &prog))
	})
}

// join puts the socket in a group and returns which one.
func (p *Packet) join(id, kind int) (got int, err error) {
	err = p.control(func(fd int) error {
		if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_FANOUT, id|kind<<16); err != nil {
			return os.NewSyscallError("setsockopt PACKET_FANOUT", err)
		}
		got, err = unix.GetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_FANOUT)
		return os.NewSyscallError("getsockopt PACKET_FANOUT", err)
	})
	return got & 0xffff, err
}

// control does something with the receiving socket.
func (p *Packet) control(do func(fd int) error) error {
	raw, err := p.conn.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) { failed = do(int(fd)) })
	return errors.Join(err, failed)
}
