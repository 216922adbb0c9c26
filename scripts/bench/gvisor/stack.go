package main

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/fdbased"
	"gvisor.dev/gvisor/pkg/tcpip/link/qdisc/fifo"
	"gvisor.dev/gvisor/pkg/tcpip/network/arp"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"

	"tfocraft/scripts/bench/internal/bulk"
)

const (
	nicID = 1

	hostGSOMax  = 65536 // bytes; what a veth has
	fifoPackets = 1000  // the length that runsc gives its queue
)

// config is what bears on speed.
type config struct {
	gso, dispatch, congestion string
	gro, rxSum, txSum         bool
	rack, sack, fifo          bool
	buffer, socketBuffer      int // bytes
	processors                int // 0: as many as GOMAXPROCS
}

func (c *config) register(f *flag.FlagSet) {
	f.StringVar(&c.gso, "gso", "host", "segmentation: host (PACKET_VNET_HDR), own (gVisor's) or off")
	f.StringVar(&c.dispatch, "dispatch", "recvmmsg", "how to receive: recvmmsg, mmap or readv")
	f.StringVar(&c.congestion, "cc", "reno", "congestion control: cubic or reno")
	f.BoolVar(&c.gro, "gro", false, "gVisor's generic receive offload")
	f.BoolVar(&c.rxSum, "rxsum", true, "do not check sums, as the kernel on the same machine leaves them unfinished")
	f.BoolVar(&c.txSum, "txsum", false, "do not make sums (a kernel peer drops what comes so)")
	f.BoolVar(&c.rack, "rack", false, "RACK loss detection")
	f.BoolVar(&c.sack, "sack", true, "selective acknowledgment")
	f.BoolVar(&c.fifo, "fifo", true, "send through a queue of its own, as runsc does")
	f.IntVar(&c.buffer, "buffer", 4<<20, "bytes of send and receive buffer of a connection")
	f.IntVar(&c.socketBuffer, "socket-buffer", 64<<20, "bytes of send and receive buffer of the packet socket")
	f.IntVar(&c.processors, "processors", 0, "goroutines that handle packets, 0 for one a processor")
}

// open makes a stack with one interface, and everything reachable by it.
func (c *config) open(o bulk.Options) (*stack.Stack, error) {
	ifi, err := net.InterfaceByName(o.Interface)
	if err != nil {
		return nil, err
	}
	s := stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol, ipv6.NewProtocol, arp.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol},
		HandleLocal:        true,
	})
	if err := c.tune(s); err != nil {
		return nil, err
	}
	ep, err := c.link(ifi)
	if err != nil {
		return nil, err
	}
	nic := stack.NICOptions{Name: o.Interface}
	if c.fifo {
		nic.QDisc = fifo.New(ep, runtime.GOMAXPROCS(0), fifoPackets)
	}
	if err := failed(s.CreateNICWithOptions(nicID, ep, nic)); err != nil {
		return nil, err
	}
	addr := tcpip.ProtocolAddress{
		Protocol:          protocol(o.Addr),
		AddressWithPrefix: tcpip.AddrFromSlice(o.Addr.AsSlice()).WithPrefix(),
	}
	if err := failed(s.AddProtocolAddress(nicID, addr, stack.AddressProperties{})); err != nil {
		return nil, err
	}
	s.SetRouteTable([]tcpip.Route{
		{Destination: header.IPv4EmptySubnet, NIC: nicID},
		{Destination: header.IPv6EmptySubnet, NIC: nicID},
	})
	return s, nil
}

// tune sets what TCP is to do.
func (c *config) tune(s *stack.Stack) error {
	sack, moderate := tcpip.TCPSACKEnabled(c.sack), tcpip.TCPModerateReceiveBufferOption(true)
	congestion, recovery := tcpip.CongestionControlOption(c.congestion), tcpip.TCPRecovery(0)
	if c.rack {
		recovery = tcpip.TCPRACKLossDetection
	}
	for _, option := range []tcpip.SettableTransportProtocolOption{
		&sack, &moderate, &congestion, &recovery,
		&tcpip.TCPSendBufferSizeRangeOption{Min: 4096, Default: c.buffer, Max: c.buffer},
		&tcpip.TCPReceiveBufferSizeRangeOption{Min: 4096, Default: c.buffer, Max: c.buffer},
	} {
		if err := failed(s.SetTransportProtocolOption(tcp.ProtocolNumber, option)); err != nil {
			return fmt.Errorf("%T: %w", option, err)
		}
	}
	return nil
}

// link makes the way to the interface.
func (c *config) link(ifi *net.Interface) (stack.LinkEndpoint, error) {
	fd, err := c.socket(ifi)
	if err != nil {
		return nil, err
	}
	o := fdbased.Options{
		FDs: []int{fd}, MTU: uint32(ifi.MTU), EthernetHeader: true, Address: tcpip.LinkAddress(ifi.HardwareAddr),
		RXChecksumOffload: c.rxSum, TXChecksumOffload: c.txSum, GRO: c.gro, ProcessorsPerChannel: c.processors,
	}
	switch c.gso {
	case "host":
		o.GSOMaxSize = hostGSOMax
	case "own":
		o.GSOMaxSize, o.GVisorGSOEnabled = stack.GVisorGSOMaxSize, true
	case "off":
	default:
		return nil, fmt.Errorf("gso %q is not host, own or off", c.gso)
	}
	switch c.dispatch {
	case "recvmmsg":
		o.PacketDispatchMode = fdbased.RecvMMsg
	case "mmap":
		o.PacketDispatchMode = fdbased.PacketMMap
	case "readv":
		o.PacketDispatchMode = fdbased.Readv
	default:
		return nil, fmt.Errorf("dispatch %q is not recvmmsg, mmap or readv", c.dispatch)
	}
	return fdbased.New(&o)
}

// socket opens a packet socket with everything that comes to the interface.
func (c *config) socket(ifi *net.Interface) (int, error) {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	const everything = unix.ETH_P_ALL<<8 | unix.ETH_P_ALL>>8 // in network byte order
	err = unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: everything & 0xffff, Ifindex: ifi.Index})
	if err == nil && c.gso == "host" {
		err = unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_VNET_HDR, 1)
	}
	for _, option := range []int{unix.SO_RCVBUFFORCE, unix.SO_SNDBUFFORCE} {
		err = errors.Join(err, unix.SetsockoptInt(fd, unix.SOL_SOCKET, option, c.socketBuffer))
	}
	if err != nil {
		unix.Close(fd)
		return -1, fmt.Errorf("packet socket on %s: %w", ifi.Name, err)
	}
	return fd, nil
}
