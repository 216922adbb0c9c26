package main

import (
	"encoding/hex"

	"tfocraft/wire/follow"
)

// A frameJSON is a line about a frame.
type frameJSON struct {
	Type       string `json:"type"` // segment; or frame, for what is no TCP segment
	Packet     int    `json:"packet"`
	TimeUS     int64  `json:"time_us"`
	From       string `json:"from"` // with the port, of a segment; empty without IP
	To         string `json:"to"`
	Connection int    `json:"connection"` // 0 for none
	Text       string `json:"text"`
	Reason     string `json:"reason"`
	Bytes      string `json:"bytes"`
}

func newFrameJSON(s *sight) frameJSON {
	j := frameJSON{
		Type: "frame", Packet: s.number, TimeUS: s.at.Microseconds(), Connection: s.line.Connection, Text: s.line.Text, Reason: s.reason(),
		Bytes: hex.EncodeToString(s.ip),
	}
	if s.kind == kindSegment {
		j.Type = "segment"
	}
	j.From, j.To = s.between()
	return j
}

// printConnection tells what became of a connection.
func (e *explainer) printConnection(c *follow.Connection) error {
	r := resultFromWire(c)
	if e.json {
		r.Type = "connection"
		return printJSON(e.paper.w, r)
	}
	_, err := e.paper.w.Write([]byte(e.paper.paragraph(0, tintTitle, r.String())))
	return err
}
