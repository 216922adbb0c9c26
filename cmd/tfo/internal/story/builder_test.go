package story_test

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"tfocraft/cmd/tfo/internal/story"
	"tfocraft/wire"
	"tfocraft/wire/bilingual"
	"tfocraft/wire/dissect"
	"tfocraft/wire/follow"
	"tfocraft/wire/wiretest"
)

var start = time.Unix(1_700_000_000, 0)

// captured reads frames that Linux has sent: a line each, microseconds and hex.
func captured(t *testing.T, name string) (all []story.Sighting) {
	t.Helper()
	file, err := os.Open(filepath.Join("../../../../wire/follow/testdata/linux", name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		at, frame, ok := strings.Cut(lines.Text(), " ")
		µs, err := strconv.Atoi(at)
		if err != nil || !ok {
			continue // a comment
		}
		data, err := hex.DecodeString(frame)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, story.Sighting{Link: wire.LinkEthernet, Departed: start.Add(time.Duration(µs) * time.Microsecond), Sent: data})
	}
	if len(all) == 0 {
		t.Fatalf("no frames in %s", name)
	}
	return all
}

func build(b *story.Builder, all []story.Sighting) *story.Story {
	for _, s := range all {
		b.Add(s)
	}
	return b.Story()
}

// Whose frames they are, and what became of Fast Open, is found in what two kernels have said to each other.
func TestCapture(t *testing.T) {
	for _, name := range []string{"kernel4.txt", "kernel6.txt"} {
		t.Run(name, func(t *testing.T) {
			frames := captured(t, name)
			s := build(new(story.Builder), frames)
			if len(s.Hosts) != 2 || s.Hosts[0].Name.En != "client" || s.Hosts[1].Name.En != "server" {
				t.Fatalf("got hosts %+v, want a client and a server", s.Hosts)
			}
			if len(s.Frames) != len(frames) || s.Left != 0 {
				t.Fatalf("%d of %d frames, %d left out", len(s.Frames), len(frames), s.Left)
			}
			wantOutcomes(t, s, follow.CookieReceived, follow.Accepted)
			for i, f := range s.Frames {
				wantWhole(t, &f)
				if !bytes.Equal(f.Bytes, frames[i].Sent) || f.Number != i+1 {
					t.Errorf("frame %d has other bytes or another number than it was given", i+1)
				}
			}
			last := s.Frames[len(s.Frames)-1]
			if len(last.Cache) != 1 || last.Cache[0].Cookie == "" || last.Cache[0].Frame != 2 {
				t.Errorf("got the cache %+v, want the cookie of frame 2", last.Cache)
			}
		})
	}
}

func wantOutcomes(t *testing.T, s *story.Story, want ...follow.Outcome) {
	t.Helper()
	var got []follow.Outcome
	for _, c := range s.Connections {
		got = append(got, follow.Outcome(c.FastOpen))
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got outcomes %v, want %v", got, want)
	}
}

// wantWhole checks what every frame of TCP must have: a text and reasons in both languages, and fields that tile it.
func wantWhole(t *testing.T, f *story.Frame) {
	t.Helper()
	for what, text := range map[string]bilingual.Text{"label": f.Label, "reason": f.Reason} {
		if text.En == "" || text.Zh == "" {
			t.Errorf("frame %d has the %s %+v", f.Number, what, text)
		}
	}
	for _, n := range f.Notes {
		if n.Text.En == "" || n.Text.Zh == "" || strings.Contains(n.Text.En+n.Text.Zh, "%!") {
			t.Errorf("frame %d has the note %+v", f.Number, n.Text)
		}
		wiretest.WantChinese(t, n.Text.Zh)
	}
	at := 0
	for _, field := range f.Dissection.Fields {
		if field.Offset != at {
			t.Errorf("frame %d: %s begins at bit %d, want %d", f.Number, field.ID, field.Offset, at)
		}
		at += field.Width
	}
	if at != 8*len(f.Bytes) {
		t.Errorf("frame %d: fields end at bit %d of %d", f.Number, at, 8*len(f.Bytes))
	}
}

// A talk makes sightings of segments between two hosts with a path of 10 ms, or of any time, between them.
type talk struct {
	*testing.T
	all []story.Sighting
}

var (
	client = netip.MustParseAddrPort("192.0.2.1:40000")
	server = netip.MustParseAddrPort("192.0.2.2:80")
)

// say adds a segment in the text form behind < or >, which departs and arrives at times in ms; -1 if it is lost.
func (x *talk) say(departed, arrived int, segment string) *story.Sighting {
	x.Helper()
	src, dst, from, to := client, server, 0, 1
	if segment[0] == '<' {
		src, dst, from, to = dst, src, to, from
	}
	s := story.Sighting{Link: wire.LinkRaw, From: from, To: to, Departed: ms(departed), Sent: packet(x.T, src, dst, segment[2:])}
	if arrived < 0 {
		s.Lost, s.Fate = true, bilingual.T("lost", "丢失")
	} else {
		s.Arrived = ms(arrived)
	}
	x.all = append(x.all, s)
	return &x.all[len(x.all)-1]
}

