package follow_test

import (
	"encoding/binary"
	"reflect"
	"slices"
	"testing"
	"time"

	"tfocraft/wire"
	"tfocraft/wire/follow"
	"tfocraft/wire/wiretest"
)

// FuzzFrame follows any sequence of frames: each is two bytes of length and
// that many bytes.
func FuzzFrame(f *testing.F) {
	var all []byte
	for _, frame := range wiretest.LinuxFrames(f) {
		all = binary.BigEndian.AppendUint16(all, uint16(len(frame)))
		all = append(all, frame...)
	}
	f.Add(all)
	f.Fuzz(func(t *testing.T, b []byte) {
		follower := follow.New()
		follower.Limit = 4
		for i := 0; len(b) >= 2; i++ {
			n := min(int(binary.BigEndian.Uint16(b)), len(b)-2)
			frame := b[2 : 2+n]
			p, err := wire.ParseFrame(frame)
			b = b[2+n:]
			at := time.UnixMilli(int64(i))
			if err == nil {
				line := follower.Frame(at, &p)
				checkLine(t, &p, &line, nil)
			} else if e, err := wire.ParseICMPFrame(frame); err == nil {
				follower.ICMP(follow.Sighting{At: at}, &e)
			}
		}
		checkConnections(t, follower)
	})
}

// FuzzSegments follows segments between the same two ends, ten bytes each:
// direction, whether it is lost and whether an ICMP error follows, flags, sequence and acknowledgment number close to the initial
// ones, lengths of data, and an option.
func FuzzSegments(f *testing.F) {
	f.Add([]byte{
		0, byte(wire.SYN), 0, 0, 0, 0, 13, 8, 0, 0,
		1, byte(wire.SYN | wire.ACK), 0, 0, 0, 14, 0, 0, 0, 0,
		1, byte(wire.ACK), 0, 1, 0, 14, 5, 0, 0, 0,
		0, byte(wire.ACK | wire.FIN), 0, 14, 0, 6, 0, 0, 0, 0,
	})
	f.Fuzz(func(t *testing.T, b []byte) {
		follower := follow.New()
		follower.Limit = 4
		lines := make(map[int]*follow.Line)
		for i := 0; len(b) >= 10; i++ {
			p := fuzzedPacket(b[:10])
			sighting := follow.Sighting{At: time.UnixMilli(int64(i) * int64(b[9])), Lost: b[0]&2 != 0}
			line := follower.See(sighting, &p)
			checkLine(t, &p, &line, lines[line.Connection])
			checkOpened(t, follower, &line)
			if b[0]&4 != 0 {
				e := wire.ICMPError{IPVersion: 4, Type: wire.ICMPv4Unreachable, Code: b[6], Src: p.Src(), Dst: p.Dst(), Seq: p.TCP.Seq}
				line = follower.ICMP(sighting, &e)
			}
			lines[line.Connection] = &line
			b = b[10:]
		}
		checkConnections(t, follower)
	})
}

func fuzzedPacket(b []byte) wire.Packet {
	src, dst := clientEnd, serverEnd
	seqBase, ackBase := wire.Seq(0xfffffff8), wire.Seq(0x7ffffff8)
	if b[0]&1 != 0 {
		src, dst, seqBase, ackBase = dst, src, ackBase, seqBase
	}
	s := wire.Segment{
		Flags:   wire.Flags(b[1]),
		Seq:     seqBase.Add(int(int16(binary.BigEndian.Uint16(b[2:]))) << (b[8] % 20)),
		Ack:     ackBase.Add(int(int16(binary.BigEndian.Uint16(b[4:]))) << (b[8] % 20)),
		Window:  uint16(b[8]),
		Payload: make([]byte, b[6]),
	}
	if b[7] != 0 {
		s.Options = wire.FastOpen{Present: true, Experimental: b[7]&1 != 0, Cookie: make([]byte, b[7]%20)}.Append(nil)
	}
	return wire.NewPacket(src, dst, s)
}

// checkLine checks what holds for every segment, given the line before of its connection, if there was one.
func checkLine(t *testing.T, p *wire.Packet, line, before *follow.Line) {
	t.Helper()
	f := &line.Facts
	if line.Reason.En == "" || line.Reason.Zh == "" || line.Text == "" {
		t.Errorf("%s: no text or no reason: %+v", p, line)
	}
	if f.Copy && f.Retransmission || f.RTT < 0 || f.Acknowledged >= line.Number || f.RTT > 0 && f.Acknowledged == 0 || f.SynAcked > f.SynData {
		t.Errorf("%s: impossible facts: %+v", p, f)
	}
	was := follow.Ends{Client: f.Sender, Server: f.Receiver}
	if !line.FromClient {
		was = follow.Ends{Client: f.Receiver, Server: f.Sender}
	}
	if before != nil && was != before.After {
		t.Errorf("%s: both ends are not those that the segment before has left:\n got %+v\nwant %+v", p, was, before.After)
	}
	checkEnd(t, p, &was.Client, &line.After.Client)
	checkEnd(t, p, &was.Server, &line.After.Server)
}

