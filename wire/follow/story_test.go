package follow_test

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"tfocraft/wire"
	"tfocraft/wire/follow"
	"tfocraft/wire/wiretest"
)

// frame is one frame of a story.
type frame struct {
	at     time.Time
	packet wire.Packet
}

// bases are initial sequence numbers that wrap within a few bytes, so that
// every story is told across the wrap.
var bases = map[byte]wire.Seq{'>': 0xfffffffa, '<': 0xfffffffe}

// A story is a file of lines:
//
//	# a comment
//	+SECONDS > SEGMENT    from client to server, in the text form of package wire
//	+SECONDS < SEGMENT    the other way
//	    REASON            what is to be said about it
//	    @ STATE STATE ... the states of client and server after it, and facts
//	= SUMMARY             of a connection, at the end
//
// Seconds count from the segment before; numbers are relative to each side's
// initial one, which "isn > N" sets anew.
type story struct {
	frames    []frame
	reasons   []string
	states    []string
	summaries []string
}

func readStory(t *testing.T, path string) story {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var s story
	at, isn, ids := time.Unix(1000, 0), maps.Clone(bases), map[byte]uint16{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '+':
			delay, segment, _ := strings.Cut(line, " ")
			at = at.Add(seconds(t, delay))
			s.frames = append(s.frames, frame{at, packet(t, segment, isn, ids)})
		case strings.HasPrefix(line, "    @ "):
			s.states = append(s.states, line[6:])
		case strings.HasPrefix(line, "    "):
			s.reasons = append(s.reasons, strings.TrimSpace(line))
		case strings.HasPrefix(line, "= "):
			s.summaries = append(s.summaries, line[2:])
		case strings.HasPrefix(line, "isn "):
			n, err := strconv.ParseUint(line[6:], 10, 32)
			if err != nil {
				t.Fatal(err)
			}
			isn[line[4]] = wire.Seq(n)
		default:
			t.Fatalf("%s: line %q is none of a story", path, line)
		}
	}
	if len(s.frames) == 0 {
		t.Fatalf("%s has no segments", path)
	}
	return s
}

func seconds(t *testing.T, text string) time.Duration {
	t.Helper()
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return time.Duration(f * float64(time.Second))
}

// packet builds the packet of a line such as "> S 0:0(0) win 1000". An IPv4
// identification of its own tells it from a copy; after "=>" and "=<" it is
// that of the packet before in this direction.
func packet(t *testing.T, line string, isn map[byte]wire.Seq, ids map[byte]uint16) wire.Packet {
	t.Helper()
	isCopy := strings.HasPrefix(line, "=")
	line = strings.TrimPrefix(line, "=")
	src, dst := "192.0.2.1:40000", "192.0.2.2:80"
	self, other := isn['>'], isn['<']
	if line[0] == '<' {
		src, dst, self, other = dst, src, other, self
	}
	s := wiretest.Segment(t, line[2:])
	s.AddBase(wire.TextBase{SeqBase: self, AckBase: other})
	p := wire.NewPacket(netip.MustParseAddrPort(src), netip.MustParseAddrPort(dst), s)
	if !isCopy {
		ids[line[0]]++
	}
	p.IPv4.ID = ids[line[0]]
	p.SetLengths()
	p.SetChecksums()
	return p
}

// summary says on a line what a story checks of a connection.
func summary(c *follow.Connection) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%q (%s), SYN %s", c.FastOpen, c.Why, c.SynOption)
	if c.SynExperimental {
		b.WriteString(" exp")
	}
	fmt.Fprintf(&b, " %x %d", c.SynCookie, c.SynData)
	fmt.Fprintf(&b, ", SYN-ACK %s %x %d %d", c.SynAckOption, c.SynAckCookie, c.SynAcked, c.SynAckData)
	fmt.Fprintf(&b, ", round trips %.1f %.1f", c.RequestRoundTrips(), c.ResponseRoundTrips())
	fmt.Fprintf(&b, ", sent %d, received %d", c.Sent, c.Received)
	for _, n := range []struct {
		name string
		n    int
	}{{"SYN again", c.SynRetransmits}, {"SYN-ACK again", c.SynAckRetransmits}, {"again", c.Retransmits}} {
		if n.n > 0 {
			fmt.Fprintf(&b, ", %s %d", n.name, n.n)
		}
	}
	for _, f := range []struct {
		name string
		set  bool
	}{{"mid-stream", c.MidStream}, {"simultaneous", c.Simultaneous}, {"reset", c.Reset}, {"closed", c.ClosedInOrder}} {
		if f.set {
			b.WriteString(", " + f.name)
		}
	}
	return b.String()
}

