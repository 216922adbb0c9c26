package link

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"tfocraft/wire"
)

// openXDP opens a link at near's end that looks for frames.
func openXDP(t testing.TB, near *host, f *Filter) *Packet {
	t.Helper()
	l := near.open("veth0", &Config{Filter: f, XDP: true})
	poll(t, l, 0)
	return l
}

// poll looks for frames until there are as many, or for a while longer than frames take, and returns copies.
func poll(t testing.TB, l *Packet, want int) (got []Frame) {
	t.Helper()
	batch := make([]Frame, 8)
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
		n, err := l.Poll(batch)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range batch[:n] {
			f.Data = bytes.Clone(f.Data)
			got = append(got, f)
		}
		if n == 0 && len(got) >= want {
			return got
		}
	}
	return got
}

// early is how many frames the program has taken.
func early(t testing.TB, l *Packet) int {
	t.Helper()
	s, err := l.Stats()
	if err != nil {
		t.Fatal(err)
	}
	return int(s.XDP)
}

// to4 and to6 are short segments to us.
func to4(mac wire.MAC, n int) []byte { return ofLength(mac, n, n%400) }

func to6(mac wire.MAC, dst netip.Addr, port uint16, s wire.Segment) []byte {
	return segment(AppendHeader(nil, mac, wire.MAC{2}, 6), client6, netip.AddrPortFrom(dst, port), s)
}

// The program takes what is certainly for the link; everything else comes as it does without it, or not at all.
func TestXDPTakes(t *testing.T) {
	near, peer := wired(t)
	filter := &Filter{Addrs: []netip.Addr{ours4, ours6}, Ports: []PortRange{Port(ourPort), {50000, 50001}}, ICMP: true}
	in, out := openXDP(t, near, filter), peer.open("veth0", onlyOurs)
	mac := macOf(near.MAC("veth0"))
	ethernet := AppendHeader(nil, mac, wire.MAC{2}, 4)
	to := func(dst netip.Addr, port uint16, s wire.Segment) []byte {
		return segment(ethernet, client4, netip.AddrPortFrom(dst, port), s)
	}
	withOptions := wire.NewPacket(client4, netip.AddrPortFrom(ours4, ourPort), data(1))
	withOptions.IPv4.Options = []byte{0, 0, ourPort >> 8, ourPort & 0xff} // where the port is without
	withOptions.SetLengths()
	withOptions.SetChecksums()
	changed := func(frame []byte, change func(f []byte)) []byte {
		frame = bytes.Clone(frame)
		change(frame)
		return frame
	}
	longest := maxXDPFrame - len(to(ours4, ourPort, data(0)))
	for _, test := range []struct {
		name      string
		frame     []byte
		let, take bool
	}{
		{"IPv4", to(ours4, ourPort, data(64)), true, true},
		{"no data, no options", to(ours4, ourPort, wire.Segment{Flags: wire.ACK}), true, true},
		{"the longest", to(ours4, ourPort, data(longest)), true, true},
		{"longer", to(ours4, ourPort, data(longest+1)), true, false},
		{"the first port of a range", to(ours4, 50000, data(1)), true, true},
		{"the last", to(ours4, 50001, data(1)), true, true},
		{"the port before", to(ours4, 49999, data(1)), false, false},
		{"the port behind", to(ours4, 50002, data(1)), false, false},
		{"another address", to(near4, ourPort, data(1)), false, false},
		{"IPv6", to6(mac, ours6, ourPort, data(64)), true, true},
		{"IPv6, another port", to6(mac, ours6, ourPort+1, data(64)), false, false},
		{"IPv6, another address", to6(mac, near6, ourPort, data(64)), false, false},
		{"IPv6, extension header", changed(to6(mac, ours6, ourPort, data(64)), func(f []byte) {
			f[at6Next] = 60 // destination options, of which the data are the beginning
			f[wire.EthernetLen+wire.IPv6Len] = wire.ProtocolTCP
		}), true, false},
		{"IP options", withOptions.Append(bytes.Clone(ethernet)), true, false},
		{"first fragment", changed(to(ours4, ourPort, data(64)), func(f []byte) { f[at4Fragment] |= 0x20 }), true, false},
		{"later fragment", changed(to(ours4, ourPort, data(64)), func(f []byte) { f[at4Fragment+1] = 1 }), false, false},
		{"UDP", changed(to(ours4, ourPort, data(64)), func(f []byte) { f[at4Protocol] = 17 }), false, false},
		{"tagged", changed(slices.Insert(to(ours4, ourPort, data(64)), 12, 0x88, 0xa8, 0, 5, 0x88, 0xa8, 0, 6), func([]byte) {}), true, false},
		{"another hardware address", changed(to(ours4, ourPort, data(64)), func(f []byte) { f[5] ^= 1 }), false, false},
		{"ICMP", changed(to(ours4, ourPort, data(64)), func(f []byte) { f[at4Protocol], f[wire.EthernetLen+wire.IPv4Len] = 1, 3 }), true, false},
		{"not even headers", to(ours4, ourPort, wire.Segment{Flags: wire.ACK})[:40], true, false},
	} {
		before := early(t, in)
		write(t, out, test.frame, to4(mac, 7)) // the second shows that the first has been
		got := poll(t, in, 1)
		if n := len(got) - 1; n != 0 && n != 1 || (n == 1) != test.let {
			t.Errorf("%s: got %d frames, want it: %t", test.name, n, test.let)
			continue
		}
		if test.let && !slices.ContainsFunc(got, func(f Frame) bool { return bytes.Equal(f.Data, test.frame) }) {
			t.Errorf("%s: %x is not among %+v", test.name, test.frame, got)
		}
		if taken := early(t, in) - before - 1; taken != 0 && taken != 1 || (taken == 1) != test.take {
			t.Errorf("%s: the program has taken %d, want it: %t", test.name, taken, test.take)
		}
	}
	if s, err := in.Stats(); err != nil || s.Received <= s.XDP || s.Dropped != 0 {
		t.Errorf("got %+v, %v", s, err)
	}
}

