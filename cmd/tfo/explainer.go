package main

import (
	"io"
	"net/netip"
	"time"

	"github.com/spf13/cobra"

	"tfocraft/wire"
	"tfocraft/wire/follow"
	"tfocraft/wire/pcapng"
)

// viewFlags choose what of the frames is shown, and how.
type viewFlags struct {
	paperFlags
	bytes bool
	json  bool
}

func (v *viewFlags) add(cmd *cobra.Command) {
	v.paperFlags.add(cmd)
	f := cmd.Flags()
	f.BoolVar(&v.bytes, "bytes", false, "show the bytes of every segment")
	f.BoolVar(&v.json, "json", false, "print one JSON object for each segment and each connection")
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
	segments, broken, fragmented int

	// told are the connections of which something was shown, by the ends of their segments.
	told map[int]bool
	open map[ends]int // the latest connection between two ends that is told of
}

// ends are those of a segment, from where it came first.
type ends struct{ src, dst netip.AddrPort }

// newExplainer prints what the flags ask for to w.
func newExplainer(v viewFlags, w io.Writer) (*explainer, error) {
	p, err := v.open(w)
	if err != nil {
		return nil, err
	}
	return &explainer{viewFlags: v, paper: p, story: follow.New(), told: make(map[int]bool), open: make(map[ends]int)}, nil
}

// take takes the next frame, by its number in the capture, and shows it if it is wanted. It keeps nothing of f.
func (e *explainer) take(number int, f *pcapng.Frame) error {
	s := e.look(f)
	s.number = number
	if !e.wants(&s) {
		return nil
	}
	e.shown++
	return e.print(&s)
}

// look is the function of that name, and follows the connections.
func (e *explainer) look(f *pcapng.Frame) sight {
	if e.start.IsZero() {
		e.start = f.Time
	}
	s := look(f)
	s.at = f.Time.Sub(e.start)
	switch s.kind {
	case kindSegment:
		e.segments++
		s.line = e.story.Frame(f.Time, &s.packet)
	case kindBroken:
		e.broken++
	case kindFragment:
		e.fragmented++
	}
	return s
}

// wants reports whether a frame is to be shown.
func (e *explainer) wants(s *sight) bool {
	if e.packet != 0 {
		return s.number == e.packet
	}
	switch s.kind {
	case kindSegment:
		return e.wantsSegment(s)
	case kindProblem:
		// It is about what went from Src to Dst.
		src, dst := s.problem.Src, s.problem.Dst
		return e.all || e.open[ends{src, dst}] != 0 || e.open[ends{dst, src}] != 0
	}
	return e.all
}

// wantsSegment decides about a connection when Fast Open shows in it, which is in its SYN or SYN-ACK.
func (e *explainer) wantsSegment(s *sight) bool {
	n := s.line.Connection
	if !e.told[n] && (!e.onlyTFO || hasFastOpen(&s.packet.TCP)) {
		e.told[n] = true
	}
	if !e.told[n] {
		return false
	}
	e.open[ends{s.packet.Src(), s.packet.Dst()}] = n
	return true
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
