package endpoint

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// What goes in comes out, whatever the sizes, and the buffer stays bounded.
func TestByteQueue(t *testing.T) {
	const limit = 1000
	r := rand.New(rand.NewPCG(1, 2))
	var q byteQueue
	var in, out []byte
	for i := range 10_000 {
		b := bytes.Repeat([]byte{byte(i)}, r.IntN(limit-q.len()+1))
		q.push(b)
		in = append(in, b...)
		read := make([]byte, r.IntN(300))
		out = append(out, read[:q.read(read)]...)
	}
	rest := make([]byte, limit)
	out = append(out, rest[:q.read(rest)]...)
	if !bytes.Equal(out, in) {
		t.Errorf("%d bytes came out, want the %d that went in", len(out), len(in))
	}
	if cap(q.buf) > 4*limit {
		t.Errorf("the buffer has grown to %d bytes for %d", cap(q.buf), limit)
	}
}
