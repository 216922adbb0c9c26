package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"tfocraft/cmd/tfo/internal/story"
	"tfocraft/wire/bilingual"
	"tfocraft/wire/dissect"
)

// draw puts the lines from the top one on the screen, and the keys beneath.
func (s *stepper) draw() error {
	lines := append(s.pastLines(), s.presentLines()...)
	s.top = max(min(s.top, len(lines)-s.rows), 0)
	var screen strings.Builder
	screen.WriteString("\x1b[H")
	for i := range s.rows {
		if at := s.top + i; at < len(lines) {
			screen.WriteString(lines[at])
		}
		screen.WriteString("\x1b[K\r\n")
	}
	hint := s.paper.say(bilingual.T("q leave, space next, b back, ↑↓ scroll", "q 退出，空格 下一个，b 返回，↑↓ 滚动"))
	if more := len(lines) - s.top - s.rows; more > 0 {
		hint += s.paper.say(bilingual.Format(": %d more lines", "：还有 %d 行", more))
	}
	screen.WriteString(s.cut(tintMinor, hint) + "\x1b[K")
	_, err := io.WriteString(s.out, screen.String())
	return err
}

// cut is a line that ends where the screen does.
func (s *stepper) cut(t tint, line string) string {
	head, _ := cutColumns(line, s.paper.width)
	return s.paper.in(t, head)
}

// pastLines are the title, and the segments before the one that is explained.
func (s *stepper) pastLines() (lines []string) {
	lines = s.paragraph(0, tintTitle, s.story.Title)
	lines = append(lines, s.paragraph(0, tintPlain, s.story.About)...)
	lines = append(lines, "")
	for i := range s.at {
		lines = append(lines, s.cut(tintPlain, s.oneLine(s.frames[i])))
	}
	return lines
}

// oneLine is a segment that was explained already.
func (s *stepper) oneLine(f *story.Frame) string {
	line := fmt.Sprintf("%3d %9.3f ms  %s > %s  %s", f.Number, f.Departed.Seconds()*1000,
		s.paper.say(s.story.Hosts[f.From].Name), s.paper.say(s.story.Hosts[f.To].Name), s.paper.say(f.Label))
	if !f.Fate.IsZero() {
		line += ": " + s.paper.say(f.Fate)
	}
	return line
}

// presentLines explain the segment, or, behind the last one, what it came to.
func (s *stepper) presentLines() (lines []string) {
	if s.at == len(s.frames) {
		return s.endLines()
	}
	f := s.frames[s.at]
	lines = append(lines, "", s.cut(tintTitle, s.oneLine(f)))
	lines = append(lines, s.paragraph(4, tintReason, f.Reason)...)
	lines = append(lines, s.lines(s.paper.paragraph(4, tintPlain, f.Text))...)
	lines = append(lines, s.stateLines(f)...)
	for _, n := range f.Notes {
		lines = append(lines, s.paragraph(4, tintPlain, bilingual.Format("%s %s", "%s%s", s.story.Hosts[n.At].Name, n.Text))...)
	}
	for _, e := range f.Cache {
		lines = append(lines, s.paragraph(4, tintPlain, rememberedAs(&e))...)
	}
	lines = append(lines, s.fieldLines(f.Bytes, &f.Dissection)...)
	if f.Changed {
		lines = append(lines, "", s.cut(tintBad, "    "+s.paper.say(bilingual.T("As it arrived:", "到达时："))))
		lines = append(lines, s.fieldLines(f.ArrivedBytes, &f.ArrivedDissection)...)
	}
	return lines
}

// fieldLines are the bytes of a frame with what they mean, under an empty line.
func (s *stepper) fieldLines(data []byte, d *dissect.Frame) []string {
	var fields strings.Builder
	s.paper.writeFields(&fields, data, d)
	return append([]string{""}, s.lines(fields.String())...)
}

