package handshake

import (
	"testing"
	"time"
)

// Probes, bare FINs and keepalives cannot be marked. RFC 3168, Section 6.1.6
// (C-127).
func TestECNNotOnProbes(t *testing.T) {
	c := withECN()
	c.KeepAlive = KeepAlive{Idle: time.Minute}
	h := agreed(t, 0, c)
	h.wait(time.Minute)
	h.wantNotECT(". 0:0(0) ack 1")
	h.in(". 1:1(0) ack 1 win 0", "")
	h.write("hello")
	h.wait(time.Second)
	h.wantNotECT(". 0:0(0) ack 1")
	h.sent = nil
	h.in(". 1:1(0) ack 1 win 1000", "")
	h.wantECT("P. 1:6(5) ack 1")
	h.in(". 1:1(0) ack 6", "")
	h.closeWrite()
	h.wantNotECT("F. 6:6(0) ack 1")
}

// A probe of the tail that is sent again cannot be marked, one that is new can.
// RFC 3168, Section 6.1.5 (C-127).
func TestECNTailProbe(t *testing.T) {
	h := agreed(t, 10, withECN())
	h.write(bytesOf(1000))
	h.wantIdle()
	h.wait(200 * time.Millisecond)
	h.wantECT("P. 10001:11001(1000) ack 1")
	h = agreed(t, 3, withECN())
	h.wait(200 * time.Millisecond)
	h.wantNotECT("P. 2001:3001(1000) ack 1")
}

// A probe of the path's MTU is new data like any other (C-126, C-127).
func TestECNPathProbe(t *testing.T) {
	c := withECN()
	h := agreed(t, 0, c)
	h.m.handshake.pathMSS = 984
	h.m.path = &pathSearch{upper: 1461, whole: true}
	h.m.ecn.cwr = true
	h.write(bytesOf(8000))
	h.wantECT(".W 1:1001(1000) ack 1")
	h.wantECT(". 1001:1985(984) ack 1")
}
