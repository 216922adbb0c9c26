package load

import (
	"testing"
	"time"

	"tfocraft/wire"
)

// SYNs of very many lengths are right, and take no more memory than a bound.
func TestManyLengths(t *testing.T) {
	c := small(Syn)
	c.MSS, c.Count = 65000, 2000
	c.Sizes, _ = ParseSizes("0-64000")
	h := start(t, c)
	for h.advance(time.Second); len(h.out.frames) > 0; {
		if p := h.pop(); len(p.TCP.Payload) > 64000 || p.TCP.Flags != wire.SYN {
			t.Fatalf("sent %v", &p)
		}
	}
	kept := 0
	for _, stamps := range h.frames.stamps {
		for data, s := range stamps {
			if s != nil {
				kept += data
			}
		}
	}
	if kept < maxKept/2 || kept > maxKept {
		t.Errorf("%d bytes are kept, want at most %d", kept, maxKept)
	}
	h.wantCounters(Counters{Sent: 2000})
}