// The checksums of a kernel at the other end of a veth pair are unfinished there. One that is finished and wrong is not
// taken for one.
func TestXDPChecksums(t *testing.T) {
	near, peer := wired(t)
	in, out := openXDP(t, near, onlyOurs.Filter), peer.open("veth0", onlyOurs)
	mac := macOf(near.MAC("veth0"))
	for _, ours := range []netip.Addr{ours4, ours6} {
		peer.Do(func() error { // gets no answer
			if c, err := net.DialTimeout("tcp", netip.AddrPortFrom(ours, ourPort).String(), 100*time.Millisecond); err == nil {
				c.Close()
			}
			return nil
		})
		got := poll(t, in, 1)[0]
		if p, err := wire.ParseFrame(got.Data); err != nil || p.TCP.Flags&wire.SYN == 0 || !got.Partial || got.NeedsVerify() {
			t.Errorf("to %v: got %+v, %v", ours, got, err)
		}
		if age := time.Since(got.Time); age < 0 || age > time.Minute {
			t.Errorf("to %v: received %v ago", ours, age)
		}
	}
	for _, frame := range [][]byte{to4(mac, 64), to6(mac, ours6, ourPort, data(64))} {
		frame[len(frame)-1] ^= 1
		before := early(t, in)
		write(t, out, frame)
		got := poll(t, in, 1)[0]
		if p, err := wire.ParseFrame(got.Data); err != nil || !got.NeedsVerify() || p.ChecksumsOK() || early(t, in) != before+1 {
			t.Errorf("got %+v, %v", got, err)
		}
	}
}

// A reader that sleeps has its frames from the socket, which wakes it.
func TestXDPAsleep(t *testing.T) {
	near, peer := wired(t)
	in, out := openXDP(t, near, onlyOurs.Filter), peer.open("veth0", onlyOurs)
	mac := macOf(near.MAC("veth0"))
	for i := range 5 {
		before := early(t, in)
		woken := make(chan Frame)
		go func() {
			f, _ := next(t, in)
			woken <- f
		}()
		time.Sleep(20 * time.Millisecond) // it sleeps, most of the time
		write(t, out, to4(mac, i))
		if f := <-woken; !bytes.Equal(f.Data, to4(mac, i)) {
			t.Fatalf("got %x", f.Data)
		}
		if n := early(t, in); n != before {
			t.Errorf("round %d: the program has taken %d frames of a sleeper's", i, n-before)
		}
		poll(t, in, 0)
		write(t, out, to4(mac, i))
		if got := poll(t, in, 1); len(got) != 1 || early(t, in) != before+1 {
			t.Errorf("round %d: got %d frames, %d by the program", i, len(got), early(t, in)-before)
		}
	}
	// What came before it fell asleep it need not wait for.
	write(t, out, to4(mac, 1), to4(mac, 2))
	in.SetReadDeadline(time.Now().Add(10 * time.Second))
	if n, err := in.ReadFrames(make([]Frame, 8)); n != 2 || err != nil {
		t.Errorf("got %d, %v, want 2 frames", n, err)
	}
}

