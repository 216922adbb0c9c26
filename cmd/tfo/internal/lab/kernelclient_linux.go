package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// tcpiOptSynData is TCPI_OPT_SYN_DATA of linux/tcp.h.
const tcpiOptSynData = 32

// Exchange connects with sendto(MSG_FASTOPEN) or, without Fast Open, with connect, sends the request, reads until the server ends the connection, and closes.
// With an error the exchange holds what there was up to then.
func (c *KernelClient) Exchange(ctx context.Context, remote netip.AddrPort, request []byte) (KernelExchange, error) {
	var x KernelExchange
	s, err := newKernelSocket(c.Host, remote.Addr())
	if err != nil {
		return x, err
	}
	defer s.Close()
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(c.Timeout, DefaultTimeout))
	defer cancel()
	defer s.interrupt(ctx)()
	if err := c.exchange(s, remote, request, &x); err != nil {
		return x, fmt.Errorf("lab: %s: kernel client to %s: %w", c.Host.Name, remote, ended(ctx, err))
	}
	return x, nil
}

func (c *KernelClient) exchange(s *kernelSocket, remote netip.AddrPort, request []byte, x *KernelExchange) error {
	if c.Source.IsValid() {
		if err := s.bind(c.Source); err != nil {
			return err
		}
	}
	sent, err := c.open(s, remote, request)
	if err != nil {
		return err
	}
	if x.Local, err = s.localAddr(); err != nil {
		return err
	}
	if rest := request[sent:]; len(rest) > 0 {
		if _, err := s.Write(rest); err != nil {
			return err
		}
	}
	if c.CloseFirst {
		if err := s.endRequests(); err != nil {
			return err
		}
	}
	x.Reply, x.FirstByte, err = ReadReply(s)
	return errors.Join(err, s.control("getsockopt", func(fd int) error {
		info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
		if err == nil {
			x.SynDataAcked = info.Options&tcpiOptSynData != 0
		}
		return err
	}))
}

// open begins to connect, and returns how much of the request has gone with the SYN.
func (c *KernelClient) open(s *kernelSocket, remote netip.AddrPort, request []byte) (sent int, err error) {
	if c.NoFastOpen {
		return 0, s.connect(remote)
	}
	return s.sendFastOpen(remote, request)
}

// endRequests ends the sending side once there is a connection.
func (s *kernelSocket) endRequests() error {
	if err := s.connected(); err != nil {
		return err
	}
	return s.shutdown()
}

// sendFastOpen returns how much of data the kernel took along. EINPROGRESS means none: the SYN asks for a cookie, and
// the data has to be written once more, which waits for the handshake.
func (s *kernelSocket) sendFastOpen(remote netip.AddrPort, data []byte) (sent int, err error) {
	err = s.control("sendto", func(fd int) error {
		n, err := unix.SendmsgN(fd, data, nil, sockaddr(remote), unix.MSG_FASTOPEN|unix.MSG_NOSIGNAL)
		if errors.Is(err, unix.EINPROGRESS) {
			return nil
		}
		sent = max(n, 0)
		return err
	})
	return sent, err
}
