package follow_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"tfocraft/wire"
	"tfocraft/wire/follow"
)

// sendICMP says an ICMP error about a segment from the client.
func (x *talk) sendICMP(typ, code uint8, mtu uint32, seq wire.Seq) string {
	x.Helper()
	x.at = x.at.Add(time.Millisecond)
	e := wire.ICMPError{IPVersion: 4, Type: typ, Code: code, MTU: mtu, Src: clientEnd, Dst: serverEnd, Seq: seq}
	line := x.ICMP(follow.Sighting{At: x.at}, &e)
	return fmt.Sprintf("%d: %s: %s", line.Connection, line.Text, line.Reason.En)
}

func TestICMP(t *testing.T) {
	x := newTalk(t)
	want := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	}
	want(x.sendICMP(3, 3, 0, 5000), "0: icmp 3/3 seq 5000: ICMP error: the host has nobody to take it; about a connection that was not seen")
	x.told("> S 5000:5005(5) win 1000 <FO 01020304>")
	want(x.sendICMP(3, 4, 1400, 5000), "1: icmp 3/4 seq 0 mtu 1400: ICMP error: too big for the path, which takes 1400 bytes; about the SYN of the client")
	if got := x.cached(); len(got) > 0 {
		t.Errorf("too big: got cache %q, want none: the SYN can be smaller", got)
	}
	want(x.sendICMP(3, 13, 0, 5000), "1: icmp 3/13 seq 0: ICMP error: somebody on the way forbids it; about the SYN of the client")
	if got, want := x.cached(), []string{"port 80 icmp-error frame 4"}; !slices.Equal(got, want) {
		t.Errorf("forbidden: got cache %q, want %q", got, want)
	}
	x.told("< S. 700:700(0) ack 5006 win 1000")
	want(x.sendICMP(3, 3, 0, 5000), "1: icmp 3/3 seq 0: ICMP error: the host has nobody to take it; about a segment of the client that is not on its way: ignored")
	x.told("> . 5006:5106(100) ack 701 win 1000")
	want(x.sendICMP(3, 4, 0, 5006), "1: icmp 3/4 seq 6 mtu 0: ICMP error: too big for the path; about the segment of the client at 6")
	x.told("< P. 701:801(100) ack 5006 win 1000")
	line := x.ICMP(follow.Sighting{At: x.at}, &wire.ICMPError{IPVersion: 4, Type: 11, Src: serverEnd, Dst: clientEnd, Seq: 701})
	want(line.Reason.En, "ICMP error: too many hops; about the segment of the server at 1")
	if line.FromClient || line.Number != 10 || line.Facts.Sender.Addr != serverEnd || line.After.Client.State != follow.Established {
		t.Errorf("about the server: got %+v", line)
	}
	if got, want := x.Connections()[0].ICMPErrors, 4; got != want {
		t.Errorf("errors that count: got %d, want %d", got, want)
	}
}

// TestICMPWords has a few words for every type and code, in both languages.
func TestICMPWords(t *testing.T) {
	seen := make(map[string]bool)
	for _, e := range []wire.ICMPError{
		{IPVersion: 4, Type: 3, Code: 0}, {IPVersion: 4, Type: 3, Code: 2}, {IPVersion: 4, Type: 3, Code: 9}, {IPVersion: 4, Type: 11},
		{IPVersion: 4, Type: 11, Code: 1}, {IPVersion: 4, Type: 12}, {IPVersion: 4, Type: 3, Code: 4}, {IPVersion: 4, Type: 3, Code: 4, MTU: 1280},
		{IPVersion: 6, Type: 1, Code: 0}, {IPVersion: 6, Type: 1, Code: 4}, {IPVersion: 6, Type: 1, Code: 1}, {IPVersion: 6, Type: 3}, {IPVersion: 6, Type: 3, Code: 1},
		{IPVersion: 6, Type: 4}, {IPVersion: 6, Type: 2}, {IPVersion: 6, Type: 2, MTU: 1280},
	} {
		line := follow.New().ICMP(follow.Sighting{}, &e)
		if seen[fmt.Sprint(e.IPVersion, line.Reason)] || line.Reason.Zh == "" {
			t.Errorf("%d/%d: got %q, want words of its own in both languages", e.Type, e.Code, line.Reason)
		}
		seen[fmt.Sprint(e.IPVersion, line.Reason)] = true
	}
	if got, want := len(seen), 16; got != want {
		t.Errorf("got %d reasons, want %d", got, want)
	}
}

// TestICMPAlike has codes that say the same told in the same words.
func TestICMPAlike(t *testing.T) {
	for _, test := range []struct {
		version, typ uint8
		codes        []uint8
	}{
		{4, 3, []uint8{0, 1, 5, 6, 7, 8, 11, 12}}, {4, 3, []uint8{2, 3}}, {4, 3, []uint8{9, 10, 13, 14, 15}},
		{6, 1, []uint8{0, 2, 3}}, {6, 1, []uint8{1, 5, 6}}, {6, 1, []uint8{7, 8}}, {6, 4, []uint8{0, 1, 2, 3, 10}},
	} {
		reasons := make(map[string]bool)
		for _, code := range test.codes {
			reasons[follow.New().ICMP(follow.Sighting{}, &wire.ICMPError{IPVersion: test.version, Type: test.typ, Code: code}).Reason.En] = true
		}
		if len(reasons) != 1 {
			t.Errorf("codes %v of type %d are told as %v", test.codes, test.typ, reasons)
		}
	}
}