// checkOpened checks that no end has opened whose SYN, or whose answer to one, was not seen or concluded from.
func checkOpened(t *testing.T, f *follow.Follower, line *follow.Line) {
	t.Helper()
	if c, ok := f.Connection(line.Connection); !ok || c.MidStream {
		return
	}
	client, server := &line.After.Client, &line.After.Server
	if !client.HasISS {
		t.Errorf("%s: the client's SYN was not seen, and the connection began with it", line.Text)
	}
	if server.State == follow.Established && server.Acked == 0 {
		t.Errorf("%s: the server is in %s before its SYN was acknowledged", line.Text, server.State)
	}
}

// checkEnd checks an end before and after a segment.
func checkEnd(t *testing.T, p *wire.Packet, before, after *follow.Endpoint) {
	t.Helper()
	if !canFollow(before.State, after.State, p.TCP.Flags) {
		t.Errorf("%s: from %s to %s", p, before.State, after.State)
	}
	if after.Acked > after.Next || after.Window < 0 || after.Scale < -1 || after.Scale > 14 || before.HasISS && !after.HasISS {
		t.Errorf("%s: impossible end: %+v after %+v", p, after, before)
	}
}

// moves are the steps from state to state (RFC 9293, Figure 5), but for resets. A side that answers a FIN with one of its
// own that does not acknowledge it had not got it: CLOSE-WAIT was a mistake.
var moves = map[follow.State][]follow.State{
	follow.Closed:      {follow.SynSent},
	follow.Listen:      {follow.SynSent, follow.SynReceived},
	follow.SynSent:     {follow.SynReceived, follow.Established},
	follow.SynReceived: {follow.Established, follow.FinWait1, follow.CloseWait},
	follow.Established: {follow.FinWait1, follow.CloseWait},
	follow.FinWait1:    {follow.FinWait2, follow.Closing},
	follow.FinWait2:    {follow.TimeWait},
	follow.CloseWait:   {follow.LastAck, follow.Closing},
	follow.Closing:     {follow.TimeWait},
	follow.LastAck:     {follow.Closed},
}

// canFollow reports whether one segment may take a side from a state to another, in one step or several.
func canFollow(from, to follow.State, flags wire.Flags) bool {
	switch {
	case from == to || from == "":
		return true
	case flags.Has(wire.RST):
		return to == follow.Closed || to == follow.Listen && from == follow.SynReceived
	case from == follow.Established && to == follow.SynSent:
		return flags.Has(wire.SYN) // sent again: it has not got the SYN-ACK
	case from == follow.LastAck || from == follow.Closed:
		return slices.Contains(moves[from], to)
	}
	for _, next := range moves[from] {
		if canFollow(next, to, flags) {
			return true
		}
	}
	return false
}

// checkConnections checks what holds whatever the frames were.
func checkConnections(t *testing.T, f *follow.Follower) {
	t.Helper()
	conns := f.Connections()
	for _, row := range follow.Table(conns) {
		if got, want := len(row), 1+len(conns); got != want {
			t.Errorf("row %q: got %d cells, want %d", row, got, want)
		}
	}
	for _, c := range conns {
		if one, ok := f.Connection(c.Number); !ok || !reflect.DeepEqual(one, c) {
			t.Errorf("connection %d alone is %+v, among all it is %+v", c.Number, one, c)
		}
		if c.SynAcked < 0 || c.SynAcked > c.SynData {
			t.Errorf("got %d bytes acknowledged of %d in the SYN", c.SynAcked, c.SynData)
		}
		if c.RequestTrips < 0 || c.ResponseTrips < 0 || c.RequestSegments > c.Segments || c.ResponseSegments > c.Segments {
			t.Errorf("impossible counts: %+v", c)
		}
		if c.ServerRetransmits > c.Retransmits || c.ClientRTT < 0 || c.ServerRTT < 0 {
			t.Errorf("impossible times or retransmissions: %+v", c)
		}
		if (c.RequestTrips == 0) != c.ServerHasRequest.IsZero() || (c.ResponseTrips == 0) != c.ClientHasResponse.IsZero() {
			t.Errorf("trips without a time, or a time without trips: %+v", c)
		}
	}
}
