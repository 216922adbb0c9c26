package follow_test

import (
	"slices"
	"testing"
	"time"

	"tfocraft/wire"
	"tfocraft/wire/follow"
)

// lost is for frames that their receiver never got.
var lost = follow.Sighting{Lost: true}

// A side that got nothing stays where it was; whoever sent goes on.
func TestLost(t *testing.T) {
	x := newTalk(t)
	for _, step := range []struct {
		lost           bool
		segment        string
		client, server follow.State
	}{
		{true, "> S 0:5(5) win 1000 <FO 01020304>", follow.SynSent, follow.Listen},
		{false, "> S 0:0(0) win 1000", follow.SynSent, follow.Listen},
		{true, "< S. 0:0(0) ack 1 win 1000", follow.SynSent, follow.SynReceived},
		{false, "< S. 0:0(0) ack 1 win 1000", follow.Established, follow.SynReceived},
		{true, "> . 1:1(0) ack 1 win 1000", follow.Established, follow.SynReceived},
		{true, "> . 1:6(5) ack 1 win 1000", follow.Established, follow.SynReceived},
		{false, "> F. 6:6(0) ack 1 win 1000", follow.FinWait1, follow.Established}, // the data before it is missing
		{false, "> . 1:6(5) ack 1 win 1000", follow.FinWait1, follow.CloseWait},
		{true, "< . 1:1(0) ack 7 win 1000", follow.FinWait1, follow.CloseWait},
		{true, "< F. 1:1(0) ack 7 win 1000", follow.FinWait1, follow.LastAck},
		{false, "< F. 1:1(0) ack 7 win 1000", follow.TimeWait, follow.LastAck},
		{true, "> . 7:7(0) ack 2 win 1000", follow.TimeWait, follow.LastAck},
		{false, "< F. 1:1(0) ack 7 win 1000", follow.TimeWait, follow.LastAck},
		{false, "> . 7:7(0) ack 2 win 1000", follow.TimeWait, follow.Closed},
	} {
		src, dst := clientAddr, serverAddr
		if step.segment[0] == '<' {
			src, dst = dst, src
		}
		line := x.see(follow.Sighting{Lost: step.lost}, src, dst, step.segment[2:])
		x.wantStates(&line, step.client, step.server)
	}
	if c := x.Connections()[0]; !c.ClosedInOrder || c.Why != follow.WhyRetransmitted {
		t.Errorf("got %+v, want it closed in order and without Fast Open", c)
	}
}

// Until a server answers nobody knows whether it has taken the SYN: its LISTEN is presumed, and only that.
func TestPresumed(t *testing.T) {
	const syn = "> S 0:5(5) win 1000 <FO 01020304>"
	for _, test := range []struct {
		name     string
		segments []string
		want     []bool // of the server, behind each segment
	}{
		{"taken", []string{syn, "< S. 0:0(0) ack 6 win 1000", "> . 6:6(0) ack 1 win 1000"}, []bool{true, false, false}},
		{"again", []string{syn, "> S 0:0(0) win 1000", "< S. 0:0(0) ack 1 win 1000"}, []bool{true, true, false}},
		{"refused", []string{syn, "< R. 0:0(0) ack 6 win 0"}, []bool{true, false}},
		{"back in LISTEN", []string{syn, "< S. 0:0(0) ack 6 win 1000", "> R 6:6(0) win 0"}, []bool{true, false, false}},
		{"both at once", []string{syn, "< S 0:0(0) win 1000"}, []bool{true, false}},
		{"seen from the middle", []string{"> . 6:6(0) ack 1 win 1000"}, []bool{false}},
	} {
		t.Run(test.name, func(t *testing.T) {
			x := newTalk(t)
			for i, segment := range test.segments {
				src, dst := clientAddr, serverAddr
				if segment[0] == '<' {
					src, dst = dst, src
				}
				after := x.say(src, dst, segment[2:]).After
				if got := after.Server.Presumed(); got != test.want[i] || after.Client.Presumed() {
					t.Errorf("%s: the server's %s is presumed: %t, want %t; the client's: %t", segment, after.Server.State, got, test.want[i], after.Client.Presumed())
				}
			}
		})
	}
}

