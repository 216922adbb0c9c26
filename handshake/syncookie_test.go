package handshake

import (
	"net/netip"
	"testing"
	"time"

	"tfocraft/wire"
)

// A cookieServer is a listener that keeps nothing.
type cookieServer struct {
	t             *testing.T
	cookies       SynCookies
	config        Config
	local, remote netip.AddrPort
}

func newCookieServer(t *testing.T, c Config) *cookieServer {
	c.MSS, c.LocalPort, c.RemotePort = 1460, 80, 1000
	s := &cookieServer{t: t, config: c, local: netip.MustParseAddrPort("192.0.2.1:80"), remote: netip.MustParseAddrPort("192.0.2.2:1000")}
	s.cookies.Secret = [16]byte{1, 2, 3}
	return s
}

// answer returns the SYN-ACK for a SYN in the text form, with its numbers as
// they are, and what its options say.
func (s *cookieServer) answer(now time.Time, text string) (wire.Segment, wire.OptionSet) {
	s.t.Helper()
	got := s.cookies.Answer(now, s.config, s.local, s.remote, s.segment(text))
	set, err := got.Options.Decode()
	if err != nil {
		s.t.Fatal(err)
	}
	return got, set
}

func (s *cookieServer) segment(text string) wire.Segment {
	s.t.Helper()
	p, err := wire.ParseText(text)
	if err != nil {
		s.t.Fatal(err)
	}
	p.Segment.SrcPort, p.Segment.DstPort = s.remote.Port(), s.local.Port()
	p.Segment.Options = wire.Pad(p.Segment.Options, 0)
	return p.Segment
}

// ack is the third segment of the handshake.
func ackOf(synAck *wire.Segment, payload string, ts *wire.Timestamps) wire.Segment {
	a := wire.Segment{
		SrcPort: synAck.DstPort, DstPort: synAck.SrcPort, Seq: synAck.Ack, Ack: synAck.Seq.Add(1),
		Flags: wire.ACK, Window: 500, Payload: []byte(payload),
	}
	if ts != nil {
		a.Options = wire.AppendTimestamps(wire.AppendNOP(nil, 2), *ts)
	}
	return a
}

// What a SYN offers comes back with the ACK, as far as there is room for it.
func TestSynCookieRemembers(t *testing.T) {
	for _, c := range []struct {
		name, syn string
		config    Config
		mss       int // of the restored connection
		scale     uint8
		sack      bool
	}{
		{name: "nothing", syn: "S 7:7(0) win 9000", mss: 536},
		{name: "MSS", syn: "S 7:7(0) win 9000 <mss 1400>", mss: 1300},
		{name: "small MSS", syn: "S 7:7(0) win 9000 <mss 100>", mss: 536},
		{name: "large MSS", syn: "S 7:7(0) win 9000 <mss 9000>", mss: 1460},
		{name: "no timestamps, no options", syn: "S 7:7(0) win 9000 <mss 1460,nop,wscale 7,sackOK>", mss: 1460},
		{name: "everything", syn: "S 7:7(0) win 9000 <mss 1460,sackOK,TS val 5 ecr 0,nop,wscale 7>", mss: 1448, scale: 7, sack: true},
		{name: "scale 0", syn: "S 7:7(0) win 9000 <mss 1460,TS val 5 ecr 0,nop,wscale 0>", mss: 1448},
		{name: "scale too large", syn: "S 7:7(0) win 9000 <mss 1460,TS val 5 ecr 0,nop,wscale 15>", mss: 1448, scale: 14},
		{name: "no scale", syn: "S 7:7(0) win 9000 <mss 1460,sackOK,TS val 5 ecr 0>", mss: 1448, sack: true},
		{name: "timestamps off", syn: "S 7:7(0) win 9000 <mss 1460,sackOK,TS val 5 ecr 0,nop,wscale 7>", config: Config{NoTimestamps: true}, mss: 1460},
		{name: "scale off", syn: "S 7:7(0) win 9000 <mss 1460,sackOK,TS val 5 ecr 0,nop,wscale 7>", config: Config{NoWindowScale: true}, mss: 1448, sack: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.config.TimestampOffset = 0xffff_fff0
			s := newCookieServer(t, c.config)
			synAck, set := s.answer(epoch, c.syn)
			if !synAck.Flags.Has(wire.SYN|wire.ACK) || synAck.Ack != 8 || len(synAck.Payload) > 0 {
				t.Fatalf("answer %v, want a SYN-ACK of 8", &synAck)
			}
			var ts *wire.Timestamps
			if set.HasTimestamps {
				ts = &wire.Timestamps{Val: 6, Ecr: set.Timestamps.Val}
			}
			ack := ackOf(&synAck, "hello", ts)
			now := epoch.Add(30 * time.Millisecond)
			syn, ok := s.cookies.Recall(now, s.config, s.local, s.remote, ack)
			if !ok {
				t.Fatal("the cookie is not known again")
			}
			m, out := RestoreServer(now, s.config, syn, ack, nil)
			i := m.Info()
			if i.State != Established || i.MSS != c.mss || m.send.shift != c.scale || m.handshake.sack != c.sack {
				t.Errorf("%v, MSS %d, scale %d, SACK %t; want %v, %d, %d, %t",
					i.State, i.MSS, m.send.shift, m.handshake.sack, Established, c.mss, c.scale, c.sack)
			}
			if want := 500 << c.scale; i.SendWindow != want {
				t.Errorf("send window %d, want %d", i.SendWindow, want)
			}
			if set.HasWindowScale != m.handshake.scale || set.SACKPermitted != m.handshake.sack {
				t.Errorf("the SYN-ACK has options %v, the connection scale %t and SACK %t", synAck.Options, m.handshake.scale, m.handshake.sack)
			}
			if got := dataOf(out); got != "hello" {
				t.Errorf("delivered %q, want %q", got, "hello")
			}
			// Nothing was measured, so the timeout is the initial one.
			if i.RTT != 0 || i.RTO != time.Second {
				t.Errorf("RTT %v, RTO %v; want 0 and 1s", i.RTT, i.RTO)
			}
		})
	}
}

