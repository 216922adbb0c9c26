package link

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"tfocraft/wire"
)

func (h *host) openShards(ifname string, n int, cfg *Config) []*Packet {
	h.t.Helper()
	var all []*Packet
	h.Do(func() (err error) {
		all, err = OpenShards(ifname, n, cfg)
		return err
	})
	h.t.Cleanup(func() {
		for _, l := range all {
			l.Close()
		}
	})
	return all
}

// Every connection has all of its frames at one link, errors about it as well, and no
// frame is at two.
func TestShards(t *testing.T) { eachWay(t, testShards) }

func testShards(t *testing.T) {
	near, peer := wired(t)
	cfg := &Config{Filter: &Filter{Ports: []PortRange{Port(ourPort)}, ICMP: true}, NoRing: t.Name() == "TestShards/queue"}
	shards := near.openShards("veth0", 3, cfg)
	out := peer.open("veth0", onlyOurs)
	near4, peer4 := macOf(near.MAC("veth0")), macOf(peer.MAC("veth0"))
	const each = 3
	all := clients(200)
	for range each {
		for _, client := range all {
			server := netip.AddrPortFrom(ours4, ourPort)
			if client.Addr().Is6() {
				server = netip.AddrPortFrom(ours6, ourPort)
			}
			coming := packetFrame(client, server, func(p *wire.Packet) { p.Ethernet.Dst, p.Ethernet.Src = near4, peer4 })
			going := packetFrame(server, client, func(p *wire.Packet) { p.Ethernet.Dst, p.Ethernet.Src = peer4, near4 })
			write(t, out, coming, quoting(going))
			write(t, shards[0], going) // which nobody is to see
		}
	}
	where := make(map[netip.AddrPort]int)
	var got [3]int
	for i, l := range shards {
		l.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
		batch := make([]Frame, 20)
		for {
			n, err := l.ReadFrames(batch)
			if err != nil {
				break
			}
			for _, f := range batch[:n] {
				client := clientOf(t, f.Data)
				if at, known := where[client]; known && at != i {
					t.Fatalf("%v is at shards %d and %d", client, at, i)
				}
				where[client] = i
			}
			got[i] += n
		}
	}
	if sum := got[0] + got[1] + got[2]; sum != 2*each*len(all) || len(where) != len(all) {
		t.Errorf("got %v frames of %d clients, want %d of %d", got, len(where), 2*each*len(all), len(all))
	}
	for i, n := range got {
		if n < each*len(all)/6 {
			t.Errorf("shard %d has %d frames", i, n)
		}
	}
}

// clientOf returns whom a segment is from, or who was to get the one that an error quotes.
func clientOf(t *testing.T, frame []byte) netip.AddrPort {
	t.Helper()
	if p, err := wire.ParseFrame(frame); err == nil {
		return p.Src()
	}
	at := wire.EthernetLen + wire.IPv4Len + 8
	if frame[wire.EthernetLen]>>4 == 6 {
		at = wire.EthernetLen + wire.IPv6Len + 8
	}
	if frame[at]>>4 == 4 {
		addr, _ := netip.AddrFromSlice(frame[at+16 : at+20])
		return netip.AddrPortFrom(addr, uint16(frame[at+22])<<8|uint16(frame[at+23]))
	}
	addr, _ := netip.AddrFromSlice(frame[at+24 : at+40])
	return netip.AddrPortFrom(addr, uint16(frame[at+42])<<8|uint16(frame[at+43]))
}

// An interface that goes down and comes up again leaves connections where they were.
func TestShardsDownAndUp(t *testing.T) {
	near, peer := wired(t)
	shards := near.openShards("veth0", 4, onlyOurs)
	out := peer.open("veth0", onlyOurs)
	mac := macOf(near.MAC("veth0"))
	read := func(l *Packet) (n int) {
		batch := make([]Frame, 20)
		for end := time.Now().Add(50 * time.Millisecond); time.Now().Before(end); {
			got, err := l.Poll(batch)
			if err != nil {
				t.Fatal(err)
			}
			n += got
		}
		return n
	}
	veth := near.Link("veth0")
	for _, client := range clients(8) {
		if client.Addr().Is6() {
			continue
		}
		frame := packetFrame(client, netip.AddrPortFrom(ours4, ourPort), func(p *wire.Packet) { p.Ethernet.Dst = mac })
		write(t, out, frame)
		var before, after [4]int
		for i, l := range shards {
			before[i] = read(l)
		}
		near.Do(func() error { return netlink.LinkSetDown(veth) })
		near.Do(func() error { return netlink.LinkSetUp(veth) })
		for end := time.Now().Add(5 * time.Second); after == [4]int{} && time.Now().Before(end); {
			if _, err := out.WriteFrames([][]byte{frame}); err != nil {
				continue // not up yet
			}
			for i, l := range shards {
				after[i] = min(1, read(l))
			}
		}
		if before != after {
			t.Errorf("%v: got %v, then %v", client, before, after)
		}
	}
}

func TestShardsErrors(t *testing.T) {
	near, _ := wired(t)
	veth := near.Link("veth0")
	near.Do(func() error {
		for _, n := range []int{-1, 0, maxShards + 1} {
			if _, err := OpenShards("veth0", n, nil); !errors.Is(err, unix.EINVAL) {
				t.Errorf("%d shards: got %v, want %v", n, err, unix.EINVAL)
			}
		}
		if _, err := OpenShards("no-such", 2, nil); !errors.Is(err, ErrNoInterface) {
			t.Errorf("got %v, want %v", err, ErrNoInterface)
		}
		if err := netlink.LinkSetDown(veth); err != nil {
			return err
		}
		if _, err := OpenShards("veth0", 2, nil); !errors.Is(err, unix.ENETDOWN) {
			t.Errorf("interface that is down: got %v, want %v", err, unix.ENETDOWN)
		}
		return nil
	})
	near.awaitNoSockets()
}
