package link

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"tfocraft/wire"
)

func (h *host) blaster(ifname string, cfg *BlasterConfig) Blaster {
	h.t.Helper()
	var b Blaster
	h.Do(func() (err error) {
		b, err = OpenBlaster(ifname, cfg)
		return err
	})
	h.t.Cleanup(func() { b.Close() })
	return b
}

// toPort lets in what is sent to ourPort, whoever has the address.
var toPort = &Config{Filter: &Filter{Ports: []PortRange{Port(ourPort)}}}

// eachMethod runs a test for each way to send from one host to another.
func eachMethod(t *testing.T, test func(t *testing.T, near, peer *host, b Blaster)) {
	for _, method := range []string{MethodProgram, MethodSendmmsg} {
		t.Run(method, func(t *testing.T) {
			near, peer := wired(t)
			b := near.blaster("veth0", &BlasterConfig{Method: method})
			if got := b.Method(); got != (Method{Name: method}) {
				t.Errorf("got method %v, want %s", got, method)
			}
			test(t, near, peer, b)
		})
	}
}

// blast sends frames through the buffers of b.
func blast(b Blaster, frames ...[]byte) (int, error) {
	lent := b.Buffers(len(frames))
	for i := range lent {
		lent[i] = append(lent[i][:0], frames[i]...)
	}
	return b.Send(lent)
}

// Frames of all lengths and kinds arrive as they are and in order.
func TestBlaster(t *testing.T) {
	eachMethod(t, func(t *testing.T, near, peer *host, b Blaster) {
		in := peer.open("veth0", toPort)
		to, from := macOf(peer.MAC("veth0")), macOf(near.MAC("veth0"))
		var want [][]byte
		for i := range 200 {
			s := syn()
			s.Seq = wire.Seq(i)
			s.Payload = bytes.Repeat([]byte{byte(i)}, []int{0, 1, 64, 1456, 7}[i/3%5])
			src, dst, version := client4, netip.AddrPortFrom(peer4, ourPort), 4
			if i%7 < 3 {
				src, dst, version = client6, netip.AddrPortFrom(peer6, ourPort), 6
				s.Payload = s.Payload[:min(len(s.Payload), 1436)]
			}
			header := AppendHeader(nil, to, from, version)
			if i%11 == 0 {
				header = append(append(header[:12:12], 0x81, 0, 0, 5), header[12:]...)
			}
			want = append(want, segment(header, src, dst, s))
		}
		if n, err := blast(b, want...); n != len(want) || err != nil {
			t.Fatalf("sent %d, %v, want %d", n, err, len(want))
		}
		for i, w := range want {
			if f, _ := next(t, in); !bytes.Equal(f.Data, w) {
				t.Fatalf("frame %d:\n got %x\nwant %x", i, f.Data, w)
			}
		}
	})
}

// What cannot be sent is an error of the frame that it is about.
func TestBlasterRefuses(t *testing.T) {
	eachMethod(t, func(t *testing.T, near, peer *host, b Blaster) {
		good, long := textFrame("good"), make([]byte, 1518)
		binary.BigEndian.PutUint16(long[12:], wire.EtherTypeIPv4)
		for want, frame := range map[error][]byte{unix.EMSGSIZE: long, unix.EINVAL: long[:13]} {
			if n, err := blast(b, good, good, frame, good); n != 2 || !errors.Is(err, want) {
				t.Errorf("frame of %d bytes: sent %d, %v, want 2, %v", len(frame), n, err, want)
			}
		}
		if n, err := blast(b, good); n != 1 || err != nil {
			t.Errorf("afterwards: sent %d, %v", n, err)
		}
		lent := b.Buffers(2)
		defer func() {
			if recover() == nil {
				t.Error("frames in the wrong buffers: no panic")
			}
		}()
		b.Send([][]byte{lent[1][:60], lent[0][:60]})
	})
}

