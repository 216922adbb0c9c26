package handshake

import (
	"testing"
	"unsafe"
)

// A lender notes what it gets back.
type lender struct{ back [][]byte }

func (l *lender) Get(n int) []byte {
	size := 512
	for size < n {
		size *= 2
	}
	return make([]byte, size)
}

func (l *lender) Put(b []byte) { l.back = append(l.back, b) }

func overlap(a, b []byte) bool {
	if len(a) == 0 || len(b) == 0 {
		return false
	}
	at, other := uintptr(unsafe.Pointer(&a[0])), uintptr(unsafe.Pointer(&b[0]))
	return at < other+uintptr(len(b)) && other < at+uintptr(len(a))
}

// What a call puts out borrows from the send buffer, which is not given back before that
// has been sent: others would fill it with theirs. A peer that acknowledges what it cannot
// have seen yet must not bring that about.
func TestOutputsKeepBuffer(t *testing.T) {
	loan := &lender{}
	c := burstConfig()
	c.Buffers = loan
	h := openBursts(t, c)
	h.write(bytesOf(1_000_000)) // more is due
	out := h.m.InputMore(h.now, h.parse(". 1:1(0) ack 1000001 win 20000 <nop,nop,sack 1:2>", ""), h.out[:0])
	for i := range out {
		for _, b := range loan.back {
			if overlap(out[i].Segment.Payload, b) {
				t.Errorf("%d bytes to be sent are in a buffer that was given back", len(out[i].Segment.Payload))
			}
		}
	}
}
