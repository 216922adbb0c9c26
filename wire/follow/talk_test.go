package follow_test

import (
	"net/netip"
	"testing"
	"time"

	"tfocraft/wire"
	"tfocraft/wire/follow"
	"tfocraft/wire/wiretest"
)

// talk makes frames, a millisecond apart, and has them followed.
type talk struct {
	testing.TB
	*follow.Follower
	at  time.Time
	id  uint16 // of the last frame
	isn int    // of the last connection that open has opened
}

func newTalk(t testing.TB) *talk { return &talk{TB: t, Follower: follow.New(), at: time.Unix(1000, 0)} }

// say is for a segment in the text form; its payload is zeros.
func (x *talk) say(src, dst, text string) follow.Line {
	x.Helper()
	return x.see(follow.Sighting{}, src, dst, text)
}

// see is say for a frame of which more is known. Its time is that of the talk.
func (x *talk) see(s follow.Sighting, src, dst, text string) follow.Line {
	x.Helper()
	p := wire.NewPacket(netip.MustParseAddrPort(src), netip.MustParseAddrPort(dst), wiretest.Segment(x, text))
	x.id++
	p.IPv4.ID = x.id
	x.at = x.at.Add(time.Millisecond)
	s.At = x.at
	return x.Follower.See(s, &p)
}

// wantStates reports an error if client and server are not in these states.
func (x *talk) wantStates(line *follow.Line, client, server follow.State) {
	x.Helper()
	if line.After.Client.State != client || line.After.Server.State != server {
		x.Errorf("%s: got states %s and %s, want %s and %s", line.Text, line.After.Client.State, line.After.Server.State, client, server)
	}
}