// numbered returns a frame with a number in its payload.
func numbered(mac wire.MAC, n int) []byte {
	s := data(0)
	s.Payload = binary.BigEndian.AppendUint32(nil, uint32(n))
	return segment(AppendHeader(nil, mac, wire.MAC{2}, 4), client4, netip.AddrPortFrom(ours4, ourPort), s)
}

func numberOf(f Frame) int { return int(binary.BigEndian.Uint32(f.Data[len(f.Data)-4:])) }

// However a reader goes to sleep and wakes, and the filter changes, it gets each frame once. A frame that is alone has nobody to
// wake the reader for it.
func TestXDPRace(t *testing.T) {
	for name, test := range map[string]struct{ rounds, window int }{"crowds": {300, 32}, "alone": {20000, 1}} {
		t.Run(name, func(t *testing.T) { testXDPRace(t, test.rounds, test.window) })
	}
}

func testXDPRace(t *testing.T, rounds, window int) {
	near, peer := wired(t)
	in := openXDP(t, near, onlyOurs.Filter)
	mac := macOf(near.MAC("veth0"))
	var frames [][]byte
	for i := range window {
		frames = append(frames, numbered(mac, i))
	}
	out := peer.open("veth0", onlyOurs)
	again, sent := make(chan bool), make(chan error, 1)
	defer close(again)
	go func() {
		for range again {
			var err error
			for rest := frames; len(rest) > 0 && err == nil; {
				n := 1 + rand.IntN(len(rest))
				_, err = out.WriteFrames(rest[:n])
				rest = rest[n:]
			}
			sent <- err
		}
	}()
	batch := make([]Frame, 8)
	for round := range rounds {
		again <- true
		seen := make(map[int]int)
		in.SetReadDeadline(time.Now().Add(5 * time.Second))
		// About as long as it takes until there are frames, so that they come when the reader falls asleep.
		for polls := rand.IntN(300); len(seen) < window; polls-- {
			read := in.Poll
			if polls <= 0 {
				read, polls = in.ReadFrames, rand.IntN(30)
			}
			n, err := read(batch)
			if err != nil {
				t.Fatalf("round %d: after %d frames: %v", round, len(seen), err)
			}
			for _, f := range batch[:n] {
				seen[numberOf(f)]++
			}
			if rand.IntN(100) == 0 {
				if err := in.SetFilter(&Filter{Ports: []PortRange{Port(ourPort), Port(uint16(1 + rand.IntN(1000)))}}); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := <-sent; err != nil {
			t.Fatal(err)
		}
		for _, f := range poll(t, in, 0) {
			seen[numberOf(f)]++
		}
		for n, times := range seen {
			if times != 1 {
				t.Fatalf("round %d: frame %d came %d times", round, n, times)
			}
		}
	}
	if s, _ := in.Stats(); s.XDP == 0 || s.XDP == s.Received || int(s.Received) != rounds*window {
		t.Errorf("got %+v, want some of %d frames by each way", s, rounds*window)
	}
}

// Several processors may run the program at once. What it drops has been kept, once, and in whole.
func TestXDPProcessors(t *testing.T) {
	near, _ := wired(t)
	in := openXDP(t, near, onlyOurs.Filter)
	mac := macOf(near.MAC("veth0"))
	const processors, each = 4, 5000
	dropped := make(chan []int, processors)
	for p := range processors {
		go func() {
			var numbers []int
			defer func() { dropped <- numbers }()
			for i := range each {
				n := p*each + i
				result, err := in.xdp.program.Run(&ebpf.RunOptions{Data: numbered(mac, n)})
				switch {
				case err != nil:
					t.Error(err)
					return
				case result == xdpDrop:
					numbers = append(numbers, n)
				case result != xdpPass:
					t.Errorf("frame %d: the program returned %d", n, result)
				}
			}
		}()
	}
	seen := make(map[int]int)
	for done := 0; done < processors; {
		for _, f := range poll(t, in, 0) {
			if n := numberOf(f); !bytes.Equal(f.Data, numbered(mac, n)) {
				t.Fatalf("got %x", f.Data)
			}
			seen[numberOf(f)]++
		}
		select {
		case numbers := <-dropped:
			done++
			for _, n := range numbers {
				seen[n]--
			}
		default:
		}
	}
	for _, f := range poll(t, in, 0) {
		seen[numberOf(f)]++
	}
	kept := 0
	for n, off := range seen {
		if off != 0 {
			t.Errorf("frame %d was dropped, and came %+d times more than that", n, off)
		}
		kept++
	}
	if kept < processors*each/100 {
		t.Errorf("only %d of %d frames were kept", kept, processors*each)
	}
}

// What there is no slot for goes to the socket.
func TestXDPFull(t *testing.T) {
	near, peer := wired(t)
	in, out := openXDP(t, near, onlyOurs.Filter), peer.open("veth0", onlyOurs)
	mac := macOf(near.MAC("veth0"))
	const sent = xdpSlotCount + 100
	for i := range sent {
		write(t, out, numbered(mac, i))
	}
	seen := make(map[int]int)
	for _, f := range poll(t, in, sent) {
		if seen[numberOf(f)]++; seen[numberOf(f)] > 1 {
			t.Errorf("frame %d came %d times", numberOf(f), seen[numberOf(f)])
		}
	}
	if s, _ := in.Stats(); len(seen) != sent || s.XDP != xdpSlotCount || s.Received != sent {
		t.Errorf("got %d frames and %+v, want %d of %d by the program", len(seen), s, xdpSlotCount, sent)
	}
	write(t, out, numbered(mac, sent))
	if got := poll(t, in, 1); len(got) != 1 || early(t, in) != xdpSlotCount+1 {
		t.Errorf("got %d frames, %d by the program", len(got), early(t, in))
	}
}

// However many short frames there are, others come among them.
func TestXDPCrowd(t *testing.T) {
	near, peer := wired(t)
	in, out := openXDP(t, near, onlyOurs.Filter), peer.open("veth0", onlyOurs)
	mac := macOf(near.MAC("veth0"))
	long := ofLength(mac, 0, 1000)
	for _, size := range []int{1, 2, 7, 64} {
		for i := range 10 * size {
			write(t, out, numbered(mac, i))
		}
		write(t, out, long)
		for !in.ring.ready() {
			time.Sleep(time.Millisecond)
		}
		batch := make([]Frame, size)
		got, seen := 0, false
		for range 2 {
			n, err := in.Poll(batch)
			if err != nil {
				t.Fatal(err)
			}
			got += n
			seen = seen || slices.ContainsFunc(batch[:n], func(f Frame) bool { return bytes.Equal(f.Data, long) })
		}
		if !seen {
			t.Errorf("batches of %d: the long frame is in neither of the first two", size)
		}
		if got += len(poll(t, in, 10*size+1-got)); got != 10*size+1 {
			t.Errorf("batches of %d: got %d frames, want %d", size, got, 10*size+1)
		}
	}
}

// A slot whose processor is stopped while it writes there stays its own, however many frames the others have meanwhile.
func TestXDPStopped(t *testing.T) {
	near, _ := wired(t)
	in := openXDP(t, near, onlyOurs.Filter)
	mac := macOf(near.MAC("veth0"))
	atomic.AddUint64((*uint64)(unsafe.Pointer(&in.xdp.shared[xdpHead])), 1) // it has got as far as this
	for i := range xdpSlotCount {
		want := uint32(xdpDrop)
		if i == xdpSlotCount-1 {
			want = xdpPass
		}
		if got, err := in.xdp.program.Run(&ebpf.RunOptions{Data: numbered(mac, i)}); got != want || err != nil {
			t.Fatalf("frame %d: the program returned %d, %v, want %d", i, got, err, want)
		}
	}
	if got := poll(t, in, 0); len(got) != 0 {
		t.Errorf("got %d frames, before the first one", len(got))
	}
	_, status, free := in.xdp.slot(0)
	atomic.StoreUint32(status, free+slotVoid) // and goes on
	for i, f := range poll(t, in, xdpSlotCount-1) {
		if numberOf(f) != i {
			t.Fatalf("frame %d has number %d", i, numberOf(f))
		}
	}
}

// The program follows the filter of the link, as far as it can.
func TestXDPFilter(t *testing.T) {
	near, peer := wired(t)
	in, out := openXDP(t, near, onlyOurs.Filter), peer.open("veth0", onlyOurs)
	mac := macOf(near.MAC("veth0"))
	many := func(n int) (prefixes []netip.Prefix) {
		for i := range n {
			prefixes = append(prefixes, netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 18, byte(i), 0}), 24))
		}
		return prefixes
	}
	ports := []PortRange{Port(ourPort)}
	for _, test := range []struct {
		name         string
		filter       *Filter
		take4, take6 bool
	}{
		{"everything", nil, true, true},
		{"all ports", &Filter{Addrs: []netip.Addr{ours4}}, true, false},
		{"another port", &Filter{Ports: []PortRange{Port(ourPort + 1)}}, false, false},
		{"all but the port", &Filter{Ports: []PortRange{{0, ourPort - 1}, {ourPort + 1, 65535}}}, false, false},
		{"a network", &Filter{Prefixes: []netip.Prefix{netip.MustParsePrefix("192.0.2.8/30"), netip.MustParsePrefix("2001:db8::/77")}, Ports: ports}, true, true},
		{"another network", &Filter{Prefixes: []netip.Prefix{netip.MustParsePrefix("192.0.2.10/31"), netip.MustParsePrefix("2001:db8::8/128")}}, false, false},
		{"IPv6 alone", &Filter{Addrs: []netip.Addr{ours6}}, false, true},
		{"as many networks as it can", &Filter{Addrs: []netip.Addr{ours4}, Prefixes: many(maxXDPNets - 1)}, true, false},
		{"one too many", &Filter{Addrs: []netip.Addr{ours4, ours6}, Prefixes: many(maxXDPNets)}, false, true},
		{"the port again", onlyOurs.Filter, true, true},
	} {
		if err := in.SetFilter(test.filter); err != nil {
			t.Fatal(err)
		}
		for frame, want := range map[string]bool{string(to4(mac, 5)): test.take4, string(to6(mac, ours6, ourPort, data(5))): test.take6} {
			before := early(t, in)
			write(t, out, []byte(frame))
			time.Sleep(5 * time.Millisecond)
			if got := poll(t, in, 0); early(t, in)-before != 1 == want {
				t.Errorf("%s: got %d frames, %d of them by the program, want it: %t", test.name, len(got), early(t, in)-before, want)
			}
		}
	}
}

