package main

import (
	"fmt"
	"io"
	"strings"

	"tfocraft/wire"
)

// textIndent is how far what is said of a frame stands behind its number, in columns.
const textIndent = 6

// print shows a frame.
func (e *explainer) print(s *sight) error {
	if e.json {
		return printJSON(e.paper.w, newFrameJSON(s))
	}
	var b strings.Builder
	e.heading(&b, s)
	switch {
	case s.kind != kindSegment:
	case e.bytes:
		b.WriteString(e.paper.paragraph(textIndent, tintTitle, s.line.Text))
		writeFields(&b, s.ip, &s.packet)
	default:
		b.WriteString(e.paper.paragraph(textIndent, tintBytes, brief(s.line.Text)))
	}
	_, err := io.WriteString(e.paper.w, b.String())
	return err
}

// heading says when a frame went which way, and what it is for; on a narrow paper on several lines.
func (e *explainer) heading(b *strings.Builder, s *sight) {
	p := e.paper
	when := fmt.Sprintf("%4d  %s", s.number, moment(s.at))
	way, reason := s.way(), s.reason()
	if p.width == 0 || len(when)+len(way)+len(reason)+4 <= p.width {
		fmt.Fprintf(b, "%s  %s  %s\n", p.in(tintMinor, when), way, p.in(tintReason, reason))
		return
	}
	if p.width >= len(when)+len(way)+2 {
		fmt.Fprintf(b, "%s  %s\n", p.in(tintMinor, when), way)
	} else {
		fmt.Fprintln(b, p.in(tintMinor, when))
		b.WriteString(p.paragraph(textIndent, tintPlain, way))
	}
	b.WriteString(p.paragraph(textIndent, tintReason, reason))
}

// way says where a frame comes from and where it goes.
func (s *sight) way() string {
	from, to := s.between()
	if from == "" {
		return "not IP"
	}
	return from + " > " + to
}

// between are the ends of a segment, or the addresses of another IP packet; empty if there are none.
func (s *sight) between() (from, to string) {
	switch {
	case s.kind == kindSegment:
		return s.packet.Src().String(), s.packet.Dst().String()
	case s.ip == nil:
		return "", ""
	}
	src, dst := s.packet.Addrs()
	if !src.IsValid() || !dst.IsValid() {
		return "", ""
	}
	return src.String(), dst.String()
}

// reason says what a frame is for.
func (s *sight) reason() string {
	switch s.kind {
	case kindSegment:
		if kept := len(s.frame.Data); kept < s.frame.Length {
			return fmt.Sprintf("%s (%d of %d bytes kept)", s.line.Reason.En, kept, s.frame.Length)
		}
		return s.line.Reason.En
	case kindProblem:
		return fmt.Sprintf("%s, about %v > %v", problemWords(&s.problem), s.problem.Src, s.problem.Dst)
	}
	return ""
}

// problemWords is what an ICMP error says.
func problemWords(e *wire.ICMPError) string {
	switch {
	case e.PacketTooBig():
		return fmt.Sprintf("ICMP: packet too big, the next hop takes %d bytes", e.MTU)
	case e.IPVersion == 4 && e.Type == wire.ICMPv4Unreachable, e.IPVersion == 6 && e.Type == wire.ICMPv6Unreachable:
		return fmt.Sprintf("ICMP: destination unreachable (code %d)", e.Code)
	case e.IPVersion == 4 && e.Type == wire.ICMPv4TimeExceeded, e.IPVersion == 6 && e.Type == wire.ICMPv6TimeExceeded:
		return fmt.Sprintf("ICMP: time exceeded (code %d)", e.Code)
	}
	return fmt.Sprintf("ICMP: parameter problem (code %d)", e.Code)
}