func ms(n int) time.Time { return start.Add(time.Duration(n) * time.Millisecond) }

// packet makes an IP packet with as many zeros of data as the text tells.
func packet(t *testing.T, src, dst netip.AddrPort, segment string) []byte {
	t.Helper()
	text, err := wire.ParseText(segment)
	if err != nil {
		t.Fatalf("%s: %v", segment, err)
	}
	p := wire.NewPacket(src, dst, text.Segment)
	p.SetLengths()
	p.SetChecksums()
	return p.Append(nil)
}

func hosts() []story.Host {
	return []story.Host{{Name: bilingual.T("client", "客户端")}, {Name: bilingual.T("server", "服务器")}}
}

// Over a path both ends are right about time: round trips are measured from departure to arrival, and the request is there when it has arrived.
func TestPath(t *testing.T) {
	x := talk{T: t}
	x.say(0, -1, "> S 100:105(5) win 1000 <FO 01020304,nop,nop>")
	x.say(1000, 1010, "> S 100:105(5) win 1000 <FO 01020304,nop,nop>")
	x.say(1010, 1020, "< S. 500:500(0) ack 106 win 1000")
	x.say(1011, 1021, "< . 501:511(10) ack 106 win 1000")
	x.say(1021, 1031, "> . 106:106(0) ack 511 win 1000")
	s := build(&story.Builder{Hosts: hosts()}, x.all)
	wantOutcomes(t, s, follow.Accepted)
	c := s.Connections[0]
	if c.ResponseTime != 1021*time.Millisecond || c.RequestRoundTrips != 0.5 || c.Retransmits != 1 {
		t.Errorf("got %+v, want the response after 1021 ms and the request after half a round trip", c)
	}
	if f := s.Frames[0]; !f.Lost || f.Server.State != "LISTEN" || f.Client.State != "SYN-SENT" {
		t.Errorf("after the lost SYN the states are %+v and %+v", f.Client, f.Server)
	}
	if taken := s.Frames[2]; !s.Frames[1].Server.Presumed || taken.Server.Presumed || taken.Server.State != "SYN-RECEIVED" {
		t.Errorf("the server is in %+v after the SYN and in %+v after its answer; want it presumed first", s.Frames[1].Server, taken.Server)
	} else if note := taken.Notes[0]; note.At != 1 || !strings.Contains(note.Text.En, "in SYN-RECEIVED since then") {
		t.Errorf("with the answer comes the note %+v, want that the server was in SYN-RECEIVED before", note)
	}
	var notes []string
	for _, n := range s.Frames[4].Notes {
		notes = append(notes, n.Text.En)
	}
	if want := "measures a round trip of 20 ms, from segment 4"; len(notes) != 1 || notes[0] != want {
		t.Errorf("the last ACK brings %q, want %q", notes, want)
	}
}

// Frames that cross are told in the order of departure, and followed as the client has them.
func TestCrossing(t *testing.T) {
	x := talk{T: t}
	x.say(0, 10, "> S 100:100(0) win 1000")
	x.say(10, 20, "< S. 500:500(0) ack 101 win 1000")
	x.say(20, 30, "> . 101:101(0) ack 501 win 1000")
	x.say(40, 50, "< . 501:506(5) ack 101 win 1000")
	x.say(45, 55, "> . 101:106(5) ack 501 win 1000")
	s := build(&story.Builder{Hosts: hosts()}, x.all)
	var seen []int
	for _, f := range s.Frames {
		seen = append(seen, f.Seen)
	}
	if want := "[1 2 3 5 4]"; fmt.Sprint(seen) != want {
		t.Errorf("seen as %v, want %s", seen, want)
	}
}

// What a middlebox has changed is there as it left and as it arrived, each with its fields.
func TestChanged(t *testing.T) {
	x := talk{T: t}
	s := x.say(0, 10, "> S 100:100(0) win 1000 <FO,nop,nop>")
	s.Got = packet(t, client, server, "S 100:100(0) win 1000 <nop,nop,nop,nop>")
	f := build(&story.Builder{Hosts: hosts()}, x.all).Frames[0]
	if !f.Changed || !has(&f.Dissection, "tcp.options.fo.kind") || has(&f.ArrivedDissection, "tcp.options.fo.kind") {
		t.Errorf("changed %t, with the option %t and then %t; want true, true, false", f.Changed,
			has(&f.Dissection, "tcp.options.fo.kind"), has(&f.ArrivedDissection, "tcp.options.fo.kind"))
	}
}