// An interface that goes down is an error until it is up again; one that is
// removed is gone.
func TestBlasterInterfaceDown(t *testing.T) {
	eachMethod(t, func(t *testing.T, near, peer *host, b Blaster) {
		veth := near.Link("veth0")
		near.Do(func() error { return netlink.LinkSetDown(veth) })
		for range 3 {
			if n, err := blast(b, textFrame("lost")); n != 0 || !errors.Is(err, unix.ENETDOWN) {
				t.Errorf("down: sent %d, %v, want 0, %v", n, err, unix.ENETDOWN)
			}
		}
		near.SetUp("veth0")
		in := peer.open("veth0", toPort)
		want := segment(AppendHeader(nil, macOf(peer.MAC("veth0")), wire.MAC{2}, 4), client4, netip.AddrPortFrom(peer4, ourPort), syn())
		sendUntil(t, b, want, nil)
		if f, _ := next(t, in); !bytes.Equal(f.Data, want) {
			t.Errorf("got %x, want %x", f.Data, want)
		}
		near.Do(func() error { return netlink.LinkDel(veth) })
		sendUntil(t, b, want, ErrGone)
	})
}

// sendUntil sends a frame until there is the wanted result.
func sendUntil(t *testing.T, b Blaster, frame []byte, want error) {
	t.Helper()
	var err error
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if _, err = blast(b, frame); errors.Is(err, want) {
			return
		}
	}
	t.Errorf("got %v, want %v", err, want)
}

// Whoever has not got what the fastest way takes goes the other, and learns why.
func TestBlasterFallback(t *testing.T) {
	near, peer := wired(t)
	near.onlyCapability(unix.CAP_NET_RAW)
	b := near.blaster("veth0", nil)
	if m := b.Method(); m.Name != MethodSendmmsg || !errors.Is(m.Fallback, unix.EPERM) {
		t.Errorf("got method %v, want %s because of %v", m, MethodSendmmsg, unix.EPERM)
	} else {
		t.Log(m)
	}
	in := peer.open("veth0", toPort)
	want := segment(AppendHeader(nil, macOf(peer.MAC("veth0")), wire.MAC{2}, 4), client4, netip.AddrPortFrom(peer4, ourPort), syn())
	if n, err := blast(b, want); n != 1 || err != nil {
		t.Fatalf("sent %d, %v", n, err)
	}
	if f, _ := next(t, in); !bytes.Equal(f.Data, want) {
		t.Errorf("got %x, want %x", f.Data, want)
	}
	near.Do(func() error {
		if b, err := OpenBlaster("veth0", &BlasterConfig{Method: MethodProgram}); !errors.Is(err, ErrPrivilege) {
			t.Errorf("%s alone: got %v, %v, want %v", MethodProgram, b, err, ErrPrivilege)
		}
		if b, err := OpenBlaster("veth0", &BlasterConfig{Method: "pigeon"}); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("pigeon: got %v, %v, want %v", b, err, errors.ErrUnsupported)
		}
		return nil
	})
	near.withoutCapabilities()
	near.Do(func() error {
		if b, err := OpenBlaster("veth0", nil); !errors.Is(err, ErrPrivilege) {
			t.Errorf("without capabilities: got %v, %v, want %v", b, err, ErrPrivilege)
		}
		return nil
	})
}

// Loopback and devices without a link-layer header have their links.
func TestBlasterOnLoopback(t *testing.T) {
	near := newHost(t)
	in := near.open("lo", onlyOurs)
	b := near.blaster("lo", nil)
	if got := b.Method().Name; got != MethodLink {
		t.Errorf("got method %s, want %s", got, MethodLink)
	}
	for _, addr := range []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.IPv6Loopback()} {
		version := 4
		if addr.Is6() {
			version = 6
		}
		frame := segment(AppendHeader(nil, wire.MAC{}, wire.MAC{}, version), netip.AddrPortFrom(addr, 1), netip.AddrPortFrom(addr, ourPort), wire.Segment{Flags: wire.RST})
		if n, err := blast(b, frame); n != 1 || err != nil {
			t.Fatalf("sent %d, %v", n, err)
		}
		if _, p := next(t, in); p.TCP.Flags != wire.RST {
			t.Errorf("got %v, want a reset", p)
		}
	}
}

