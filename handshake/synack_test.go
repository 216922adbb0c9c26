package handshake

import (
	"testing"
	"time"

	"tfocraft/wire"
)

// holding is a server's config that waits for the application.
func holding() Config {
	c := plainConfig()
	c.SynAckHold = 20 * time.Millisecond
	return c
}

// The application answers in time: its response goes in the SYN-ACK. RFC 7413,
// Section 4.2.2 (T-62).
func TestResponseInSynAck(t *testing.T) {
	h := startServer(t, holding(), admitted, synWithCookie, "hello")
	h.wantIdle()
	h.wantRead("hello")
	h.wait(10 * time.Millisecond)
	h.write("world")
	s := h.want("S. 0:5(5) ack 6 <mss 1460>")
	if got := string(s.Payload); got != "world" {
		t.Errorf("got %q, want %q", got, "world")
	}
	h.write("more")
	h.want("P. 6:10(4) ack 6")
	h.in(". 6:6(0) ack 6", "")
	h.wantState(Established)
	h.wantIdle()
	if got := h.m.Info().FastOpen.SynAckData; got != 5 {
		t.Errorf("SynAckData: got %d, want 5", got)
	}
}

// It does not: the SYN-ACK goes without.
func TestSynAckHoldEnds(t *testing.T) {
	h := startServer(t, holding(), admitted, synWithCookie, "hello")
	h.wait(19 * time.Millisecond)
	h.wantIdle()
	h.wait(time.Millisecond)
	h.want("S. 0:0(0) ack 6 <mss 1460>")
	h.write("world")
	h.want("P. 1:6(5) ack 6")
}

// Nothing is waited for where the data was not admitted.
func TestSynAckHoldOnlyWithData(t *testing.T) {
	h := startServer(t, holding(), Admission{}, synWithCookie, "hello")
	h.want("S. 0:0(0) ack 1 <mss 1460>")
}

// The response does not fit: the rest follows right behind.
func TestLongResponseInSynAck(t *testing.T) {
	h := startServer(t, holding(), admitted, "S 0:5(5) <mss 1460>", "hello")
	h.write(bytesOf(3000))
	h.want("S. 0:1420(1420) ack 6 <mss 1460>")
	h.want(". 1421:2881(1460) ack 6")
	h.want("P. 2881:3001(120) ack 6")
}

// With a window of the client as small as this the response stays within it.
func TestResponseInSynAckWindow(t *testing.T) {
	h := startServer(t, holding(), admitted, "S 0:5(5) win 3 <mss 1460>", "hello")
	h.write("world")
	h.want("S. 0:3(3) ack 6 <mss 1460>")
	h.wantIdle()
}

// A SYN-ACK that goes again has no data; the data follows when the ACK has come
// (T-62, T-64).
func TestSynAckWithDataLost(t *testing.T) {
	h := startServer(t, holding(), admitted, synWithCookie, "hello")
	h.write("world")
	h.want("S. 0:5(5) ack 6 <mss 1460>")
	h.wait(time.Second)
	h.want("S. 0:0(0) ack 6 <mss 1460>")
	h.in(". 6:6(0) ack 1", "")
	h.want("P. 1:6(5) ack 6")
}

// The client takes the SYN-ACK without its data, as Linux does on an ordinary
// connection: the data goes again at once.
func TestSynAckDataNotTaken(t *testing.T) {
	h := startServer(t, holding(), admitted, synWithCookie, "hello")
	h.write("world")
	h.want("S. 0:5(5) ack 6 <mss 1460>")
	h.in(". 6:6(0) ack 1", "")
	h.want("P. 1:6(5) ack 6")
	h.wantIdle()
}

// No data before the ACK means no data in the SYN-ACK, and nothing to wait for
// (T-81).
func TestSynAckHoldNoDataBeforeAck(t *testing.T) {
	c := holding()
	c.NoDataBeforeAck = true
	h := startServer(t, c, admitted, synWithCookie, "hello")
	h.want("S. 0:0(0) ack 6 <mss 1460>")
	h.write("world")
	h.wantIdle()
	h.in(". 6:6(0) ack 1", "")
	h.want("P. 1:6(5) ack 6")
}

// While the SYN-ACK is held back nothing else goes out and nobody can confirm.
func TestSegmentsDuringHold(t *testing.T) {
	h := startServer(t, holding(), admitted, synWithCookie, "hello")
	for _, text := range []string{synWithCookie, ". 6:6(0) ack 1", ". 9000:9000(0) ack 1", "P. 6:11(5) ack 100"} {
		payload := ""
		if text != ". 6:6(0) ack 1" && text != ". 9000:9000(0) ack 1" {
			payload = "hello"
		}
		h.in(text, payload)
		h.wantIdle()
		h.wantState(SynReceived)
	}
	h.in("R 9:9(0)", "")
	h.wantIdle()
	h.in("R 6:6(0)", "")
	h.wantEnd(ErrReset)
	h.wantIdle()
}

// Closing ends the wait.
func TestCloseDuringHold(t *testing.T) {
	h := startServer(t, holding(), admitted, synWithCookie, "hello")
	h.wantRead("hello")
	h.closeWrite()
	h.want("S. 0:0(0) ack 6 <mss 1460>")
	h.in(". 6:6(0) ack 1", "")
	h.want("F. 1:1(0) ack 6")
}

// The cookie goes along with the response.
func TestCookieAndResponseInSynAck(t *testing.T) {
	a := admitted
	a.Reply = mustCookie(gateCookie)
	h := startServer(t, holding(), a, synWithCookie, "hello")
	h.write("world")
	s := h.want("S. 0:5(5) ack 6 <mss 1460,FO b52d0a13dde9a6ba,nop,nop>")
	if got, want := len(s.Options), 16; got != want || len(s.Payload)+len(s.Options)+wire.HeaderLen > 1480 {
		t.Errorf("options: got %d bytes, want %d", got, want)
	}
}