// stateLines are the states of both ends, and what they were before.
func (s *stepper) stateLines(f *story.Frame) (lines []string) {
	if f.Connection == 0 {
		return nil
	}
	before := f
	for i := range s.at {
		if p := s.frames[s.at-1-i]; p.Connection == f.Connection {
			before = p
			break
		}
	}
	for _, end := range []struct {
		name        bilingual.Text
		before, now string
		presumed    bool
	}{
		{bilingual.T("client", "客户端"), before.Client.State, f.Client.State, false},
		{bilingual.T("server", "服务器"), before.Server.State, f.Server.State, f.Server.Presumed},
	} {
		state := end.now
		if before == f {
			end.before = end.now
		}
		if end.before != end.now && end.before != "" {
			state = end.before + " → " + end.now
		}
		if end.presumed {
			end.name = bilingual.Format("%s (presumed until it answers)", "%s（应答之前为推定）", end.name)
		}
		if state != "" {
			lines = append(lines, s.paragraph(4, tintBytes, bilingual.Format("%s: %s", "%s：%s", end.name, state))...)
		}
	}
	return lines
}

// rememberedAs is an entry of the client's cookie cache.
func rememberedAs(e *story.CacheEntry) bilingual.Text {
	if e.Cookie == "" {
		return bilingual.Format("cookie cache: no Fast Open to %s for a while, because of frame %d", "cookie 缓存：因第 %[2]d 帧，一段时间内不对 %[1]s 使用 Fast Open", e.Server, e.Frame)
	}
	return bilingual.Format("cookie cache: %s has granted %s, MSS %d, in frame %d", "cookie 缓存：%s 授予 %s，MSS %d，第 %d 帧", e.Server, e.Cookie, e.MSS, e.Frame)
}

// endLines say what was expected, and what became of the connections.
func (s *stepper) endLines() (lines []string) {
	if len(s.story.Checks) > 0 {
		lines = append(lines, "", s.cut(tintTitle, s.paper.say(bilingual.T("What was expected, and whether it was seen", "预期与所见"))))
	}
	for _, c := range s.story.Checks {
		mark, t := bilingual.T("ok", "符合"), tintReason
		if !c.OK {
			mark, t = bilingual.T("NOT SEEN", "未见到"), tintBad
		}
		lines = append(lines, s.paragraph(4, t, bilingual.Format("%s: %s (%s)", "%s：%s（%s）", mark, c.What, c.Seen))...)
	}
	for i := range s.story.Connections {
		lines = append(lines, s.connectionLines(&s.story.Connections[i])...)
	}
	if s.story.Left > 0 {
		lines = append(lines, "")
		lines = append(lines, s.paragraph(0, tintMinor, bilingual.Format("frames that are not shown: %d", "未显示的帧：%d", s.story.Left))...)
	}
	return lines
}

// connectionLines say what became of a connection.
func (s *stepper) connectionLines(c *story.Connection) []string {
	lines := []string{"", s.cut(tintTitle, s.paper.say(bilingual.Format("Connection %d: Fast Open %s", "连接 %d：Fast Open %s", c.Number, c.FastOpen)))}
	lines = append(lines, s.paragraph(4, tintPlain, c.Reason)...)
	if c.RequestRoundTrips > 0 && c.ResponseRoundTrips > 0 {
		lines = append(lines, s.paragraph(4, tintPlain, bilingual.Format("the server has the request after %g round trips, the client the response after %g",
			"服务器在 %g 个往返后得到请求，客户端在 %g 个往返后得到响应", c.RequestRoundTrips, c.ResponseRoundTrips))...)
	}
	return lines
}

func (s *stepper) paragraph(indent int, t tint, text bilingual.Text) []string {
	if text.IsZero() {
		return nil
	}
	return s.lines(s.paper.paragraph(indent, t, s.paper.say(text)))
}

// lines are those of a text that is wrapped already.
func (s *stepper) lines(text string) []string {
	return slices.Collect(strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n"))
}
