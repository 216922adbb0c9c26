package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
	"tfocraft/wire/follow"
)

// replyKept is how much of a reply the JSON of a connection holds, in bytes.
const replyKept = 1024

// A result is what became of one connection of a client, in JSON.
type result struct {
	Type           string `json:"type,omitempty"` // "connection" where other lines come between
	Attempt        int    `json:"attempt"`
	Local          string `json:"local"`
	Remote         string `json:"remote"`
	SynOption      string `json:"syn_option"`
	SynCookie      string `json:"syn_cookie"`
	SynData        int    `json:"syn_data"`
	SynAckOption   string `json:"synack_option"`
	SynAckCookie   string `json:"synack_cookie"`
	SynAckAcked    int    `json:"synack_acked"`
	SynAckData     int    `json:"synack_data"`
	FastOpen       string `json:"fast_open"`
	Reason         string `json:"reason"`
	SynRetransmits int    `json:"syn_retransmits"`
	HandshakeUS    int64  `json:"handshake_us"`
	FirstByteUS    int64  `json:"first_byte_us"`
	Sent           uint64 `json:"sent"`
	Received       uint64 `json:"received"`
	Reply          []byte `json:"reply"` // never nil, which would be no string in JSON
	Error          string `json:"error"`

	syn time.Time // when the SYN was sent
}

// newResult is a connection that nothing was sent for yet.
func newResult(attempt int, remote string) result {
	return result{
		Attempt: attempt, Remote: remote, SynOption: string(handshake.OptionNone), SynAckOption: string(handshake.OptionNone),
		FastOpen: string(handshake.Disabled), Reason: "no SYN was sent", Reply: []byte{},
	}
}

// setFastOpen takes what our own endpoint knows.
func (r *result) setFastOpen(i handshake.Info) {
	fo := i.FastOpen
	r.SynOption, r.SynCookie, r.SynData = string(fo.SynOption), fo.SynCookie.Hex(), fo.SynData
	r.SynAckOption, r.SynAckCookie = string(fo.SynAckOption), fo.SynAckCookie.Hex()
	r.SynAckAcked, r.SynAckData = fo.SynAcked, fo.SynAckData
	// A handshake that somebody gave up has no outcome yet.
	r.FastOpen = string(cmp.Or(fo.Outcome, handshake.Fallback))
	r.Reason = string(cmp.Or(fo.Why, handshake.WhyNoAnswer))
	if fo.BlockedBy != "" {
		r.Reason += ": " + string(fo.BlockedBy)
	}
	r.SynRetransmits = i.SynRetransmits
}

// setConnection takes what a connection that was made knows at its end.
func (r *result) setConnection(conn *endpoint.Conn) {
	info, timing := conn.Info(), conn.Timing()
	r.Local = conn.LocalAddr().String()
	r.setFastOpen(info)
	r.syn = timing.Syn
	r.HandshakeUS = micros(timing.Syn, timing.Established)
	r.FirstByteUS = micros(timing.Syn, timing.FirstByte)
	r.Sent, r.Received = info.Sent, info.Received
}

// resultFromWire takes what the frames of a connection have told.
func resultFromWire(c *follow.Connection) result {
	return result{
		Attempt: c.Number, Local: c.Client.String(), Remote: c.Server.String(),
		SynOption: string(c.SynOption), SynCookie: fmt.Sprintf("%x", c.SynCookie), SynData: c.SynData,
		SynAckOption: string(c.SynAckOption), SynAckCookie: fmt.Sprintf("%x", c.SynAckCookie),
		SynAckAcked: c.SynAcked, SynAckData: c.SynAckData,
		FastOpen: string(c.FastOpen), Reason: string(c.Why), SynRetransmits: c.SynRetransmits,
		HandshakeUS: micros(c.Syn, c.Established), FirstByteUS: micros(c.Syn, c.ClientHasResponse),
		Sent: c.Sent, Received: c.Received, Reply: []byte{},
	}
}

// micros is the time between two moments, 0 if one has not happened.
func micros(from, to time.Time) int64 {
	if from.IsZero() || to.IsZero() {
		return 0
	}
	return to.Sub(from).Microseconds()
}

// String is the result for people, on one line.
func (r *result) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "connection %d: ", r.Attempt)
	if r.Local != "" {
		fmt.Fprintf(&s, "%s > ", r.Local)
	}
	fmt.Fprintf(&s, "%s: Fast Open %s (%s)", r.Remote, cmp.Or(r.FastOpen, "unknown"), r.Reason)
	if r.SynData > 0 {
		fmt.Fprintf(&s, ", %d of %d bytes in the SYN taken", r.SynAckAcked, r.SynData)
	}
	if r.HandshakeUS > 0 {
		fmt.Fprintf(&s, ", handshake %s", milliseconds(r.HandshakeUS))
	}
	if r.FirstByteUS > 0 {
		fmt.Fprintf(&s, ", first byte %s", milliseconds(r.FirstByteUS))
	}
	if r.Error != "" && r.Error != r.Reason {
		fmt.Fprintf(&s, "; %s", r.Error)
	}
	return s.String()
}

func milliseconds(us int64) string { return fmt.Sprintf("%.1f ms", float64(us)/1000) }
