package follow

import (
	"fmt"
	"strings"
)

// words puts into words what an ordinary segment has done, most telling first.
func (c *conn) words(st *step, fa *facts) string {
	var parts []string
	say := func(part string) {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if fa.completes {
		say("handshake complete")
	}
	say(c.dataWords(st, fa))
	if fa.fin || fa.finAgain {
		say(c.finWords(st, fa))
	}
	if fa.arrival == arrivalNone && !fa.finAgain {
		say(c.ackWords(st, fa))
	}
	if fa.closed {
		say("connection closed")
	}
	if len(parts) == 0 {
		return "acknowledges again"
	}
	return strings.Join(parts, "; ")
}

func (c *conn) dataWords(st *step, fa *facts) string {
	n := bytesOf(len(st.seg.Payload))
	switch {
	case fa.probe && c.sides[st.from.other()].windowShut():
		return "asks whether the window is still closed"
	case fa.probe:
		return "keepalive: asks whether the other side is still there"
	case fa.arrival == arrivalNone:
		return ""
	case st.copy:
		return "duplicate"
	case fa.rest && c.info.SynAcked > 0:
		return fmt.Sprintf("the rest of the data: the server took %d of the %s in the SYN", c.info.SynAcked, bytesOf(c.info.SynData))
	case fa.rest:
		return "data again: the server took only the SYN"
	case fa.arrival == arrivalAgain && fa.useless:
		return n + " again, though acknowledged"
	case fa.arrival == arrivalAgain:
		return n + " again: no acknowledgment yet"
	case fa.arrival == arrivalAhead:
		return n + " of data, ahead of a gap"
	case fa.arrival == arrivalGap:
		return n + " of data that fill a gap"
	case fa.first:
		return c.firstWords(st, fa)
	}
	return n + " of data"
}

// firstWords is for the first data of a side behind its SYN.
func (c *conn) firstWords(st *step, fa *facts) string {
	n := bytesOf(len(st.seg.Payload))
	switch {
	case c.info.MidStream:
		return n + " of data"
	case st.from == server && fa.unacked:
		return "response, sent before the client's ACK"
	case st.from == server && c.trips.response.trips == 2:
		return "response, which need not wait for the client's ACK"
	case st.from == server && c.trips.delivered.trips > 0:
		return "response"
	case st.from == client && c.info.SynAcked == 0 && c.trips.response.trips == 0:
		return "request after one full round trip"
	}
	return n + " of data"
}

// answerWords is for the answer to a keepalive or a window probe.
func answerWords(st *step) string {
	if st.seg.Window == 0 {
		return "the window is still closed"
	}
	return "still there"
}

func (c *conn) finWords(st *step, fa *facts) string {
	switch {
	case st.copy && fa.arrival == arrivalNone:
		return "duplicate"
	case fa.finAgain && c.sides[st.from].finAcked():
		return "closes its side again, though acknowledged"
	case fa.finAgain:
		return "closes its side again: no acknowledgment yet"
	case c.sides[st.from.other()].finSeen:
		return "closes its side too"
	}
	return "closes its side"
}

// ackWords is for a segment without data.
func (c *conn) ackWords(st *step, fa *facts) string {
	switch {
	case fa.beyond:
		return "acknowledges more than was seen"
	case fa.acked > 0 && fa.ackedFin:
		return fmt.Sprintf("acknowledges %s and the close", bytesOf(fa.acked))
	case fa.acked > 0:
		return "acknowledges " + bytesOf(fa.acked)
	case fa.ackedFin:
		return "acknowledges the close"
	case fa.completes || fa.probe || fa.fin:
		return ""
	case fa.answers && fa.window != windowOpened:
		return "answers: " + answerWords(st)
	case fa.stale:
		return "acknowledges less than before: overtaken on the way"
	case fa.window == windowShut:
		return "closes its window: no room for more data"
	case fa.window == windowOpened:
		return "opens its window again"
	case fa.duplicate:
		return "acknowledges again: it has got something twice"
	case fa.missing || len(c.sides[st.from.other()].holes) > 0:
		return "acknowledges again: an earlier segment is missing"
	case fa.window == windowMoved:
		return "window update"
	}
	return ""
}
