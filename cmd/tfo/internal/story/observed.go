package story

import (
	"encoding/hex"
	"net/netip"
	"strings"

	"tfocraft/wire"
	"tfocraft/wire/bilingual"
	"tfocraft/wire/follow"
)

// Observed is what a follower says of a segment: everything but its bytes and its way, which are to be added.
func Observed(line *follow.Line, s *wire.Segment) Frame {
	f := ofLine(line)
	f.Label, f.Cookie, f.Data = label(s), len(s.Options.FastOpen().Cookie), len(s.Payload)
	return f
}

// ObservedError is the same of an ICMP error.
func ObservedError(line *follow.Line) Frame {
	f := ofLine(line)
	f.Label = bilingual.T("ICMP error", "ICMP 差错")
	return f
}

func ofLine(line *follow.Line) Frame {
	return Frame{
		Number: line.Number, Connection: line.Connection, Text: line.Text, Reason: line.Reason,
		Client: side(&line.After.Client), Server: side(&line.After.Server),
	}
}

func side(e *follow.Endpoint) Side {
	return Side{State: string(e.State), Next: e.Next, Acked: e.Acked, Window: e.Window}
}

// label is a segment in a few words.
func label(s *wire.Segment) bilingual.Text {
	kind := "ACK"
	switch {
	case s.Flags.Has(wire.RST):
		kind = "RST"
	case s.Flags.Has(wire.SYN | wire.ACK):
		kind = "SYN-ACK"
	case s.Flags.Has(wire.SYN):
		kind = "SYN"
	case s.Flags.Has(wire.FIN):
		kind = "FIN"
	}
	en, zh := []string{kind}, []string{kind}
	add := func(t bilingual.Text) { en, zh = append(en, t.En), append(zh, t.Zh) }
	switch fo := s.Options.FastOpen(); {
	case fo.Request():
		add(bilingual.T("cookie request", "请求 Cookie"))
	case fo.Present:
		add(bilingual.T("cookie", "Cookie"))
	}
	switch n := len(s.Payload); {
	case n == 1:
		add(bilingual.T("1 byte", "1 字节"))
	case n > 1:
		add(bilingual.Format("%d bytes", "%d 字节", n))
	}
	return bilingual.T(strings.Join(en, ", "), strings.Join(zh, "，"))
}

// CacheOf has the entries of one client's cookie cache.
func CacheOf(client netip.Addr, all []follow.CacheEntry) (mine []CacheEntry) {
	for _, e := range all {
		if e.Client != client {
			continue
		}
		entry := CacheEntry{Server: e.Server.String(), Cookie: hex.EncodeToString(e.Cookie), MSS: e.MSS, Frame: e.Frame}
		if e.Cookie == nil {
			entry.Server = netip.AddrPortFrom(e.Server, e.Port).String()
		}
		mine = append(mine, entry)
	}
	return mine
}

// Became is what became of a connection.
func Became(c *follow.Connection) Connection {
	s := Connection{
		Number: c.Number, Client: c.Client.String(), Server: c.Server.String(), FastOpen: string(c.FastOpen), Reason: c.Why.Text(),
		RequestRoundTrips: c.RequestRoundTrips(), ResponseRoundTrips: c.ResponseRoundTrips(),
		SynData: c.SynData, SynAcked: c.SynAcked, Retransmits: c.Retransmits + c.SynRetransmits + c.SynAckRetransmits,
	}
	if c.Syn.IsZero() {
		return s
	}
	if !c.ServerHasRequest.IsZero() {
		s.RequestTime = c.ServerHasRequest.Sub(c.Syn)
	}
	if !c.ClientHasResponse.IsZero() {
		s.ResponseTime = c.ClientHasResponse.Sub(c.Syn)
	}
	return s
}