// What a filter lets in that is shared belongs to others as well, but for what the link has been given.
func TestXDPShared(t *testing.T) {
	near, peer := wired(t)
	in, out := openXDP(t, near, onlyOurs.Filter), peer.open("veth0", onlyOurs)
	mac := macOf(near.MAC("veth0"))
	shared := &Filter{Addrs: []netip.Addr{near4, ours4, near6, ours6}, Ports: []PortRange{{ourPort - 10, ourPort + 10}}, Shared: true}
	set := func(f *Filter) {
		if err := in.SetFilter(f); err != nil {
			t.Fatal(err)
		}
	}
	set(shared)
	frames := map[netip.AddrPort][]byte{}
	for _, local := range []netip.AddrPort{
		netip.AddrPortFrom(ours4, ourPort), netip.AddrPortFrom(ours4, ourPort+1), netip.AddrPortFrom(near4, ourPort),
		netip.AddrPortFrom(ours6, ourPort), netip.AddrPortFrom(near6, ourPort),
	} {
		if local.Addr().Is4() {
			frames[local] = segment(AppendHeader(nil, mac, wire.MAC{2}, 4), client4, local, data(1))
		} else {
			frames[local] = to6(mac, local.Addr(), local.Port(), data(1))
		}
	}
	all4, all6 := netip.AddrPortFrom(netip.IPv4Unspecified(), ourPort), netip.AddrPortFrom(netip.IPv6Unspecified(), ourPort)
	takes := func(when string, want ...netip.AddrPort) {
		t.Helper()
		for local, frame := range frames {
			before := early(t, in)
			write(t, out, frame)
			if got := poll(t, in, 1); len(got) != 1 || (early(t, in) == before+1) != slices.Contains(want, local) {
				t.Errorf("%s: to %v: got %d frames, %d by the program", when, local, len(got), early(t, in)-before)
			}
		}
	}
	takes("at first")
	in.Take(netip.AddrPortFrom(ours4, ourPort), true)
	takes("an address", netip.AddrPortFrom(ours4, ourPort))
	in.Take(all6, true)
	takes("all of IPv6", netip.AddrPortFrom(ours4, ourPort), netip.AddrPortFrom(ours6, ourPort), netip.AddrPortFrom(near6, ourPort))
	in.Take(netip.AddrPortFrom(near6, ourPort), false)
	in.Take(netip.AddrPortFrom(ours4, ourPort), false)
	takes("some of them", netip.AddrPortFrom(ours6, ourPort))
	in.Take(all4, true)
	takes("all of IPv4 besides", netip.AddrPortFrom(ours6, ourPort), netip.AddrPortFrom(ours4, ourPort), netip.AddrPortFrom(near4, ourPort))
	set(shared)
	takes("the filter anew")
	set(&Filter{Prefixes: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::/64")}, Shared: true})
	in.Take(netip.AddrPortFrom(ours4, ourPort), true)
	takes("an address of a network")
	in.Take(all4, true)
	takes("a network", netip.AddrPortFrom(ours4, ourPort), netip.AddrPortFrom(near4, ourPort))
	in.Close()
	in.Take(all4, true) // is harmless
}

// What the message about missing privilege names is enough.
func TestXDPCapabilities(t *testing.T) {
	near, _ := wired(t)
	near.capabilities(1<<unix.CAP_NET_RAW | 1<<unix.CAP_NET_ADMIN | 1<<unix.CAP_BPF)
	near.Do(func() error {
		l, err := Open("veth0", &Config{XDP: true})
		if err != nil {
			return err
		}
		return errors.Join(CheckXDP(), l.Close())
	})
	near.capabilities(1<<unix.CAP_NET_RAW | 1<<unix.CAP_NET_ADMIN)
	near.Do(func() error {
		if _, err := Open("veth0", &Config{XDP: true}); !errors.Is(err, ErrXDPPrivilege) {
			t.Errorf("without CAP_BPF: got %v", err)
		}
		if err := CheckXDP(); !errors.Is(err, ErrXDPPrivilege) {
			t.Errorf("without CAP_BPF: got %v", err)
		}
		return nil
	})
}

// There is one program on an interface. It goes with its link, and leaves the frames of others alone.
func TestXDPAlone(t *testing.T) {
	near, peer := wired(t)
	in, out := openXDP(t, near, onlyOurs.Filter), peer.open("veth0", onlyOurs)
	mac := macOf(near.MAC("veth0"))
	near.Do(func() error {
		l, err := Open("veth0", &Config{XDP: true})
		if err == nil || !strings.Contains(err.Error(), "open veth0: XDP: another program is attached") {
			t.Errorf("got %v, %v", l, err)
		}
		return nil
	})
	other := near.open("veth0", &Config{Filter: &Filter{Ports: []PortRange{Port(ourPort + 1)}}})
	theirs := segment(AppendHeader(nil, mac, wire.MAC{2}, 4), client4, netip.AddrPortFrom(ours4, ourPort+1), data(9))
	write(t, out, theirs)
	if f, _ := next(t, other); !bytes.Equal(f.Data, theirs) {
		t.Errorf("got %x, want %x", f.Data, theirs)
	}
	write(t, out, to4(mac, 3))
	batch := make([]Frame, 8)
	for n := 0; n == 0; {
		var err error
		if n, err = in.Poll(batch); err != nil {
			t.Fatal(err)
		}
	}
	in.Close()
	if !bytes.Equal(batch[0].Data, to4(mac, 3)) {
		t.Errorf("after Close: got %x", batch[0].Data)
	}
	if _, err := in.Poll(batch); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after Close: got %v", err)
	}
	if err := in.SetFilter(nil); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after Close: got %v", err)
	}
	poll(t, openXDP(t, near, onlyOurs.Filter), 0)
}