// A thread in another network namespace sends where the Blaster was opened; the frames
// of the other tests come from such a one, too.
func TestBlasterFromElsewhere(t *testing.T) {
	eachMethod(t, func(t *testing.T, near, peer *host, b Blaster) { sendFromEverywhere(t, near, peer, b) })
	t.Run("bpf on an older kernel", func(t *testing.T) {
		near, peer := wired(t)
		var b Blaster
		near.Do(func() error {
			ifi, err := interfaceByName("veth0")
			if err == nil {
				b, err = openProgramThat(ifi, nil, false)
			}
			return err
		})
		defer b.Close()
		sendFromEverywhere(t, near, peer, b)
	})
}

func sendFromEverywhere(t *testing.T, near, peer *host, b Blaster) {
	in := peer.open("veth0", toPort)
	want := segment(AppendHeader(nil, macOf(peer.MAC("veth0")), wire.MAC{2}, 4), client4, netip.AddrPortFrom(peer4, ourPort), syn())
	for _, h := range []*host{near, peer} {
		h.Do(func() error {
			if n, err := blast(b, want); n != 1 || err != nil {
				t.Errorf("sent %d, %v", n, err)
			}
			return nil
		})
		if f, _ := next(t, in); !bytes.Equal(f.Data, want) || f.Outgoing {
			t.Errorf("got %x, want %x", f.Data, want)
		}
	}
}

// A queue that stays full is an error after a while; what was dropped was not sent.
func TestBlasterFullQueue(t *testing.T) {
	eachMethod(t, func(t *testing.T, near, peer *host, b Blaster) {
		veth := near.Link("veth0")
		var missing error
		near.Do(func() error {
			missing = netlink.QdiscAdd(&netlink.Tbf{
				QdiscAttrs: netlink.QdiscAttrs{LinkIndex: veth.Attrs().Index, Handle: netlink.MakeHandle(1, 0), Parent: netlink.HANDLE_ROOT},
				Rate:       1000, Limit: 3000, Buffer: 2e9 / 64, // two seconds, in units of 64 ns
			})
			return nil
		})
		if missing != nil {
			t.Skipf("needs sch_tbf: %v", missing)
		}
		s := syn()
		s.Payload = make([]byte, 800)
		frame := segment(AppendHeader(nil, macOf(peer.MAC("veth0")), wire.MAC{2}, 4), client4, netip.AddrPortFrom(peer4, ourPort), s)
		start := time.Now()
		n, err := blast(b, slices.Repeat([][]byte{frame}, 32)...)
		if n == 0 || n == 32 || !errors.Is(err, unix.ENOBUFS) || time.Since(start) > 5*time.Second {
			t.Fatalf("sent %d, %v after %v, want a few, %v", n, err, time.Since(start), unix.ENOBUFS)
		}
	})
}

// A Send that waits for a full queue ends when the Blaster is closed.
func TestBlasterClose(t *testing.T) {
	eachMethod(t, func(t *testing.T, near, peer *host, b Blaster) {
		sent := make(chan error)
		go func() {
			for {
				if _, err := blast(b, textFrame("1"), textFrame("2")); err != nil && !errors.Is(err, unix.ENOBUFS) {
					sent <- err
					return
				}
			}
		}()
		time.Sleep(10 * time.Millisecond)
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		if err := <-sent; !errors.Is(err, net.ErrClosed) {
			t.Errorf("got %v, want %v", err, net.ErrClosed)
		}
		if err := b.Close(); err != nil {
			t.Errorf("second Close: %v", err)
		}
	})
}