func dataOf(out []Output) string {
	var b []byte
	for _, o := range out {
		if o.Kind == Deliver {
			b = append(b, o.Data...)
		}
	}
	return string(b)
}

// Timestamps of the restored connection go on from that of the SYN-ACK.
func TestSynCookieTimestamps(t *testing.T) {
	s := newCookieServer(t, Config{TimestampOffset: 12345})
	for ms := range 200 {
		now := epoch.Add(time.Duration(ms) * time.Millisecond)
		synAck, set := s.answer(now, "S 7:7(0) win 9000 <mss 1460,sackOK,TS val 5 ecr 0,nop,wscale 7>")
		clock := uint32(now.UnixMilli()) + 12345
		if behind := clock - set.Timestamps.Val; behind >= 64 {
			t.Fatalf("%d ms: the timestamp is %d behind the clock, want less than 64", ms, int32(behind))
		}
		ack := ackOf(&synAck, "", &wire.Timestamps{Val: 6, Ecr: set.Timestamps.Val})
		syn, ok := s.cookies.Recall(now, s.config, s.local, s.remote, ack)
		if !ok {
			t.Fatal("the cookie is not known again")
		}
		m, _ := RestoreServer(now, s.config, syn, ack, nil)
		if m.ts.recent != 6 || m.ts.value(m.clock(now)) != clock {
			t.Fatalf("TS.Recent %d, value %d; want 6 and %d", m.ts.recent, m.ts.value(m.clock(now)), clock)
		}
	}
}

// A cookie is good in its own minute and the next, for nobody else, and only on
// an ACK.
func TestSynCookieRefused(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(s *cookieServer, ack *wire.Segment)
		after  time.Duration
		want   bool
	}{
		{name: "at once", want: true},
		{name: "in the next minute", after: time.Minute, want: true},
		{name: "too late", after: 2 * time.Minute},
		{name: "before its time", after: -time.Minute},
		{name: "when the counter has come round", after: 256 * time.Minute},
		{name: "other address", change: func(s *cookieServer, _ *wire.Segment) { s.remote = netip.MustParseAddrPort("192.0.2.3:1000") }},
		{name: "other port", change: func(s *cookieServer, _ *wire.Segment) { s.remote = netip.MustParseAddrPort("192.0.2.2:1001") }},
		{name: "other server", change: func(s *cookieServer, _ *wire.Segment) { s.local = netip.MustParseAddrPort("192.0.2.4:80") }},
		{name: "other secret", change: func(s *cookieServer, _ *wire.Segment) { s.cookies.Secret[0]++ }},
		{name: "other ISN", change: func(_ *cookieServer, ack *wire.Segment) { ack.Seq++ }},
		{name: "other number", change: func(_ *cookieServer, ack *wire.Segment) { ack.Ack += 4 }},
		{name: "FIN", change: func(_ *cookieServer, ack *wire.Segment) { ack.Flags |= wire.FIN }, want: true},
		{name: "SYN", change: func(_ *cookieServer, ack *wire.Segment) { ack.Flags |= wire.SYN }},
		{name: "RST", change: func(_ *cookieServer, ack *wire.Segment) { ack.Flags |= wire.RST }},
		{name: "no ACK", change: func(_ *cookieServer, ack *wire.Segment) { ack.Flags = wire.FIN }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newCookieServer(t, Config{})
			synAck, _ := s.answer(epoch, "S 7:7(0) win 9000 <mss 1460>")
			ack := ackOf(&synAck, "", nil)
			if c.change != nil {
				c.change(s, &ack)
			}
			if _, ok := s.cookies.Recall(epoch.Add(c.after), s.config, s.local, s.remote, ack); ok != c.want {
				t.Errorf("known again: %t, want %t", ok, c.want)
			}
		})
	}
}

