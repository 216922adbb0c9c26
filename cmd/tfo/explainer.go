package main

import (
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"tfocraft/cmd/tfo/internal/story"
	"tfocraft/wire"
	"tfocraft/wire/bilingual"
	"tfocraft/wire/follow"
	"tfocraft/wire/pcapng"
)

// viewFlags choose what of the frames is shown, and how.
type viewFlags struct {
	paperFlags
	bytes bool
	json  bool
	html  string
	step  bool // of tfo explain only
	keys  keyFlags
}

func (v *viewFlags) add(cmd *cobra.Command) {
	v.paperFlags.add(cmd)
	f := cmd.Flags()
	f.BoolVar(&v.bytes, "bytes", false, "show every byte of every frame, what it means and why it is so")
	f.BoolVar(&v.json, "json", false, "print one JSON object for each frame, with its fields, and each connection")
	f.StringVar(&v.html, "html", "", "write a page about the connections to `FILE`, for a browser")
	v.keys.add(cmd)
}

// An explainer takes frames in the order of their capture, and shows those that are wanted with what they are for. It
// remembers connections, not frames.
type explainer struct {
	viewFlags
	packet  int  // the only frame that is wanted; 0 for all
	onlyTFO bool // only connections with Fast Open
	all     bool // frames without TCP, too
	paper   *paper
	story   *follow.Follower

	start                        time.Time // of the first frame
	shown                        int
	segments, broken, fragmented int // the last two of frames that were not shown

	page   *story.Builder // of what is shown; nil if nobody wants a page
	title  string         // of the page
	made   string         // the command that makes it again
	told   map[int]bool   // connections, by number, that are wanted; those that are remembered
	failed error          // of what was printed between frames
}

// newExplainer prints what the flags ask for, about frames of a file or an interface of that name. Args are those of the command.
func newExplainer(cmd *cobra.Command, v viewFlags, name string, args ...string) (*explainer, error) {
	p, err := v.open(cmd.OutOrStdout())
	if err != nil {
		return nil, err
	}
	e := &explainer{viewFlags: v, paper: p, story: follow.New(), told: make(map[int]bool)}
	if v.keys.given() {
		if e.story.Keyring, err = v.keys.keyring(); err != nil {
			return nil, err
		}
	}
	e.story.Done = e.forgotten
	if v.html != "" || v.step {
		e.page = &story.Builder{Keyring: e.story.Keyring}
		e.title, e.made = filepath.Base(name), again(cmd, v.html, args...)
	}
	return e, nil
}

// forgotten tells of a connection that makes room for another: there are more of them than can be remembered.
func (e *explainer) forgotten(c follow.Connection) {
	if e.packet == 0 && e.told[c.Number] && e.failed == nil {
		e.failed = e.printConnection(&c)
	}
	delete(e.told, c.Number)
}

// take takes the next frame, by its number in the capture, and shows it if it is wanted. It keeps nothing of f.
func (e *explainer) take(number int, f *pcapng.Frame) error {
	s := e.look(number, f)
	if e.failed != nil || !e.wants(&s) {
		e.leave(&s)
		return e.failed
	}
	e.shown++
	if e.page != nil && s.line.Connection > 0 {
		e.page.Add(story.Sighting{
			Number: number, Connection: s.line.Connection, Link: f.LinkType, Departed: f.Time, Sent: f.Data, Cut: f.Length - len(f.Data),
		})
	}
	return e.print(&s)
}

// look is the function of that name, and follows the connections.
func (e *explainer) look(number int, f *pcapng.Frame) sight {
	if e.start.IsZero() {
		e.start = f.Time
	}
	s := look(f)
	s.number, s.at = number, f.Time.Sub(e.start)
	seen := follow.Sighting{At: f.Time, Number: number}
	switch s.kind {
	case kindSegment:
		e.segments++
		s.line = e.story.See(seen, &s.packet)
	case kindProblem:
		s.line = e.story.ICMP(seen, &s.problem)
	}
	return s
}

// leave counts what is not shown because it cannot be followed.
func (e *explainer) leave(s *sight) {
	switch s.kind {
	case kindBroken:
		e.broken++
	case kindFragment:
		e.fragmented++
	}
}

// wants reports whether a frame is to be shown. Who looks at bytes wants those of every frame, who wants an overview
// only what is about a connection.
func (e *explainer) wants(s *sight) bool {
	switch {
	case e.packet != 0:
		return s.number == e.packet
	case s.kind == kindSegment:
		return e.wantsSegment(s)
	case e.all || !e.onlyTFO && (e.bytes || e.json):
		return true
	case s.kind == kindProblem:
		return e.told[s.line.Connection]
	}
	return false
}

// wantsSegment decides about a connection when Fast Open shows in it, which is in its SYN or SYN-ACK.
func (e *explainer) wantsSegment(s *sight) bool {
	n := s.line.Connection
	if !e.told[n] && (!e.onlyTFO || hasFastOpen(&s.packet.TCP)) {
		e.told[n] = true
	}
	return e.told[n]
}

// hasFastOpen reports whether a SYN or a SYN-ACK has the option, or data.
func hasFastOpen(s *wire.Segment) bool {
	return s.Flags.Has(wire.SYN) && (s.Options.FastOpen().Present || len(s.Payload) > 0)
}

// finish tells what became of each connection that was shown.
func (e *explainer) finish() error {
	for _, c := range e.story.Connections() {
		if !e.told[c.Number] {
			continue
		}
		if err := e.printConnection(&c); err != nil {
			return err
		}
	}
	return nil
}

// writePage writes the page about what was shown.
func (e *explainer) writePage() error {
	if e.html == "" {
		return nil
	}
	return writePage(e.html, e.pageStory())
}

// pageStory is the story of what was shown.
func (e *explainer) pageStory() *story.Story {
	s := e.page.Story()
	s.Title, s.Command = bilingual.T(e.title, e.title), e.made
	return s
}
