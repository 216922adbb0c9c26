package main

import (
	"fmt"

	"tfocraft/wire/follow"
)

// A verdict is what the wire says about a check, with the reason for a no.
type verdict struct {
	ok  bool
	why string
}

func verdictf(ok bool, format string, args ...any) verdict {
	if ok {
		return verdict{ok: true}
	}
	return verdict{why: fmt.Sprintf(format, args...)}
}

// evidence is all that a case has left to be judged by.
type evidence struct {
	seen
	visits     int    // that were to be made
	reply      error  // what is wrong with one of the replies
	counter    string // the kernel's counter of the other side
	counted    uint64 // connections with SYN data, by that counter
	secondLook wireshark
}

func (e *evidence) judge() map[check]verdict {
	return map[check]verdict{
		gotCookie: e.judgeCookie(),
		dataTaken: e.judgeData(),
		goodReply: e.judgeReply(),
		closed:    e.judgeClose(),
		noRepeats: e.judgeRepeats(),
	}
}

func (e *evidence) judgeCookie() verdict {
	if len(e.conns) == 0 {
		return verdictf(false, "no connection was seen")
	}
	first := &e.conns[0]
	ok := first.SynOption == follow.OptionRequest && first.SynAckOption == follow.OptionCookie
	return verdictf(ok, "the first SYN has option %s, its SYN-ACK %s", first.SynOption, first.SynAckOption)
}

// judgeData wants the second and every later connection to have data in its SYN
// taken, the kernel to have counted exactly these, and Wireshark to agree.
func (e *evidence) judgeData() verdict {
	if len(e.conns) < 2 {
		return verdictf(false, "%d connections were seen", len(e.conns))
	}
	for i := range e.conns[1:] {
		c := &e.conns[i+1]
		if c.FastOpen != follow.Accepted || c.SynData == 0 || c.SynAcked != c.SynData {
			return verdictf(false, "connection %d: option %s and %d bytes in the SYN, %d acknowledged: %s, %s",
				c.Number, c.SynOption, c.SynData, c.SynAcked, c.FastOpen, c.Why)
		}
	}
	want := len(e.conns) - 1
	if e.secondLook.synData != want {
		return verdictf(false, "Wireshark sees data in %d SYNs, want %d", e.secondLook.synData, want)
	}
	return verdictf(e.counted == uint64(want), "the kernel's %s counted %d, want %d", e.counter, e.counted, want)
}

func (e *evidence) judgeReply() verdict {
	if e.reply != nil {
		return verdict{why: e.reply.Error()}
	}
	return verdictf(len(e.conns) >= e.visits, "%d connections were seen, want %d", len(e.conns), e.visits)
}

func (e *evidence) judgeClose() verdict {
	for i := range e.conns {
		if c := &e.conns[i]; !c.ClosedInOrder {
			return verdictf(false, "connection %d did not close in order", c.Number)
		}
	}
	if resets := max(e.resets, e.secondLook.resets); resets > 0 {
		return verdictf(false, "%d segments with RST", resets)
	}
	return verdictf(len(e.conns) > 0, "no connection was seen")
}

func (e *evidence) judgeRepeats() verdict {
	for i := range e.conns {
		c := &e.conns[i]
		if n := c.Retransmits + c.SynRetransmits + c.SynAckRetransmits; n > 0 {
			return verdictf(false, "connection %d: %d retransmissions", c.Number, n)
		}
	}
	if n := e.secondLook.retransmissions; n > 0 {
		return verdictf(false, "Wireshark sees %d retransmissions", n)
	}
	return verdictf(len(e.conns) > 0, "no connection was seen")
}
