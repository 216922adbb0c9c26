package handshake

import (
	"testing"
	"time"
)

// answeredInRun is a client whose server has sent SYN-ACK, response and FIN together.
func answeredInRun(t *testing.T) *harness {
	t.Helper()
	h := startClient(t, withCookie(aCookie), "hello")
	h.sent = nil
	h.inMore("S. 0:0(0) ack 6 <mss 1460>")
	h.inMore("P. 1:6(5) ack 6")
	h.inMore("F. 6:6(0) ack 6")
	h.wantIdle()
	return h
}

// What arrives together is acknowledged together, from the SYN-ACK to the FIN.
func TestAckOfRun(t *testing.T) {
	h := answeredInRun(t)
	h.take(h.m.Settle(h.now, h.out[:0]))
	h.want(". 6:6(0) ack 7")
	h.wantIdle()
	h.wantState(CloseWait)
}

// What the application sends before the run has been settled acknowledges it all.
func TestWriteInRun(t *testing.T) {
	h := answeredInRun(t)
	h.write("again")
	h.want("P. 6:11(5) ack 7")
	h.take(h.m.Settle(h.now, h.out[:0]))
	h.wantIdle()
}

// A reset comes behind the acknowledgement: a server counts a Fast Open connection that was reset before as an attack.
func TestAbortInRun(t *testing.T) {
	h := answeredInRun(t)
	h.abort()
	h.want(". 6:6(0) ack 7")
	h.want("R. 6:6(0) ack 7")
	h.wantIdle()
}

// A FIN in FIN-WAIT-2 is acknowledged from TIME-WAIT, or from nowhere if there is none.
func TestLastAckOfRun(t *testing.T) {
	for name, timeWait := range map[string]time.Duration{"time-wait": time.Minute, "none": -1} {
		t.Run(name, func(t *testing.T) {
			c := plainConfig()
			c.TimeWait = timeWait
			h := startClient(t, c, "")
			h.in("S. 0:0(0) ack 1 <mss 1460>", "")
			h.closeWrite()
			h.in(". 1:1(0) ack 2", "")
			h.sent = nil
			h.inMore("F. 1:1(0) ack 2")
			if h.m.State() != Closed {
				h.take(h.m.Settle(h.now, h.out[:0]))
			}
			h.want(". 2:2(0) ack 2")
			h.wantIdle()
		})
	}
}
