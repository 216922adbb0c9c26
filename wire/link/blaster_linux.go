package link

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
)

// OpenBlaster opens a [Blaster] over the named interface of the calling thread's
// network namespace, by the fastest way that works. It needs CAP_NET_RAW
// ([ErrPrivilege]), and takes the interfaces that [Open] does.
func OpenBlaster(ifname string, cfg *BlasterConfig) (Blaster, error) {
	ifi, err := interfaceByName(ifname)
	if err != nil {
		return nil, err
	}
	form, err := formOf(ifi)
	if err != nil {
		return nil, err
	}
	if form != formEthernet {
		return openLinkBlaster(ifname, cfg)
	}
	b, err := openMethod(ifi, cfg)
	if err != nil {
		return nil, fmt.Errorf("link: open %s: %w", ifname, privilege(err))
	}
	return b, nil
}

// openMethod opens the way that cfg names, or else the first that works.
func openMethod(ifi *net.Interface, cfg *BlasterConfig) (Blaster, error) {
	switch cfg.method() {
	case MethodProgram:
		return openProgram(ifi, cfg)
	case MethodSendmmsg:
		return openSendmmsg(ifi, cfg)
	case "":
	default:
		return nil, fmt.Errorf("no way to send is called %q: %w", cfg.Method, errors.ErrUnsupported)
	}
	b, failed := openProgram(ifi, cfg)
	if failed == nil {
		return b, nil
	}
	other, err := openSendmmsg(ifi, cfg)
	if err != nil {
		return nil, err
	}
	other.fallback = fmt.Errorf("no %s: %w", MethodProgram, failed)
	return other, nil
}

// openLinkBlaster is for what a packet socket alone cannot do.
func openLinkBlaster(ifname string, cfg *BlasterConfig) (Blaster, error) {
	if m := cfg.method(); m != "" && m != MethodLink {
		return nil, fmt.Errorf("link: open %s: %s is for Ethernet devices: %w", ifname, m, errors.ErrUnsupported)
	}
	l, err := Open(ifname, deaf)
	if err != nil {
		return nil, err
	}
	return NewBlaster(l, cfg), nil
}

// deaf is for a link that only sends: no frame is for this port at this address.
var deaf = &Config{Filter: &Filter{Addrs: []netip.Addr{netip.IPv4Unspecified()}, Ports: []PortRange{Port(0)}}, ReceiveBuffer: 1}

// An mmsgBlaster sends by sendmmsg(2).
type mmsgBlaster struct {
	name string
	mtu  int
	buffers
	socket   *quietSocket
	sender   *sender
	fallback error
	closed   atomic.Bool
}

func openSendmmsg(ifi *net.Interface, cfg *BlasterConfig) (*mmsgBlaster, error) {
	socket, err := openQuiet(ifi)
	if err != nil {
		return nil, err
	}
	var failed error
	err = socket.raw.Control(func(fd uintptr) { failed = setSendBuffer(int(fd)) })
	if err = errors.Join(err, failed); err != nil {
		return nil, errors.Join(err, socket.Close())
	}
	b := &mmsgBlaster{
		name: ifi.Name, mtu: ifi.MTU,
		buffers: newBuffers(cfg.batch(), ifi.MTU+maxHeaderLen),
		socket:  socket,
		sender:  newSender(socket.raw, formEthernet.loader(ifi.Index)),
	}
	b.sender.sleep = sleep
	return b, nil
}

// Send implements [Blaster].
func (b *mmsgBlaster) Send(frames [][]byte) (int, error) {
	b.check(frames)
	done := 0
	for done < len(frames) {
		if b.closed.Load() {
			return done, net.ErrClosed
		}
		n, err := b.sender.send(frames[done:min(len(frames), done+sendBatch)])
		done += n
		if err != nil && b.closed.Load() {
			return done, net.ErrClosed
		}
		if err != nil {
			return done, sendError(b.name, b.mtu, len(frames[done]), err)
		}
	}
	return done, nil
}

// Method implements [Blaster].
func (b *mmsgBlaster) Method() Method { return Method{MethodSendmmsg, b.fallback} }

// Close implements [Blaster].
func (b *mmsgBlaster) Close() error {
	if b.closed.Swap(true) {
		return nil
	}
	return b.socket.Close()
}
