package link

import (
	"bytes"
	"errors"
	"net/netip"
	"os"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"tfocraft/wire"
)

// tun makes a device that carries IP packets and returns its other side.
func (h *host) tun(name string) (f *os.File) {
	h.t.Helper()
	device, err := os.OpenFile("/dev/net/tun", os.O_RDWR, 0)
	if err != nil {
		h.t.Skipf("needs /dev/net/tun: %v", err)
	}
	device.Close()
	h.Do(func() error {
		tun := &netlink.Tuntap{LinkAttrs: netlink.LinkAttrs{Name: name}, Mode: netlink.TUNTAP_MODE_TUN, Flags: netlink.TUNTAP_NO_PI, NonPersist: true, Queues: 1}
		if err := netlink.LinkAdd(tun); err != nil {
			return err
		}
		f = tun.Fds[0]
		return nil
	})
	h.t.Cleanup(func() { f.Close() })
	h.SetUp(name)
	return f
}

// A device without a link-layer header gets one on this side (D-29).
func TestBareDevice(t *testing.T) { eachWay(t, testBareDevice) }

func testBareDevice(t *testing.T) {
	near := newHost(t)
	far := near.tun("tun0")
	near.Address("tun0", near4.String()+"/24", near6.String()+"/64")
	in := near.open("tun0", onlyOurs)
	tap := near.open("tun0", &Config{Filter: &Filter{Ports: onlyOurs.Filter.Ports, Either: true}, Tap: true})
	r := near.resolver()
	for addr, source := range map[netip.Addr]netip.Addr{peer4: ours4, peer6: ours6} {
		hop, err := r.Resolve(t.Context(), addr, source, "")
		if err != nil {
			t.Fatal(err)
		}
		local, remote := netip.AddrPortFrom(hop.Source, ourPort), netip.AddrPortFrom(addr, 80)
		sent := segment(hop.Header, local, remote, syn())
		write(t, in, sent)
		if got := readIP(t, far); !bytes.Equal(got, sent[wire.EthernetLen:]) {
			t.Errorf("%v, sent: got %x, want %x", addr, got, sent[wire.EthernetLen:])
		}
		if f, _ := next(t, tap); !bytes.Equal(f.Data, sent) || !f.Outgoing {
			t.Errorf("%v, tap: got %x, want %x", addr, f.Data, sent)
		}
		foreign := segment(hop.Header, remote, netip.AddrPortFrom(hop.Source, ourPort+1), syn())
		back := segment(hop.Header, remote, local, syn())
		for _, frame := range [][]byte{foreign, back} {
			if _, err := far.Write(frame[wire.EthernetLen:]); err != nil {
				t.Fatal(err)
			}
		}
		for _, l := range []Link{in, tap} {
			if f, _ := next(t, l); !bytes.Equal(f.Data, back) || f.Outgoing {
				t.Errorf("%v, received: got %x, want %x", addr, f.Data, back)
			}
		}
	}
	long := append(AppendHeader(nil, wire.MAC{}, wire.MAC{}, 4), make([]byte, 2000)...)
	if _, err := in.WriteFrames([][]byte{long}); !errors.Is(err, unix.EMSGSIZE) {
		t.Errorf("long: got %v, want %v", err, unix.EMSGSIZE)
	}
}

// readIP reads TCP packets, past what the kernel itself says on a new device.
func readIP(t *testing.T, f *os.File) []byte {
	t.Helper()
	for {
		buf := make([]byte, 2048)
		n, err := f.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := wire.ParsePacket(buf[:n]); err == nil {
			return buf[:n]
		}
	}
}
