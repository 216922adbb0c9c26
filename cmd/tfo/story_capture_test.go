package main

import (
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tfocraft/cmd/tfo/internal/story"
	"tfocraft/wire"
	"tfocraft/wire/follow"
	"tfocraft/wire/pcapng"
)

// storyOf tells the story of a capture.
func storyOf(t *testing.T, frames []pcapng.Frame) *story.Story {
	t.Helper()
	c, follower := newCaptureStory("test", "tfo explain test"), follow.New()
	for i := range frames {
		s := look(&frames[i])
		s.number, s.at = i+1, frames[i].Time.Sub(frames[0].Time)
		seen := follow.Sighting{At: frames[i].Time, Number: s.number}
		switch s.kind {
		case kindSegment:
			s.line = follower.See(seen, &s.packet)
		case kindProblem:
			s.line = follower.ICMP(seen, &s.problem)
		}
		c.add(&s, follower)
	}
	return c.finish(follower.Connections())
}

func kernelFrames(t *testing.T) (frames []pcapng.Frame) {
	t.Helper()
	file, err := os.Open(kernelCapture)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	reader, err := pcapng.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	for f, err := range reader.All() {
		if err != nil {
			t.Fatal(err)
		}
		frames = append(frames, f)
	}
	return frames
}

func TestCaptureStory(t *testing.T) {
	frames := kernelFrames(t)
	s := storyOf(t, frames)
	var hosts []string
	for _, h := range s.Hosts {
		hosts = append(hosts, h.Name.En+" "+strings.Join(h.Addresses, " "))
	}
	if want := []string{"client 1 192.0.2.1", "client 2 2001:db8::1", "server 1 192.0.2.2", "server 2 2001:db8::2"}; !slices.Equal(hosts, want) {
		t.Errorf("hosts: got %q, want %q", hosts, want)
	}
	if len(s.Frames) != 40 || s.Left != 0 || len(s.Connections) != 6 {
		t.Errorf("%d frames, %d left, %d connections", len(s.Frames), s.Left, len(s.Connections))
	}
	for i := range s.Frames {
		f := &s.Frames[i]
		seen := look(&frames[f.Number-1])
		from, to := seen.packet.Addrs()
		if s.Hosts[f.From].Addresses[0] != from.String() || s.Hosts[f.To].Addresses[0] != to.String() || f.Label.IsZero() || len(f.Dissection.Fields) == 0 {
			t.Errorf("frame %d from %v to %v: %+v", f.Number, from, to, f)
		}
	}
	grant := s.Frames[1]
	if len(grant.Cache) != 1 || grant.Cache[0].Cookie != "a24e1d399638e060" || grant.Cache[0].Frame != 4 {
		t.Errorf("cache after the grant: %+v", grant.Cache)
	}
	var notes []string
	for _, n := range grant.Notes {
		notes = append(notes, s.Hosts[n.At].Name.En+": "+n.Text.En)
	}
	if want := []string{"client 1: round trip since frame 3: 42µs", "client 1: the cookie cache has changed"}; !slices.Equal(notes, want) {
		t.Errorf("notes: got %q, want %q", notes, want)
	}
}

// What is too much for a page is counted, not shown.
func TestCaptureStoryLimits(t *testing.T) {
	var frames []pcapng.Frame
	add := func(client string) {
		p := wire.NewPacket(netip.MustParseAddrPort(client), netip.MustParseAddrPort("192.0.2.2:80"), wire.Segment{Flags: wire.SYN})
		p.SetLengths()
		p.SetChecksums()
		b := p.Append(nil)
		frames = append(frames, pcapng.Frame{Data: b, Length: len(b), LinkType: pcapng.LinkRaw, Time: time.Unix(1, int64(len(frames)))})
	}
	for i := range storyFrames {
		add(netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), uint16(1+i)).String())
	}
	add("192.0.2.1:9000")
	if s := storyOf(t, frames); len(s.Frames) != storyFrames || s.Left != 1 {
		t.Errorf("%d frames, %d left", len(s.Frames), s.Left)
	}
	frames = nil
	for i := range storyHosts {
		add(netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 18, 0, byte(i)}), 9).String())
	}
	if s := storyOf(t, frames); len(s.Hosts) != storyHosts || len(s.Frames) != storyHosts-1 || s.Left != 1 {
		t.Errorf("%d hosts, %d frames, %d left", len(s.Hosts), len(s.Frames), s.Left)
	}
}

func TestExplainHTML(t *testing.T) {
	page := filepath.Join(t.TempDir(), "page.html")
	want := tfo(t, "", "explain", kernelCapture).done(t)
	if got := tfo(t, "", "explain", kernelCapture, "--html", page).done(t); got != want {
		t.Errorf("with a page something else is printed:\n%s", got)
	}
	html, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{"a24e1d399638e060", "cookie and 5 bytes of data in the SYN", "tcp.options.fo"} {
		if !strings.Contains(string(html), words) {
			t.Errorf("no %q in the page", words)
		}
	}
	// What was explained is printed all the same.
	missing := filepath.Join(t.TempDir(), "missing", "page.html")
	got := tfo(t, "", "explain", kernelCapture, "--html", missing)
	got.failed(t, exitFailed, "--html: open "+missing, "no such file")
	if got.stdout != want || strings.Count(got.stderr, "\n") != 1 {
		t.Errorf("got %+v", got)
	}
	// So is the page of a capture that is cut.
	whole, err := os.ReadFile(kernelCapture)
	if err != nil {
		t.Fatal(err)
	}
	tfo(t, string(whole[:len(whole)-5]), "explain", "-", "--html", page).failed(t, exitFailed, "capture is cut short")
	if cut, err := os.ReadFile(page); err != nil || !strings.Contains(string(cut), "a24e1d399638e060") {
		t.Errorf("no page of what was whole: %v", err)
	}
}