func has(d *dissect.Frame, id string) bool {
	for _, f := range d.Fields {
		if f.ID == id {
			return true
		}
	}
	return false
}

// On loopback both ends have one address, and still are two columns.
func TestLoopback(t *testing.T) {
	local := netip.MustParseAddr("127.0.0.1")
	c, s := netip.AddrPortFrom(local, 40000), netip.AddrPortFrom(local, 80)
	st := build(new(story.Builder), []story.Sighting{
		{Link: wire.LinkRaw, Departed: ms(0), Sent: packet(t, c, s, "S 100:100(0) win 1000")},
		{Link: wire.LinkRaw, Departed: ms(1), Sent: packet(t, s, c, "S. 500:500(0) ack 101 win 1000")},
	})
	if len(st.Hosts) != 2 || st.Frames[0].From != 0 || st.Frames[0].To != 1 || st.Frames[1].From != 1 || st.Frames[1].To != 0 {
		t.Errorf("got hosts %+v and frames %d to %d, %d to %d", st.Hosts, st.Frames[0].From, st.Frames[0].To, st.Frames[1].From, st.Frames[1].To)
	}
}

// A server that speaks first in a capture is still to the right.
func TestMidStream(t *testing.T) {
	st := build(new(story.Builder), []story.Sighting{
		{Link: wire.LinkRaw, Departed: ms(0), Sent: packet(t, server, client, ". 500:510(10) ack 101 win 1000")},
	})
	if f, c := st.Frames[0], st.Connections[0]; f.From != 1 || f.To != 0 || c.ClientHost != 0 || c.ServerHost != 1 {
		t.Errorf("from %d to %d, client %d, server %d", f.From, f.To, c.ClientHost, c.ServerHost)
	}
}

// A crowd shares columns, and no frame is without one.
func TestCrowd(t *testing.T) {
	var all []story.Sighting
	for i := range 40 {
		src := netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 18, 0, byte(i)}), 40000)
		all = append(all, story.Sighting{Link: wire.LinkRaw, Departed: ms(i), Sent: packet(t, src, server, "S 100:100(0) win 1000 <FO 01020304,nop,nop>")})
	}
	st := build(&story.Builder{Limit: 30}, all)
	if len(st.Hosts) > 7 || len(st.Frames) != 30 || st.Left != 10 {
		t.Fatalf("%d hosts, %d frames, %d left; want few hosts, 30 and 10", len(st.Hosts), len(st.Frames), st.Left)
	}
	for _, f := range st.Frames {
		if f.From == f.To || f.To != len(st.Hosts)-1 {
			t.Errorf("frame %d goes from %d to %d", f.Number, f.From, f.To)
		}
	}
}

// Frames without TCP are told of by their headers; those that are nobody's are counted.
func TestOrdinary(t *testing.T) {
	arp, _ := hex.DecodeString("ffffffffffff020000000001" + "0806" + "0001080006040001" + "020000000001c0000201" + "000000000000c0000202")
	lldp, _ := hex.DecodeString("0180c200000e02000000000188cc0200")
	st := build(new(story.Builder), []story.Sighting{
		{Link: wire.LinkEthernet, Departed: ms(0), Sent: arp},
		{Link: wire.LinkEthernet, Departed: ms(1), Sent: lldp},
		{Link: wire.LinkEthernet, Departed: ms(2), Sent: nil},
	})
	if len(st.Frames) != 1 || st.Left != 2 || len(st.Hosts) != 2 {
		t.Fatalf("%d frames, %d left, %d hosts; want 1, 2, 2", len(st.Frames), st.Left, len(st.Hosts))
	}
	if f := st.Frames[0]; f.Label.En != "ARP" || f.Connection != 0 || !strings.Contains(f.Reason.En, "192.0.2.2") {
		t.Errorf("got %q, connection %d, %q", f.Label.En, f.Connection, f.Reason.En)
	}
}

// What a capture has cut off is missing from the bytes; the segment is followed all the same.
func TestCut(t *testing.T) {
	whole := packet(t, client, server, "S 100:150(50) win 1000 <FO 01020304,nop,nop>")
	for _, cut := range []int{10, 50, 51, 100} {
		st := build(new(story.Builder), []story.Sighting{
			{Link: wire.LinkRaw, Departed: ms(0), Sent: whole[:max(0, len(whole)-cut)], Cut: cut},
		})
		if followed := len(st.Connections) == 1; followed != (cut <= 50) {
			t.Errorf("with %d bytes cut off it is followed: %t", cut, followed)
		}
	}
}

func TestNothing(t *testing.T) {
	if st := new(story.Builder).Story(); len(st.Frames)+len(st.Connections)+len(st.Hosts) != 0 {
		t.Errorf("got %+v of no frames", st)
	}
}
