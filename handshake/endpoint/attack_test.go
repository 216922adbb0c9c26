package endpoint_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
	"tfocraft/wire"
	"tfocraft/wire/link"
)

const (
	forgedFrames   = 100_000
	forgedAtOnce   = 25 // behind each genuine one
	forgedWaves    = 20
	forgedEvery    = 60 * time.Millisecond
	attackedBytes  = 4 << 20  // each way
	attackedWindow = 60_000   // not scaled
	attackReach    = 16 << 20 // no number that is in use on the connection is farther away from its ISS
)

var attackerMAC = wire.MAC{2, 0, 0, 0, 0, 3}

// An attacker knows the addresses and ports of a connection and does not see its
// segments (RFC 5961, Section 1.2, and RFC 5927). Its numbers are guesses, and
// some lie in the window, as if there had been many more of them. The test sees to
// it that none is right where only the peer should be: nobody could tell that from
// the peer's.
type attacker struct {
	mu      sync.Mutex
	rng     *rand.Rand
	victims [2]victim // the server, the client
	learned int       // frames to the attacker's hardware address
}

// A victim is what the path knows of the stream to one side.
type victim struct {
	left      int               // frames to forge
	iss       wire.Seq          // of the stream
	ends      map[wire.Seq]bool // of its segments, one of which is RCV.NXT
	nxt, edge wire.Seq          // the window, as last announced
	ts        wire.Timestamps   // the latest, if the connection has them
	hasTS     bool
}

func (a *attacker) attack(n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range a.victims {
		a.victims[i].left += n / len(a.victims)
	}
}

// reaches returns what happens on the path to a victim: forged frames follow each
// genuine one.
func (a *attacker) reaches(to int) func([]byte) [][]byte {
	return func(frame []byte) [][]byte {
		p, err := wire.ParseFrame(frame)
		if err != nil {
			return [][]byte{frame}
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		a.watch(to, &p)
		frames := [][]byte{frame}
		for range min(a.victims[to].left, forgedAtOnce) {
			a.victims[to].left--
			if a.oneIn(10) {
				frames = append(frames, a.icmp(to, &p))
			} else {
				frames = append(frames, a.segment(to, &p))
			}
		}
		return frames
	}
}

func (a *attacker) oneIn(n int) bool { return a.rng.IntN(n) == 0 }

func (a *attacker) watch(to int, p *wire.Packet) {
	v, other := &a.victims[to], &a.victims[1-to]
	if p.TCP.Flags.Has(wire.SYN) {
		v.iss, v.ends = p.TCP.Seq, make(map[wire.Seq]bool)
	}
	v.ends[p.TCP.End()] = true
	if set, _ := p.TCP.Options.Decode(); set.HasTimestamps {
		v.ts, v.hasTS = set.Timestamps, true
	}
	other.nxt, other.edge = p.TCP.Ack, p.TCP.Ack.Add(int(p.TCP.Window))
	if p.Ethernet.Dst == attackerMAC {
		a.learned++
	}
}

// segment forges one from the sender of p.
func (a *attacker) segment(to int, p *wire.Packet) []byte {
	v, rng := &a.victims[to], a.rng
	flags := [...]wire.Flags{
		wire.RST, wire.RST | wire.ACK, wire.SYN, wire.SYN | wire.ACK, wire.ACK, wire.ACK | wire.PSH, wire.ACK | wire.PSH,
		wire.ACK | wire.FIN, wire.FIN, wire.SYN | wire.FIN, wire.SYN | wire.RST, 0,
	}
	s := wire.Segment{Flags: flags[rng.IntN(len(flags))], Window: uint16(rng.Uint32())}
	ack, wrongAck := a.victims[1-to].nxt, a.far(1-to)
	ts := wire.Timestamps{Val: rng.Uint32(), Ecr: rng.Uint32()}
	switch rng.IntN(6) {
	case 0:
		s.Seq, s.Ack = v.inWindow(rng), wrongAck
	case 1:
		s.Seq, s.Ack = v.inWindow(rng), wrongAck
		if v.hasTS {
			s.Ack, ts.Val = ack, v.ts.Val-1-rng.Uint32N(1<<30) // all is right but this
		}
	case 2, 3:
		s.Seq, s.Ack = a.far(to), ack
	default:
		s.Seq, s.Ack = a.far(to), wrongAck
	}
	if s.Flags&^(wire.ACK|wire.PSH|wire.FIN) == 0 {
		s.Payload = make([]byte, rng.IntN(100))
	}
	if a.oneIn(2) {
		s.Options = wire.Pad(wire.AppendTimestamps(nil, ts), 0)
	}
	forged := wire.NewPacket(p.Src(), p.Dst(), s)
	forged.HasEthernet, forged.Ethernet = true, p.Ethernet
	forged.Ethernet.Src = attackerMAC
	forged.SetLengths()
	forged.SetChecksums()
	return forged.Append(nil)
}

// inWindow is a number in the window that is not RCV.NXT.
func (v *victim) inWindow(rng *rand.Rand) wire.Seq {
	for {
		seq := v.nxt.Add(1 + rng.IntN(v.edge.Diff(v.nxt)+1))
		if !v.ends[seq] {
			return seq
		}
	}
}

// far is a number that the stream to a victim has nothing to do with.
func (a *attacker) far(to int) wire.Seq {
	return a.victims[to].iss.Add(attackReach + int(a.rng.Int64N(1<<32-2*attackReach)))
}

// icmp forges an error about a segment of the receiver of p.
func (a *attacker) icmp(to int, p *wire.Packet) []byte {
	kinds := map[uint8][][2]uint8{
		4: {{wire.ICMPv4Unreachable, 1}, {wire.ICMPv4Unreachable, 2}, {wire.ICMPv4Unreachable, 3}, {wire.ICMPv4Unreachable, 4}, {wire.ICMPv4TimeExceeded, 0}},
		6: {{wire.ICMPv6Unreachable, 1}, {wire.ICMPv6Unreachable, 4}, {wire.ICMPv6TooBig, 0}, {wire.ICMPv6TimeExceeded, 0}},
	}[p.IPVersion]
	kind := kinds[a.rng.IntN(len(kinds))]
	src, dst := p.Addrs()
	about := wire.NewPacket(p.Dst(), p.Src(), wire.Segment{Seq: a.far(1 - to), Flags: wire.ACK})
	about.SetLengths()
	about.SetChecksums()
	e := wire.ICMPError{IPVersion: p.IPVersion, Type: kind[0], Code: kind[1], MTU: uint32(a.rng.IntN(1600)), From: src}
	header := p.Ethernet
	header.Src = attackerMAC
	return wire.AppendICMPError(header.Append(nil), e, dst, about.Append(nil))
}

// A connection that is in use both ways takes a hundred thousand frames of
// somebody who does not see it: nothing ends it, no byte is lost, changed or
// added, its segments stay as large, and its challenge ACKs as rare. C-32, C-100,
// C-101, C-102, C-103, C-105.
func TestBlindAttack(t *testing.T) {
	for _, c := range []struct {
		name, address string
		noTimestamps  bool
	}{
		{"timestamps", address4, false},
		{"no timestamps", address4, true},
		{"IPv6", address6, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { blindAttack(t, c.address, c.noTimestamps) })
		})
	}
}