// Connections have the numbers that somebody else has given them, who has seen more; what is said of them, too.
func TestGivenNumbers(t *testing.T) {
	x := newTalk(t)
	for i, step := range []struct {
		given, want int
		segment     string
	}{
		{7, 7, "> S 0:0(0) win 1000 <FO>"},
		{7, 7, "< S. 0:0(0) ack 1 win 1000 <FO 01020304>"},
		{7, 7, "> S 900:900(0) win 1000"},   // which would begin another
		{9, 9, "> . 1:1(0) ack 1 win 1000"}, // which would not
		{7, 9, "> . 1:1(0) ack 1 win 1000"}, // too late for the one before
		{0, 10, "> S 5000:5005(5) win 1000 <FO 01020304>"},
	} {
		src, dst := clientAddr, serverAddr
		if step.segment[0] == '<' {
			src, dst = dst, src
		}
		line := x.see(follow.Sighting{Connection: step.given}, src, dst, step.segment[2:])
		if line.Connection != step.want {
			t.Errorf("segment %d, %s: connection %d, want %d", i+1, step.segment, line.Connection, step.want)
		}
		if granted := line.Facts.GrantedConnection; i > 1 && granted != 7 {
			t.Errorf("segment %d: the cookie was granted in connection %d, want 7", i+1, granted)
		}
	}
	var numbers []int
	for _, c := range x.Connections() {
		numbers = append(numbers, c.Number)
	}
	if want := []int{7, 9, 10}; !slices.Equal(numbers, want) || x.Forgotten() != 0 {
		t.Errorf("connections %v, %d forgotten, want %v and none", numbers, x.Forgotten(), want)
	}
}

// A SYN-ACK that is lost teaches the client nothing.
func TestLostCookie(t *testing.T) {
	x := newTalk(t)
	x.told("> S 0:0(0) win 1000 <FO>")
	x.see(lost, serverAddr, clientAddr, "S. 0:0(0) ack 1 win 1000 <FO 01020304>")
	if got := x.cached(); len(got) > 0 {
		t.Errorf("got %q, want nothing in the cache", got)
	}
}

// Both sides close at once: neither has the other's FIN when it sends its own. RFC 9293, Section 3.6.
func TestCloseAtOnce(t *testing.T) {
	x := newTalk(t)
	x.told("> S 0:0(0) win 1000")
	x.told("< S. 0:0(0) ack 1 win 1000")
	x.told("> . 1:1(0) ack 1 win 1000")
	x.told("> F. 1:1(0) ack 1 win 1000")
	line := x.say(serverAddr, clientAddr, "F. 1:1(0) ack 1 win 1000")
	x.wantStates(&line, follow.Closing, follow.Closing)
	line = x.say(clientAddr, serverAddr, ". 2:2(0) ack 2 win 1000")
	x.wantStates(&line, follow.Closing, follow.TimeWait)
	line = x.say(serverAddr, clientAddr, ". 2:2(0) ack 2 win 1000")
	x.wantStates(&line, follow.TimeWait, follow.TimeWait)
}

// Where departure and arrival are known, each side measures the whole round trip.
func TestArrived(t *testing.T) {
	f := follow.New()
	start := time.Unix(1000, 0)
	see := func(departed int, p wire.Packet) follow.Line {
		at := start.Add(time.Duration(departed) * time.Millisecond)
		return f.See(follow.Sighting{At: at, Arrived: at.Add(10 * time.Millisecond), Number: departed + 1}, &p)
	}
	want := func(line follow.Line, number int, rtt time.Duration, of int) {
		t.Helper()
		if line.Number != number || line.Facts.RTT != rtt || line.Facts.Acknowledged != of {
			t.Errorf("%s: got number %d, RTT %v of %d, want %d, %v of %d", line.Text, line.Number, line.Facts.RTT, line.Facts.Acknowledged, number, rtt, of)
		}
	}
	want(see(0, wire.NewPacket(clientEnd, serverEnd, wire.Segment{Seq: 10, Flags: wire.SYN})), 1, 0, 0)
	want(see(10, wire.NewPacket(serverEnd, clientEnd, wire.Segment{Seq: 20, Ack: 11, Flags: wire.SYN | wire.ACK})), 11, 20*time.Millisecond, 1)
	want(see(20, wire.NewPacket(clientEnd, serverEnd, wire.Segment{Seq: 11, Ack: 21, Flags: wire.ACK})), 21, 20*time.Millisecond, 11)
	c := f.Connections()[0]
	if got, want := []time.Duration{c.ClientRTT, c.ServerRTT, c.HandshakeRTT()}, 20*time.Millisecond; got[0] != want || got[1] != want || got[2] != want {
		t.Errorf("round-trip times of client, server and handshake: got %v, want %v each", got, want)
	}
}

