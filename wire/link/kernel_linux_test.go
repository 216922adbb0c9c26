package link

import (
	"bytes"
	"net"
	"net/netip"
	"testing"
	"time"

	"tfocraft/wire"
)

// A kernelPeer is a listener of the peer's kernel, seen from an address that no
// kernel has.
type kernelPeer struct {
	listener      net.Listener
	header        []byte
	local, remote netip.AddrPort
}

func (p *kernelPeer) segment(s wire.Segment) []byte {
	return segment(p.header, p.local, p.remote, s)
}

// withKernelPeer runs a test over IPv4 and over IPv6, with a link that gets what
// the peer sends to us.
func withKernelPeer(t *testing.T, test func(t *testing.T, l *Packet, to kernelPeer)) {
	near, peer := wired(t)
	for _, family := range []struct {
		name       string
		ours, peer netip.Addr
	}{{"IPv4", ours4, peer4}, {"IPv6", ours6, peer6}} {
		t.Run(family.name, func(t *testing.T) {
			to := kernelPeer{
				listener: peer.listen(netip.AddrPortFrom(family.peer, 0).String()),
				header:   headerTo(t, near, family.peer),
				local:    netip.AddrPortFrom(family.ours, ourPort),
			}
			to.remote = to.listener.Addr().(*net.TCPAddr).AddrPort()
			onlyThis := &Config{Filter: &Filter{Addrs: []netip.Addr{family.ours}, Ports: []PortRange{Port(ourPort)}}}
			test(t, near.open("veth0", onlyThis), to)
		})
	}
}

// A kernel peer checks what we send, TCP checksum included, and leaves its own
// unfinished (D-14, D-18).
func TestKernelPeerAnswers(t *testing.T) { eachWay(t, testKernelPeerAnswers) }

func testKernelPeerAnswers(t *testing.T) {
	withKernelPeer(t, func(t *testing.T, l *Packet, to kernelPeer) {
		before := time.Now()
		write(t, l, to.segment(syn()))
		f, _ := wantSynAck(t, l, to.remote, to.local)
		if !f.Partial || f.NeedsVerify() || f.Outgoing {
			t.Errorf("got %+v, want a partial checksum", f)
		}
		if finished(f.Data[14:]) {
			t.Error("checksum is whole although marked partial")
		}
		if !finished(Complete(nil, f.Data)[14:]) {
			t.Error("completed checksum is wrong")
		}
		if f.Time.Before(before.Add(-time.Minute)) || f.Time.After(time.Now().Add(time.Minute)) {
			t.Errorf("time: got %v, want about %v", f.Time, before)
		}
	})
}

// A kernel sender leaves the cutting into segments to the device (D-16).
func TestLargerThanMTU(t *testing.T) { eachWay(t, testLargerThanMTU) }

func testLargerThanMTU(t *testing.T) {
	withKernelPeer(t, func(t *testing.T, l *Packet, to kernelPeer) {
		write(t, l, to.segment(syn()))
		_, p := wantSynAck(t, l, to.remote, to.local)
		write(t, l, to.segment(wire.Segment{Seq: 1001, Ack: p.TCP.Seq.Add(1), Flags: wire.ACK, Window: 65535}))
		conn, err := to.listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		want := bytes.Repeat([]byte("0123456789"), 1400)
		if _, err := conn.Write(want); err != nil {
			t.Fatal(err)
		}
		var got []byte
		longest := 0
		for len(got) < len(want) {
			f, p := next(t, l)
			longest = max(longest, len(f.Data))
			got = append(got, p.TCP.Payload...)
			if !finished(Complete(nil, f.Data)[14:]) {
				t.Error("completed checksum is wrong")
			}
		}
		if !bytes.Equal(got, want) {
			t.Error("data differs")
		}
		if longest <= 1514 {
			t.Errorf("longest frame: got %d bytes, want more than 1514", longest)
		}
	})
}