// A frame that the reader still has when the link is closed stays whole, and does not keep the kernel's memory.
func TestXDPCloseKeepsLent(t *testing.T) {
	near, peer := wired(t)
	in, out := openXDP(t, near, onlyOurs.Filter), peer.open("veth0", onlyOurs)
	frame := to4(macOf(near.MAC("veth0")), 300)
	write(t, out, frame)
	batch := make([]Frame, 1)
	for n := 0; n == 0; {
		var err error
		if n, err = in.Poll(batch); err != nil {
			t.Fatal(err)
		}
	}
	mapped := func() bool {
		maps, err := os.ReadFile("/proc/self/maps")
		if err != nil {
			t.Fatal(err)
		}
		at := fmt.Sprintf("%x-", uintptr(in.xdp.base))
		for line := range strings.Lines(string(maps)) {
			if strings.HasPrefix(line, at) {
				return strings.Contains(line, "bpf-map")
			}
		}
		t.Fatalf("there is no memory at %s", at)
		return false
	}
	before := mapped()
	in.Close()
	if !before || mapped() || !bytes.Equal(batch[0].Data, frame) {
		t.Errorf("the memory is the kernel's: %t, after Close %t; the frame is whole: %t", before, mapped(), bytes.Equal(batch[0].Data, frame))
	}
}