// Frames count on from the number that one was given.
func TestNumbers(t *testing.T) {
	x := newTalk(t)
	x.see(follow.Sighting{Number: 17}, clientAddr, serverAddr, "S 0:0(0) win 1000")
	if got, want := x.say(clientAddr, serverAddr, "S 0:0(0) win 1000").Number, 18; got != want {
		t.Errorf("got number %d, want %d", got, want)
	}
}

// The least of several round-trip times counts, and none where a segment was sent twice.
func TestRoundTripTimes(t *testing.T) {
	x := newTalk(t)
	x.told("> S 0:0(0) win 1000")
	x.told("> S 0:0(0) win 1000")
	x.told("< S. 0:0(0) ack 1 win 1000") // of which SYN?
	x.at = x.at.Add(4 * time.Millisecond)
	x.told("> . 1:6(5) ack 1 win 1000")
	x.at = x.at.Add(2 * time.Millisecond)
	x.told("> . 6:11(5) ack 1 win 1000")
	x.told("< . 1:1(0) ack 11 win 1000") // 1 ms after the second
	x.told("> . 11:16(5) ack 1 win 1000")
	x.told("> . 16:21(5) ack 1 win 1000")
	x.told("> . 11:16(5) ack 1 win 1000")
	x.told("< . 1:1(0) ack 21 win 1000") // waited for what was sent again
	x.told("> . 21:26(5) ack 1 win 1000")
	x.at = x.at.Add(5 * time.Millisecond)
	line := x.say(serverAddr, clientAddr, ". 1:1(0) ack 26 win 1000")
	if got, want := line.Facts.RTT, 6*time.Millisecond; got != want {
		t.Errorf("the last: got %v, want %v", got, want)
	}
	c := x.Connections()[0]
	if c.ClientRTT != time.Millisecond || c.ServerRTT != 5*time.Millisecond || c.HandshakeRTT() != 0 {
		t.Errorf("got %v, %v and %v, want 1ms, 5ms and none", c.ClientRTT, c.ServerRTT, c.HandshakeRTT())
	}
	if c.Retransmits != 1 || c.ServerRetransmits != 0 {
		t.Errorf("got %d retransmissions, %d of the server, want 1 and 0", c.Retransmits, c.ServerRetransmits)
	}
}

// TestEndpoint looks at what was announced and offered.
func TestEndpoint(t *testing.T) {
	x := newTalk(t)
	syn := x.say(clientAddr, serverAddr, "S 100:105(5) win 60000 <mss 1460,sackOK,TS val 7 ecr 0,nop,wscale 3,FO 01020304>")
	want := func(got follow.Endpoint, want follow.Endpoint) {
		t.Helper()
		if got != want {
			t.Errorf("\n got %+v\nwant %+v", got, want)
		}
	}
	want(syn.Facts.Sender, follow.Endpoint{Addr: clientEnd, Scale: -1, State: follow.Closed})
	want(syn.Facts.Receiver, follow.Endpoint{Addr: serverEnd, Scale: -1, State: follow.Listen})
	client := follow.Endpoint{
		Addr: clientEnd, HasISS: true, ISS: 100, Next: 6, Window: 60000, Scale: -1, MSS: 1460, SACK: true, TS: true, TSVal: 7, State: follow.SynSent,
	}
	want(syn.After.Client, client)
	x.told("< S. 900:900(0) ack 106 win 50000 <mss 1400,wscale 15>")
	ack := x.say(clientAddr, serverAddr, ". 106:106(0) ack 901 win 100 <nop,nop,TS val 9 ecr 0>")
	client.Acked, client.Scale, client.State = 6, 3, follow.Established
	want(ack.Facts.Sender, client)
	want(ack.Facts.Receiver, follow.Endpoint{
		Addr: serverEnd, HasISS: true, ISS: 900, Next: 1, Window: 50000, Scale: 14, MSS: 1400, State: follow.SynReceived,
	})
	client.Window, client.TSVal = 800, 9
	want(ack.After.Client, client)
	if f := ack.Facts; f.SynData != 5 || f.SynAcked != 5 || f.SynOption != follow.OptionCookie || syn.Facts.SynAcked != -1 {
		t.Errorf("data in the SYN: got %+v, and %d before the SYN-ACK", f, syn.Facts.SynAcked)
	}
}
