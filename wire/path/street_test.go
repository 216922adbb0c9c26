package path_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tfocraft/wire"
	"tfocraft/wire/path"
	"tfocraft/wire/wiretest"
)

// A street is a path without delay, on which segments are sent and expected as text.
type street struct {
	t    *testing.T
	path *path.Path
	// The near end and the far one, as those of the street's connection.
	client, server string
	seen           *path.Recorder
	now            time.Duration // since the epoch
}

// The ends of a street, in both families.
var families = map[string][2]string{
	"IPv4": {"192.0.2.1:1234", "192.0.2.2:80"},
	"IPv6": {"[2001:db8::1]:1234", "[2001:db8::2]:80"},
}

// onStreets runs a test in both families.
func onStreets(t *testing.T, boxes string, test func(s *street)) {
	t.Helper()
	for name, ends := range families {
		t.Run(name, func(t *testing.T) {
			s := &street{t: t, client: ends[0], server: ends[1], seen: new(path.Recorder)}
			cfg := path.Config{Middleboxes: parseBoxes(t, boxes), FarHosts: 2, Observer: s.seen.Observe}
			var err error
			if s.path, err = path.New(&cfg); err != nil {
				t.Fatal(err)
			}
			test(s)
		})
	}
}

// send sends a segment from the client to the server, or the other way, and compares what comes out, at both ends:
// "near" or "far" and the segment, after the addresses if these are not the ones that were sent to.
func (s *street) send(from path.Place, text string, want ...string) {
	s.t.Helper()
	ends := [2]string{s.client, s.server}
	if from != path.Near {
		slices.Reverse(ends[:])
	}
	now := epoch.Add(s.now)
	s.path.Send(now, from, frameOf(s.t, ends, text))
	var got []string
	for place, frames := range s.path.Deliver(now) {
		for _, frame := range frames {
			got = append(got, s.tell(path.Place(place), frame))
		}
	}
	if !slices.Equal(got, want) {
		s.t.Errorf("%s:\n got %s\nwant %s", text, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}

func (s *street) tell(place path.Place, frame []byte) string {
	s.t.Helper()
	p, err := wire.ParseFrame(frame)
	if err != nil || !p.ChecksumsOK() {
		s.t.Errorf("%x: %v, checksums right: %v", frame, err, p.ChecksumsOK())
	}
	text := []byte([]string{"near ", "far ", "far2 "}[place])
	ends := [2]string{p.Src().String(), p.Dst().String()}
	if !slices.Contains(ends[:], s.client) || !slices.Contains(ends[:], s.server) {
		text = fmt.Appendf(text, "%s > %s ", ends[0], ends[1])
	}
	return string(wire.AppendText(text, &p.TCP, wire.TextBase{}))
}

// wantFates compares what befell the frames since the street was made, in the order of their departure.
func (s *street) wantFates(want ...string) {
	s.t.Helper()
	passages, _ := s.seen.Passages()
	var got []string
	for _, p := range passages {
		text := p.Text().En
		if p.Fate == path.Arrived {
			text = "arrived"
		}
		if p.Changed() {
			text += ", changed by " + p.By
		}
		if p.MadeBy != "" {
			text += ", made by " + p.MadeBy
		}
		got = append(got, text)
	}
	if !slices.Equal(got, want) {
		s.t.Errorf("fates:\n got %s\nwant %s", strings.Join(got, "; "), strings.Join(want, "; "))
	}
}

func parseBoxes(t testing.TB, text string) []path.Middlebox {
	t.Helper()
	boxes, err := path.ParseMiddleboxes(text)
	if err != nil {
		t.Fatal(err)
	}
	return boxes
}

// frameOf returns the frame with the segment that a text describes, with a payload
// of x for each byte that it says.
func frameOf(t testing.TB, addrs [2]string, text string) []byte {
	t.Helper()
	n := len(wiretest.Segment(t, text).Payload)
	return wiretest.Frame(t, addrs[0], addrs[1], text, strings.Repeat("x", n))
}

func right(frame []byte) bool {
	p, err := wire.ParseFrame(frame)
	return err == nil && p.ChecksumsOK()
}

// Whatever comes, and in both ways, a middlebox does not panic, makes nothing longer, lets pass what
// is not TCP as it is, and keeps right checksums right; and every frame has one fate.
func FuzzMiddlebox(f *testing.F) {
	frames := wiretest.LinuxFrames(f)
	for i, frame := range frames {
		f.Add(frame, frames[(i+1)%len(frames)])
		f.Add(append(bytes.Clone(frame), 0, 0), frame)
	}
	f.Add(wiretest.Unhex(f, "ffffffffffff 020000000002 0806 0001 0800 06 04 0001 020000000002 c0000202 000000000000 c0000264"), frames[0])
	var all []string
	for _, info := range path.Middleboxes() {
		all = append(all, strings.Replace(info.Name, "=N", "=4", 1))
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		for _, boxes := range append(all, strings.Join(all, ",")) {
			var seen path.Recorder
			p, err := path.New(&path.Config{Middleboxes: parseBoxes(t, boxes), Observer: seen.Observe,
				Forward: path.Way{MTU: 1 << 17}, Backward: path.Way{MTU: 1 << 17}})
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				p.Send(epoch, path.Near, a)
				p.Send(epoch, path.Far, b)
			}
			p.Deliver(epoch)
			own := 0
			passages, _ := seen.Passages()
			for _, passage := range passages {
				if passage.MadeBy == "" {
					own++
				}
				checkPassage(t, boxes, &passage)
			}
			if own != 4 {
				t.Errorf("%s: got %d fates of 4 frames", boxes, own)
			}
		}
	})
}

func checkPassage(t *testing.T, boxes string, p *path.Passage) {
	t.Helper()
	if p.Fate != path.Arrived {
		return
	}
	_, err := wire.ParseFrame(p.Sent)
	switch {
	case len(p.Got) > len(p.Sent):
		t.Errorf("%s: got %d bytes of %d", boxes, len(p.Got), len(p.Sent))
	case err != nil && p.Changed():
		t.Errorf("%s: changes what is not TCP:\n%x\n%x", boxes, p.Got, p.Sent)
	case right(p.Sent) && !right(p.Got):
		t.Errorf("%s: breaks a checksum:\n%x\n%x", boxes, p.Got, p.Sent)
	}
}
