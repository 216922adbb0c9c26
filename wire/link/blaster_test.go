package link

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"testing"

	"tfocraft/wire"
)

// Buffers are lent up to a batch at a time, and what is sent arrives.
func TestBlasterOverLink(t *testing.T) {
	a, b := Pair(nil)
	blaster := NewBlaster(a, &BlasterConfig{Batch: 3})
	defer blaster.Close()
	want := segment(AppendHeader(nil, wire.MAC{4}, wire.MAC{2}, 4), netip.MustParseAddrPort("192.0.2.1:1"), netip.MustParseAddrPort("192.0.2.2:2"), syn())
	for _, n := range []int{0, 1, 3, 4} {
		frames := blaster.Buffers(n)
		if len(frames) != min(n, 3) {
			t.Fatalf("got %d buffers, want %d", len(frames), min(n, 3))
		}
		for i := range frames {
			frames[i] = append(frames[i][:0], want...)
		}
		if sent, err := blaster.Send(frames); sent != len(frames) || err != nil {
			t.Fatalf("sent %d, %v, want %d", sent, err, len(frames))
		}
		batch := make([]Frame, 4)
		if len(frames) == 0 {
			continue
		}
		got, err := b.ReadFrames(batch)
		if got != len(frames) || err != nil || !bytes.Equal(batch[got-1].Data, want) {
			t.Errorf("received %d, %v, the last %x, want %d, %x", got, err, batch[max(got-1, 0)].Data, len(frames), want)
		}
	}
	blaster.Close()
	if _, err := blaster.Send(blaster.Buffers(1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after Close: got %v, want %v", err, net.ErrClosed)
	}
}
