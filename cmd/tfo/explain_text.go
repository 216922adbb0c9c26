package main

import (
	"fmt"
	"io"
	"strings"

	"tfocraft/wire/bilingual"
)

// textIndent is how far what is said of a frame stands behind its number, in columns.
const textIndent = 6

// print shows a frame.
func (e *explainer) print(s *sight) error {
	if e.json {
		return printJSON(e.paper.w, e.newFrameJSON(s))
	}
	var b strings.Builder
	e.heading(&b, s)
	if text := s.line.Text; text != "" {
		if !e.bytes {
			text = brief(text)
		}
		b.WriteString(e.paper.paragraph(textIndent, tintBytes, text))
	}
	if e.bytes {
		dissected := s.dissect()
		e.paper.writeFields(&b, s.frame.Data, &dissected)
	}
	_, err := io.WriteString(e.paper.w, b.String())
	return err
}

// heading says when a frame went which way, and what it is for; on a narrow paper on several lines.
func (e *explainer) heading(b *strings.Builder, s *sight) {
	p := e.paper
	when := fmt.Sprintf("%4d  %s", s.number, moment(s.at))
	way, reason := p.say(s.way()), p.say(s.reason())
	if p.width == 0 || textWidth(when+way+reason)+4 <= p.width {
		fmt.Fprintf(b, "%s  %s  %s\n", p.in(tintMinor, when), way, p.in(tintReason, reason))
		return
	}
	if p.width >= len(when)+textWidth(way)+2 {
		fmt.Fprintf(b, "%s  %s\n", p.in(tintMinor, when), way)
	} else {
		fmt.Fprintln(b, p.in(tintMinor, when))
		b.WriteString(p.paragraph(textIndent, tintPlain, way))
	}
	b.WriteString(p.paragraph(textIndent, tintReason, reason))
}

// way says where a frame comes from and where it goes.
func (s *sight) way() bilingual.Text {
	from, to := s.between()
	if from == "" {
		return bilingual.T("not IP", "非 IP")
	}
	return bilingual.T(from+" > "+to, from+" > "+to)
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
func (s *sight) reason() bilingual.Text {
	switch s.kind {
	case kindSegment, kindProblem:
		return bilingual.Join(s.line.Reason, s.cut())
	case kindFragment:
		return bilingual.T("part of a TCP segment (IP fragment), which is not put together", "TCP 报文段的一部分（IP 分片），不作重组")
	case kindBroken:
		return bilingual.Join(bilingual.T("TCP segment that is not whole", "不完整的 TCP 报文段"), s.cut())
	}
	return bilingual.Join(s.summary(), s.cut())
}

// cut says how much of a frame is there if it is not all of it.
func (s *sight) cut() bilingual.Text {
	if kept := len(s.frame.Data); kept < s.frame.Length {
		return bilingual.Format("%d of %d bytes kept", "共 %[2]d 字节，保留了 %[1]d 字节", kept, s.frame.Length)
	}
	return bilingual.Text{}
}

// summary names a frame without TCP by the innermost of its headers.
func (s *sight) summary() bilingual.Text {
	dissected := s.dissect()
	for i := len(dissected.Groups) - 1; i >= 0; i-- {
		g := &dissected.Groups[i]
		switch {
		case g.Depth > 0:
		case g.Summary == "":
			return g.Name
		default:
			return bilingual.Format("%s: %s", "%s：%s", g.Name, g.Summary)
		}
	}
	return bilingual.T("nothing that is known", "未知内容")
}
