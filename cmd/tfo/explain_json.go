package main

import (
	"encoding/hex"

	"tfocraft/wire/bilingual"
)

// A frameJSON is a line about a frame.
type frameJSON struct {
	Type       string      `json:"type"` // segment; or frame, for what is no whole TCP segment
	Packet     int         `json:"packet"`
	TimeUS     int64       `json:"time_us"`
	From       string      `json:"from"` // with the port, of a segment; empty without IP
	To         string      `json:"to"`
	Connection int         `json:"connection"` // 0 for none
	Text       string      `json:"text"`
	Reason     string      `json:"reason"`
	LinkType   int         `json:"link_type"` // what the frame begins with (tcpdump.org's LINKTYPE)
	Length     int         `json:"length"`    // on the wire, in bytes; more than there are in Bytes if the frame was cut
	Bytes      string      `json:"bytes"`     // hex
	Fields     []fieldJSON `json:"fields"`    // tile the bytes, in their order
}

// A fieldJSON is a field of a frame, in one language.
type fieldJSON struct {
	ID      string `json:"id"`
	Filter  string `json:"filter,omitempty"` // Wireshark's name of it
	Name    string `json:"name"`
	Offset  int    `json:"offset"` // bits, from the first of the frame
	Width   int    `json:"width"`  // bits
	Value   string `json:"value"`
	Unit    string `json:"unit,omitempty"`
	Meaning string `json:"meaning"`
	Section string `json:"section,omitempty"`
	Reason  string `json:"reason,omitempty"`
	Bad     bool   `json:"bad,omitempty"`
}

func (e *explainer) newFrameJSON(s *sight) frameJSON {
	// Programs should not have to ask how their user's language is set.
	say := func(t bilingual.Text) string {
		if e.lang == langZh {
			return t.Zh
		}
		return t.En
	}
	j := frameJSON{
		Type: "frame", Packet: s.number, TimeUS: s.at.Microseconds(), Connection: s.line.Connection, Text: s.line.Text, Reason: say(s.reason()),
		LinkType: int(s.frame.LinkType), Length: s.frame.Length, Bytes: hex.EncodeToString(s.frame.Data), Fields: []fieldJSON{},
	}
	if s.kind == kindSegment {
		j.Type = "segment"
	}
	j.From, j.To = s.between()
	dissected := s.dissect()
	for i := range dissected.Fields {
		f := &dissected.Fields[i]
		j.Fields = append(j.Fields, fieldJSON{
			f.ID, f.Filter, say(f.Name), f.Offset, f.Width, f.Value, say(f.Unit), say(f.Meaning), f.Section, say(f.Reason), f.Bad,
		})
	}
	return j
}