// The numbers are those that other processes with this secret make, now and in
// later versions: 192.0.2.1:80 answers 192.0.2.2:1000, whose ISN is 7.
func TestSynCookieVectors(t *testing.T) {
	for _, c := range []struct {
		at       time.Time
		syn      string
		seq      wire.Seq
		lastBits uint32 // of the timestamp
	}{
		{time.Unix(1_000_000, 0), "S 7:7(0) win 9 <mss 536>", 0xca847159, 0},
		{time.Unix(1_000_000, 0), "S 7:7(0) win 9 <mss 1460>", 0xca84715c, 0},
		{time.Unix(1_000_060, 0), "S 7:7(0) win 9 <mss 1460>", 0xcb049696, 0},
		{time.Unix(1_000_000, 0), "S 7:7(0) win 9 <mss 1460,sackOK,TS val 5 ecr 0,nop,wscale 7>", 0xca84715c, 0x17},
		{time.Unix(1_000_000, 0), "SEW 7:7(0) win 9 <mss 1460,nop,nop,TS val 5 ecr 0>", 0xca84715c, 0x2f},
	} {
		s := newCookieServer(t, Config{})
		got, set := s.answer(c.at, c.syn)
		if got.Seq != c.seq || set.Timestamps.Val&63 != c.lastBits {
			t.Errorf("%s at %d: sequence number %#x, timestamp bits %#x; want %#x, %#x", c.syn, c.at.Unix(), uint32(got.Seq), set.Timestamps.Val&63, uint32(c.seq), c.lastBits)
		}
	}
}

// A guess at a cookie succeeds seldom: of the 32 bits only those for age and
// MSS are free.
func TestSynCookieGuess(t *testing.T) {
	s := newCookieServer(t, Config{})
	ack := s.segment(". 8:8(0) ack 1 win 9")
	for i := range 1 << 20 {
		ack.Ack = wire.Seq(i) * 4099
		if _, ok := s.cookies.Recall(epoch, s.config, s.local, s.remote, ack); ok {
			t.Errorf("a guess, %#x, is taken for a cookie", uint32(ack.Ack))
		}
	}
}

// Whatever the SYN, its answer is a SYN-ACK whose ACK opens a connection with
// the options that the SYN-ACK has.
func FuzzSynCookie(f *testing.F) {
	f.Add(uint32(7), uint16(9000), uint16(wire.SYN), []byte("\x02\x04\x05\xb4"), int64(1_000_000_000), "hello")
	f.Add(uint32(7), uint16(9000), uint16(wire.SYN|wire.ECE|wire.CWR),
		[]byte("\x02\x04\x05\xb4\x04\x02\x08\x0a\x00\x00\x00\x05\x00\x00\x00\x00\x01\x03\x03\x07"), int64(1<<40), "")
	f.Fuzz(func(t *testing.T, seq uint32, window, flags uint16, options []byte, ms int64, data string) {
		syn := wire.Segment{Seq: wire.Seq(seq), Window: window, Flags: wire.Flags(flags) & 0x1ff, Options: options}
		if !Listens(&syn) || len(options) > wire.MaxOptionsLen || ms < 0 || ms > 1<<42 || len(data) > 1000 {
			t.Skip()
		}
		s := newCookieServer(t, Config{})
		now := time.UnixMilli(ms)
		synAck := s.cookies.Answer(now, s.config, s.local, s.remote, syn)
		set, err := synAck.Options.Decode()
		if err != nil || !synAck.Flags.Has(wire.SYN|wire.ACK) || synAck.Ack != syn.Seq.Add(1) {
			t.Fatalf("answer %v", &synAck)
		}
		var ts *wire.Timestamps
		if set.HasTimestamps {
			ts = &wire.Timestamps{Val: set.Timestamps.Ecr, Ecr: set.Timestamps.Val}
		}
		ack := ackOf(&synAck, data, ts)
		back, ok := s.cookies.Recall(now, s.config, s.local, s.remote, ack)
		if !ok {
			t.Fatal("the cookie is not known again")
		}
		m, out := RestoreServer(now, s.config, back, ack, nil)
		if m.State() != Established || dataOf(out) != data {
			t.Fatalf("%v with %q, want %v with %q", m.State(), dataOf(out), Established, data)
		}
		if m.handshake.scale != set.HasWindowScale || m.handshake.sack != set.SACKPermitted || m.ts.on != set.HasTimestamps {
			t.Fatalf("scale %t, SACK %t, timestamps %t after a SYN-ACK with %v", m.handshake.scale, m.handshake.sack, m.ts.on, synAck.Options)
		}
	})
}

// In a flood each answer costs no more than a few short-lived bytes.
func TestSynCookieAllocs(t *testing.T) {
	s := newCookieServer(t, Config{})
	syn := s.segment("S 7:7(0) win 9000 <mss 1460,sackOK,TS val 5 ecr 0,nop,wscale 7>")
	n := testing.AllocsPerRun(100, func() { s.cookies.Answer(epoch, s.config, s.local, s.remote, syn) })
	if n > 1 {
		t.Errorf("%v allocations an answer, want 1 at most", n)
	}
}
