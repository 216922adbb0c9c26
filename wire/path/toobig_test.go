package path_test

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"

	"tfocraft/wire"
	"tfocraft/wire/path"
	"tfocraft/wire/wiretest"
)

const tooBigMTU = 1300

// bigFrame has a packet of 1400 bytes or more of payload.
func bigFrame(t testing.TB, src, dst string) []byte {
	return wiretest.Frame(t, src, dst, "P. 1000:2400(1400) ack 1 win 9", strings.Repeat("x", 1400))
}

// answer returns what the path says to a frame that it does not let through.
func answer(t *testing.T, way path.Way, frame []byte) []byte {
	t.Helper()
	way.MTU = tooBigMTU
	d := newOneWay(t, way, 1, 0)
	d.Send(epoch, frame)
	if d.Counters().TooBig != 1 {
		t.Errorf("the frame is not too big: %+v", d.Counters())
	}
	out := d.Path.Deliver(epoch)
	if len(out[path.Far]) > 0 {
		t.Errorf("the frame arrives: %x", out[path.Far])
	}
	return bytes.Join(out[path.Near], nil)
}

// The router's answer quotes what a sender needs to know its packet by.
func TestTooBig(t *testing.T) {
	for _, c := range []struct {
		src, dst, router string
		longest          int
	}{
		{"192.0.2.1:1234", "192.0.2.2:80", "192.0.2.254", 576},
		{"[2001:db8::1]:1234", "[2001:db8::2]:80", "2001:db8::fe", 1280},
	} {
		frame := bigFrame(t, c.src, c.dst)
		got := answer(t, path.Way{TooBig: path.TooBigICMP}, frame)
		e, err := wire.ParseICMPFrame(got)
		if err != nil {
			t.Fatal(err)
		}
		if !e.PacketTooBig() || e.MTU != tooBigMTU || e.From.String() != c.router ||
			e.Src.String() != c.src || e.Dst.String() != c.dst || e.Seq != 1000 {
			t.Errorf("got %+v", e)
		}
		if !bytes.Equal(got[:6], frame[6:12]) || !bytes.Equal(got[6:12], frame[:6]) {
			t.Errorf("the answer does not go back: %x", got[:14])
		}
		if len(got)-wire.EthernetLen != c.longest {
			t.Errorf("length: got %d, want %d", len(got)-wire.EthernetLen, c.longest)
		}
	}
}

func TestTooBigRouter(t *testing.T) {
	router := netip.MustParseAddr("198.18.0.1")
	e, err := wire.ParseICMPFrame(answer(t, path.Way{TooBig: path.TooBigICMP, Router4: router}, bigFrame(t, "192.0.2.1:1", "192.0.2.2:2")))
	if err != nil || e.From != router {
		t.Errorf("got %+v, %v, want from %v", e, err, router)
	}
}

// A router keeps silent if it is told to, if it might have fragmented, and about
// ICMP errors and later fragments.
func TestTooBigSilence(t *testing.T) {
	edit := func(change func(packet []byte)) []byte {
		frame := bigFrame(t, "192.0.2.1:1", "192.0.2.2:2")
		change(frame[wire.EthernetLen:])
		return frame
	}
	for name, frame := range map[string][]byte{
		"may fragment":   edit(func(p []byte) { p[6] = 0 }),
		"later fragment": edit(func(p []byte) { p[7] = 1 }),
		"multicast":      edit(func(p []byte) { p[16] = 224 }),
		"ICMP error":     edit(func(p []byte) { p[9], p[20] = 1, 3 }),
		"broken":         edit(func(p []byte) { p[0] = 0x41 }),
	} {
		if got := answer(t, path.Way{TooBig: path.TooBigICMP}, frame); len(got) > 0 {
			t.Errorf("%s: got %x, want no answer", name, got)
		}
	}
	if got := answer(t, path.Way{}, bigFrame(t, "192.0.2.1:1", "192.0.2.2:2")); len(got) > 0 {
		t.Errorf("black hole: got %x, want no answer", got)
	}
	echo := edit(func(p []byte) { p[9], p[20] = 1, 8 })
	if got := answer(t, path.Way{TooBig: path.TooBigICMP}, echo); len(got) == 0 {
		t.Error("echo: got no answer")
	}
}
