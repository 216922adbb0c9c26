package main

import (
	"fmt"
	"io"
	"strings"

	"tfocraft/wire/bilingual"
	"tfocraft/wire/follow"
)

// printConnection tells what became of a connection.
func (e *explainer) printConnection(c *follow.Connection) error {
	r := resultFromWire(c)
	if e.json {
		r.Type = "connection"
		return printJSON(e.paper.w, r)
	}
	text := e.paper.say(bilingual.T(r.String(), chineseResult(&r, c)))
	_, err := io.WriteString(e.paper.w, e.paper.paragraph(0, tintTitle, text))
	return err
}

// chineseResult is the result for people, on one line, as its String method is in English.
func chineseResult(r *result, c *follow.Connection) string {
	var s strings.Builder
	fmt.Fprintf(&s, "连接 %d：%v > %v：Fast Open %s（%s）", c.Number, c.Client, c.Server, c.FastOpen.Text().Zh, c.Why.Text().Zh)
	if r.SynData > 0 {
		fmt.Fprintf(&s, "，SYN 中的 %d 字节被接受了 %d 字节", r.SynData, r.SynAckAcked)
	}
	if r.HandshakeUS > 0 {
		fmt.Fprintf(&s, "，握手 %s", milliseconds(r.HandshakeUS))
	}
	if r.FirstByteUS > 0 {
		fmt.Fprintf(&s, "，首字节 %s", milliseconds(r.FirstByteUS))
	}
	return s.String()
}
