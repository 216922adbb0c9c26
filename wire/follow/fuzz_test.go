package follow_test

import (
	"encoding/binary"
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
			p, err := wire.ParseFrame(b[2 : 2+n])
			b = b[2+n:]
			if err == nil {
				follower.Frame(time.UnixMilli(int64(i)), &p)
			}
		}
		checkConnections(t, follower)
	})
}

// FuzzSegments follows segments between the same two ends, ten bytes each:
// direction, flags, sequence and acknowledgment number close to the initial
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
		for i := 0; len(b) >= 10; i++ {
			p := fuzzedPacket(b[:10])
			line := follower.Frame(time.UnixMilli(int64(i)*int64(b[9])), &p)
			if line.Reason.IsZero() || line.Text == "" {
				t.Errorf("%s: no text or no reason: %+v", &p, line)
			}
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
		if c.SynAcked < 0 || c.SynAcked > c.SynData {
			t.Errorf("got %d bytes acknowledged of %d in the SYN", c.SynAcked, c.SynData)
		}
		if c.RequestTrips < 0 || c.ResponseTrips < 0 || c.RequestSegments > c.Segments || c.ResponseSegments > c.Segments {
			t.Errorf("impossible counts: %+v", c)
		}
		if (c.RequestTrips == 0) != c.ServerHasRequest.IsZero() || (c.ResponseTrips == 0) != c.ClientHasResponse.IsZero() {
			t.Errorf("trips without a time, or a time without trips: %+v", c)
		}
	}
}