// Close at any moment is harmless.
func TestXDPCloseWhilePolling(t *testing.T) {
	near, peer := wired(t)
	out := peer.open("veth0", onlyOurs)
	frame := to4(macOf(near.MAC("veth0")), 300)
	for range 20 {
		in := openXDP(t, near, onlyOurs.Filter)
		if err := closeWhile(t, in, out, in.Poll, frame); !errors.Is(err, net.ErrClosed) {
			t.Errorf("got %v", err)
		}
	}
	near.awaitNoSockets()
}

func TestXDPUnsupported(t *testing.T) {
	near, _ := wired(t)
	near.Do(func() error {
		for ifname, cfg := range map[string]*Config{"lo": {XDP: true}, "veth0": {XDP: true, Tap: true}} {
			if _, err := Open(ifname, cfg); !errors.Is(err, errors.ErrUnsupported) {
				t.Errorf("%s: got %v", ifname, err)
			}
		}
		if _, err := Open("veth0", &Config{XDP: true, NoRing: true}); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("without a ring: got %v", err)
		}
		if _, err := OpenShards("veth0", 2, &Config{XDP: true}); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("two shards: got %v", err)
		}
		return nil
	})
	near.awaitNoSockets()
}

// vethWith makes a veth pair in one host, of which the other end is called peer and has as many queues for sending.
func vethWith(near *host, mtu, queues int) {
	near.Do(func() error {
		attrs := netlink.NewLinkAttrs()
		attrs.Name, attrs.MTU, attrs.NumTxQueues, attrs.NumRxQueues = "veth0", mtu, 1, 1
		return netlink.LinkAdd(&netlink.Veth{LinkAttrs: attrs, PeerName: "peer", PeerMTU: uint32(mtu), PeerNumTxQueues: uint32(queues), PeerNumRxQueues: 1})
	})
	near.SetUp("veth0")
	near.SetUp("peer")
}