// aftermath says on a line where both ends are after a segment, and what it told.
func aftermath(l *follow.Line) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", state(l.After.Client.State), state(l.After.Server.State))
	f := &l.Facts
	if f.Copy {
		b.WriteString(", copy")
	}
	if f.Retransmission {
		b.WriteString(", again")
	}
	if f.Cookie != follow.CookieNone {
		fmt.Fprintf(&b, ", cookie %s", f.Cookie)
	}
	if f.GrantedFrame != 0 {
		fmt.Fprintf(&b, ", %x granted in frame %d", f.Granted, f.GrantedFrame)
	}
	if f.Acknowledged != 0 {
		fmt.Fprintf(&b, ", RTT %v of frame %d", f.RTT, f.Acknowledged)
	}
	return b.String()
}

func state(s follow.State) follow.State { return cmp.Or(s, "?") }

func TestStories(t *testing.T) {
	paths, err := filepath.Glob("testdata/story/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			s := readStory(t, path)
			f := follow.New()
			for i, frame := range s.frames {
				line := f.Frame(frame.at, &frame.packet)
				if want := next(&s.reasons); line.Reason.En != want {
					t.Errorf("segment %d: %s\n got %q\nwant %q", i+1, line.Text, line.Reason.En, want)
				}
				if got, want := aftermath(&line), next(&s.states); got != want {
					t.Errorf("segment %d: %s\n got %s\nwant %s", i+1, line.Text, got, want)
				}
			}
			for _, c := range f.Connections() {
				if got, want := summary(&c), next(&s.summaries); got != want {
					t.Errorf("connection %d:\n got %s\nwant %s", c.Number, got, want)
				}
			}
			if len(s.reasons)+len(s.states)+len(s.summaries) > 0 {
				t.Errorf("left over: %q %q %q", s.reasons, s.states, s.summaries)
			}
		})
	}
}

func next(list *[]string) string {
	if len(*list) == 0 {
		return ""
	}
	first := (*list)[0]
	*list = (*list)[1:]
	return first
}

// TestLinux follows frames that two Linux hosts have sent, and compares every
// line with what is known to have happened there.
func TestLinux(t *testing.T) {
	paths, err := filepath.Glob("testdata/linux/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no captures: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			f := follow.New()
			var got strings.Builder
			for _, frame := range readFrames(t, path) {
				writeLine(&got, f.Frame(frame.at, &frame.packet))
			}
			for _, c := range f.Connections() {
				fmt.Fprintf(&got, "= %s\n", summary(&c))
			}
			want, err := os.ReadFile(strings.TrimSuffix(path, ".txt") + ".golden")
			if err != nil || got.String() != string(want) {
				t.Errorf("%v\n got\n%s\nwant\n%s", err, got.String(), want)
			}
		})
	}
}

func writeLine(b *strings.Builder, l follow.Line) {
	from := "server"
	if l.FromClient {
		from = "client"
	}
	fmt.Fprintf(b, "%d %s %s\n    %s\n    @ %s\n", l.Connection, from, l.Text, l.Reason, aftermath(&l))
}

// readFrames reads lines of microseconds and a frame in hex.
func readFrames(t testing.TB, path string) (frames []frame) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		var us int64
		var digits string
		if line[0] == '#' {
			continue
		}
		if _, err := fmt.Sscan(string(line), &us, &digits); err != nil {
			t.Fatal(err)
		}
		b, err := hex.DecodeString(digits)
		if err != nil {
			t.Fatal(err)
		}
		p, err := wire.ParseFrame(b)
		if err != nil {
			t.Fatal(err)
		}
		frames = append(frames, frame{time.UnixMicro(us), p})
	}
	return frames
}
