package handshake

import (
	"testing"
	"time"
)

// Who does not wait in FIN-WAIT-2 resets the connection when its FIN is acknowledged,
// or closes later than that; one that still reads goes on (C-95).
func TestNoFinWait2(t *testing.T) {
	c := plainConfig()
	c.FinWait2 = -1
	for _, answer := range []string{". 1:1(0) ack 2", "F. 1:1(0) ack 2"} {
		h := connect(t, c, "")
		h.close()
		h.want("F. 1:1(0) ack 1")
		h.in(answer, "")
		h.want("R 2:2(0)")
		h.wantEnd(nil)
	}
	h := connect(t, c, "")
	h.closeWrite()
	h.want("F. 1:1(0) ack 1")
	h.in(". 1:1(0) ack 2", "")
	h.wantState(FinWait2)
	h.close()
	h.want("R. 2:2(0) ack 1")
	h.wantEnd(nil)
}

// The time counts that was set last before the close.
func TestSetFinWait2(t *testing.T) {
	h := connect(t, plainConfig(), "")
	h.closeWrite()
	h.in(". 1:1(0) ack 2", "")
	h.m.SetFinWait2(2 * time.Second)
	h.close()
	h.m.SetFinWait2(time.Hour)
	h.wait(2*time.Second - 1)
	h.wantState(FinWait2)
	h.wait(1)
	h.wantEnd(nil)
}