func blindAttack(t *testing.T, address string, noTimestamps bool) {
	a := &attacker{rng: rand.New(rand.NewPCG(1, 2))}
	l := newLab(t, func(s *setup) {
		s.pair = link.PairConfig{Delay: 10 * time.Millisecond, Queue: 1 << 16, Forward: a.reaches(0), Backward: a.reaches(1)}
		s.client.Trace = nil
	})
	config := handshake.Config{RecvBuffer: attackedWindow, NoTimestamps: noTimestamps}
	ln := l.listen(endpoint.ListenConfig{Machine: config})
	d := endpoint.Dialer{Stack: l.client, Machine: config}
	client, err := d.DialContext(t.Context(), "tcp", address, nil)
	if err != nil {
		t.Fatal(err)
	}
	server := accept(t, ln)
	time.Sleep(time.Second)

	up, down := noise(attackedBytes), noise(attackedBytes + 1)[1:]
	mss := [2]int{client.Info().MSS, server.Info().MSS}
	before := measureUsage()
	var waves sync.WaitGroup
	waves.Go(func() {
		for range forgedWaves {
			a.attack(forgedFrames / forgedWaves)
			time.Sleep(forgedEvery)
		}
	})
	transfer(t, client, server, up, down)
	waves.Wait()
	after := measureUsage()

	if left := a.victims[0].left + a.victims[1].left; left > 0 || a.learned > 0 {
		t.Errorf("%d frames were not forged, %d went to the attacker, want none", left, a.learned)
	}
	for i, conn := range [2]*endpoint.Conn{client, server} {
		info := conn.Info()
		if most := 1 + int(forgedWaves*forgedEvery/(500*time.Millisecond)); info.Challenges == 0 || info.Challenges > most {
			t.Errorf("%s: %d challenge ACKs, want 1 to %d", conn.LocalAddr(), info.Challenges, most)
		}
		if info.MSS != mss[i] || info.Retransmits != 0 {
			t.Errorf("%s: segments of %d bytes, %d of them repeated; want %d, 0", conn.LocalAddr(), info.MSS, info.Retransmits, mss[i])
		}
	}
	for _, s := range []*endpoint.Stack{l.client, l.server} {
		n := s.Counters()
		if n.EstabResets+n.OutRsts > 0 || n.Ignored < forgedFrames*4/10 || n.ICMPErrors < forgedFrames*4/100 {
			t.Errorf("%d connections reset, %d resets sent, %d segments ignored, %d ICMP errors", n.EstabResets, n.OutRsts, n.Ignored, n.ICMPErrors)
		}
	}
	// Buffers that have grown, and frames that the links keep to use them again.
	if grown := after.heap - before.heap; grown > 4<<20 {
		t.Errorf("the heap has grown by %d bytes", grown)
	}
}

// transfer sends both ways at once and leaves the connection open.
func transfer(t *testing.T, client, server *endpoint.Conn, up, down []byte) {
	t.Helper()
	var wg sync.WaitGroup
	side := func(c *endpoint.Conn, out, want []byte) {
		wg.Go(func() {
			if _, err := c.Write(out); err != nil {
				t.Errorf("write: %v", err)
			}
		})
		wg.Go(func() {
			got := make([]byte, len(want))
			if n, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, want) {
				t.Errorf("got %d bytes, want %d, or they differ: %v", n, len(want), err)
			}
		})
	}
	side(client, up, down)
	side(server, down, up)
	wg.Wait()
}
