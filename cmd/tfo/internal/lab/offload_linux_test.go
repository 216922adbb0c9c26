package lab

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

const ethernetHeader = 14

// capture collects every frame that the first interface of a host sees, until the returned function is called.
func capture(t *testing.T, h *Host) (frames func() [][]byte) {
	t.Helper()
	protocol := binary.NativeEndian.Uint16([]byte{0, unix.ETH_P_ALL}) // network byte order
	fd := -1
	err := h.Do(func() (err error) {
		fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, int(protocol))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return func() (frames [][]byte) {
		b := make([]byte, 1<<17)
		for {
			n, _, err := unix.Recvfrom(fd, b, unix.MSG_TRUNC)
			if errors.Is(err, unix.EAGAIN) {
				return frames
			}
			if err != nil {
				t.Fatal(err)
			}
			frames = append(frames, bytes.Clone(b[:n]))
		}
	}
}

// exchangeLarge lets kernel peers exchange more than a segment and returns what the client's interface saw.
func exchangeLarge(t *testing.T, l *Lab, ipv6 bool) [][]byte {
	t.Helper()
	frames := capture(t, l.Client)
	_, addr := l.Addresses(ipv6)
	s := serve(t, l.Server, KernelServerConfig{
		Listen: netip.AddrPortFrom(addr, 80),
		Reply:  func(netip.AddrPort, []byte) []byte { return make([]byte, 40000) },
	})
	client := KernelClient{Host: l.Client}
	if _, err := client.Exchange(t.Context(), s.Addr(), make([]byte, 4000)); err != nil {
		t.Fatal(err)
	}
	return frames()
}

// D-14, D-16: frames in a lab are what the wire would carry, and a capture holds the exchange and the search for the
// neighbour, nothing else.
func TestFramesAreExact(t *testing.T) {
	for _, cfg := range []Config{{}, {IPv6: true}, {IPv6: true, Router: true}, {Router: true}} {
		t.Run(fmt.Sprintf("%+v", cfg), func(t *testing.T) {
			segments := 0
			for _, frame := range exchangeLarge(t, newLab(t, cfg), cfg.IPv6) {
				if got, want := len(frame), defaultMTU+ethernetHeader; got > want {
					t.Errorf("frame of %d bytes, want at most %d", got, want)
				}
				switch kind := frameKind(frame); kind {
				case "tcp":
					segments++
					if !tcpChecksumIsWhole(frame) {
						t.Errorf("checksum is not whole: %x", frame)
					}
				case "arp", "neighbour":
				default:
					t.Errorf("%s in the capture: %x", kind, frame)
				}
			}
			if segments < 30 {
				t.Errorf("segments = %d, want at least 30", segments)
			}
		})
	}
}

// D-14, D-16: what Offload is for.
func TestOffloadLeavesFramesUnfinished(t *testing.T) {
	long, unfinished := 0, 0
	for _, frame := range exchangeLarge(t, newLab(t, Config{Offload: true}), false) {
		if len(frame) > defaultMTU+ethernetHeader {
			long++
		}
		if frameKind(frame) == "tcp" && !tcpChecksumIsWhole(frame) {
			unfinished++
		}
	}
	if long == 0 || unfinished == 0 {
		t.Errorf("frames above the MTU = %d, with unfinished checksums = %d, want some of both", long, unfinished)
	}
}

func frameKind(frame []byte) string {
	const nextHeader, icmpType = ethernetHeader + 6, ethernetHeader + 40
	switch protocol := binary.BigEndian.Uint16(frame[12:]); {
	case protocol == unix.ETH_P_ARP:
		return "arp"
	case protocol == unix.ETH_P_IP && frame[ethernetHeader+9] == unix.IPPROTO_TCP:
		return "tcp"
	case protocol == unix.ETH_P_IPV6 && frame[nextHeader] == unix.IPPROTO_TCP:
		return "tcp"
	case protocol == unix.ETH_P_IPV6 && frame[nextHeader] == unix.IPPROTO_ICMPV6 &&
		(frame[icmpType] == 135 || frame[icmpType] == 136):
		return "neighbour"
	default:
		return fmt.Sprintf("protocol %#04x", protocol)
	}
}

// tcpChecksumIsWhole sums up the segment and its pseudo-header (RFC 9293, Section 3.1), for IP headers without options.
func tcpChecksumIsWhole(frame []byte) bool {
	packet := frame[ethernetHeader:]
	addresses, segment := packet[8:40], packet[40:]
	if packet[0]>>4 == 4 {
		addresses, segment = packet[12:20], packet[20:binary.BigEndian.Uint16(packet[2:])]
	}
	sum := uint32(unix.IPPROTO_TCP + len(segment))
	for _, part := range [][]byte{addresses, segment} {
		for ; len(part) > 1; part = part[2:] {
			sum += uint32(binary.BigEndian.Uint16(part))
		}
		if len(part) == 1 {
			sum += uint32(part[0]) << 8
		}
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return sum == 0xffff
}