// A driver that knows frames in several pieces has room for a program whatever the MTU.
func TestXDPJumbo(t *testing.T) {
	near := newHost(t)
	vethWith(near, 9000, 1)
	in, out := openXDP(t, near, onlyOurs.Filter), near.open("peer", onlyOurs)
	mac := macOf(near.MAC("veth0"))
	short, long := to4(mac, 9), ofLength(mac, 0, 8900)
	write(t, out, long, short)
	got := poll(t, in, 2)
	if len(got) != 2 || !bytes.Equal(got[0].Data, short) || !bytes.Equal(got[1].Data, long) || early(t, in) != 1 {
		t.Errorf("got %d frames, %d by the program, want a short one by it, and a long one", len(got), early(t, in))
	}
}

// What a driver has no room for is said.
func TestXDPRefused(t *testing.T) {
	near := newHost(t)
	vethWith(near, 1500, 2) // the sender's processor runs the program, for which it needs a queue here
	near.Do(func() error {
		if _, err := Open("veth0", &Config{XDP: true}); !errors.Is(err, errors.ErrUnsupported) || !errors.Is(err, unix.ENOSPC) {
			t.Errorf("got %v", err)
		}
		return nil
	})
}

// The program has gone when Close returns, whoever still has a copy of what holds it: a process that is being started has
// one of all that is open.
func TestXDPCloseWithCopy(t *testing.T) {
	near, _ := wired(t)
	in := openXDP(t, near, onlyOurs.Filter)
	hook := in.xdp.hook.(interface{ FD() int })
	fd, err := unix.FcntlInt(uintptr(hook.FD()), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := in.Close(); err != nil {
		t.Error(err)
	}
	openXDP(t, near, onlyOurs.Filter)
}
