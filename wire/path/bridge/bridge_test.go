package bridge_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tfocraft/wire"
	"tfocraft/wire/link"
	"tfocraft/wire/path"
	"tfocraft/wire/path/bridge"
	"tfocraft/wire/wiretest"
)

// A line is two in-memory links with a bridge between their far ends.
type line struct {
	near, far *link.Mem
	bridge    *bridge.Bridge
}

func newLine(t *testing.T, ctx context.Context, cfg *path.Config) *line {
	t.Helper()
	near, a := link.Pair(nil)
	far, b := link.Pair(nil)
	br, err := bridge.Join(ctx, a, b, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { br.Close() })
	return &line{near, far, br}
}

func frame(t *testing.T, payload string) []byte {
	t.Helper()
	p := wiretest.Packet(t, "192.0.2.1:1234", "192.0.2.2:80", ". 1:1(0) ack 1 win 9", "")
	p.TCP.Payload = []byte(payload)
	p.HasEthernet, p.Ethernet = true, wire.Ethernet{EtherType: wire.EtherTypeIPv4}
	p.SetLengths()
	p.SetChecksums()
	return p.Append(nil)
}

func send(t *testing.T, l link.Link, frames ...[]byte) {
	t.Helper()
	if _, err := l.WriteFrames(frames); err != nil {
		t.Fatal(err)
	}
}

// receive returns one frame, for which it waits at most a minute.
func receive(t *testing.T, l link.Link) []byte {
	t.Helper()
	l.SetReadDeadline(time.Now().Add(time.Minute))
	batch := make([]link.Frame, 1)
	if _, err := l.ReadFrames(batch); err != nil {
		t.Fatal(err)
	}
	return bytes.Clone(batch[0].Data)
}

// Frames take the time of their way, to the instant, and come as they were sent.
func TestBothWays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, t.Context(), &path.Config{
			Forward:  path.Way{Delay: 10 * time.Millisecond},
			Backward: path.Way{Delay: 25 * time.Millisecond},
		})
		for _, way := range []struct {
			from, to link.Link
			want     time.Duration
		}{{l.near, l.far, 10 * time.Millisecond}, {l.far, l.near, 25 * time.Millisecond}} {
			start := time.Now()
			want := frame(t, "hello")
			send(t, way.from, want)
			wiretest.WantBytes(t, receive(t, way.to), want)
			if took := time.Since(start); took != way.want {
				t.Errorf("took %v, want %v", took, way.want)
			}
		}
		forward, backward := l.bridge.Counters()
		if forward.Delivered != 1 || backward.Delivered != 1 {
			t.Errorf("counters: got %+v, %+v, want one frame each", forward, backward)
		}
	})
}

// A frame that overtakes one that is held back does not wait for that one's time.
func TestOvertaking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, t.Context(), path.Both(1, path.Way{Delay: 10 * time.Millisecond, Reorder: 0.5, ReorderBy: time.Second}))
		start := time.Now()
		for range 20 {
			send(t, l.near, frame(t, "x"))
		}
		early := 0
		for range 20 {
			receive(t, l.far)
			if time.Since(start) == 10*time.Millisecond {
				early++
			}
		}
		forward, _ := l.bridge.Counters()
		if held := int(forward.Reordered); held == 0 || early != 20-held {
			t.Errorf("in time: got %d, %d held back, want all others of 20", early, held)
		}
	})
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, t.Context(), path.Both(1, path.Way{Delay: time.Hour}))
		send(t, l.near, frame(t, "never arrives"))
		synctest.Wait()
		for range 2 {
			if err := l.bridge.Close(); err != nil {
				t.Error(err)
			}
		}
		if err := l.bridge.Wait(); err != nil {
			t.Errorf("wait: got %v, want nil", err)
		}
	})
}

func TestContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		l := newLine(t, ctx, nil)
		why := errors.New("enough")
		cancel(why)
		if err := l.bridge.Wait(); err != why {
			t.Errorf("wait: got %v, want %v", err, why)
		}
	})
}

// A link that fails ends the bridge, which closes the other one.
func TestLinkFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, a := link.Pair(nil)
		_, b := link.Pair(nil)
		br, err := bridge.Join(t.Context(), a, b, nil)
		if err != nil {
			t.Fatal(err)
		}
		a.Close()
		if err := br.Wait(); err != net.ErrClosed {
			t.Errorf("wait: got %v, want %v", err, net.ErrClosed)
		}
		if _, err := b.ReadFrames(make([]link.Frame, 1)); err != net.ErrClosed {
			t.Errorf("the other link: got %v, want %v", err, net.ErrClosed)
		}
	})
}

// The router's answer goes back to the sender at once.
func TestTooBig(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, t.Context(), path.Both(1, path.Way{Delay: time.Second, MTU: 1000, TooBig: path.TooBigICMP}))
		send(t, l.near, frame(t, strings.Repeat("x", 1200)))
		e, err := wire.ParseICMPFrame(receive(t, l.near))
		if err != nil || !e.PacketTooBig() || e.MTU != 1000 {
			t.Errorf("got %+v, %v, want an MTU of 1000", e, err)
		}
	})
}

// What the far link refuses is counted, and the rest goes on.
func TestUnsent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, a := link.Pair(nil)
		far, b := link.Pair(&link.PairConfig{MTU: 1000})
		br, err := bridge.Join(t.Context(), a, b, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer br.Close()
		want := frame(t, "fits")
		send(t, near, want, frame(t, strings.Repeat("x", 1200)), want)
		wiretest.WantBytes(t, receive(t, far), want)
		wiretest.WantBytes(t, receive(t, far), want)
		if forward, _ := br.Counters(); forward.Unsent != 1 || forward.Delivered != 3 {
			t.Errorf("counters: got %+v, want 3 delivered, 1 unsent", forward)
		}
	})
}

func TestBadConfig(t *testing.T) {
	_, a := link.Pair(nil)
	_, b := link.Pair(nil)
	for _, cfg := range []*path.Config{{Forward: path.Way{Loss: 2}}, {Backward: path.Way{Loss: 2}}} {
		if _, err := bridge.Join(t.Context(), a, b, cfg); err == nil {
			t.Error("got no error")
		}
	}
	if err := a.SetReadDeadline(time.Time{}); err != nil {
		t.Errorf("the link is not left alone: %v", err)
	}
}

// received is a link on which these frames, and no others, were received.
type received struct {
	*link.Mem
	frames []link.Frame
}

func (r *received) ReadFrames(batch []link.Frame) (int, error) {
	if len(r.frames) == 0 {
		return r.Mem.ReadFrames(batch)
	}
	n := copy(batch, r.frames)
	r.frames = r.frames[n:]
	return n, nil
}

// What the kernel at one end has left unfinished, the one at the other end would
// take for broken; and what this host has sent itself is not under way.
func TestKernelFrames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		whole := frame(t, "hello")
		unfinished, own := slices.Clone(whole), frame(t, "own")
		unfinished[14+20+16]++
		_, a := link.Pair(nil)
		far, b := link.Pair(nil)
		br, err := bridge.Join(t.Context(), &received{a, []link.Frame{{Data: own, Outgoing: true}, {Data: unfinished, Partial: true}}}, b, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer br.Close()
		wiretest.WantBytes(t, receive(t, far), whole)
		if forward, _ := br.Counters(); forward.Sent != 1 {
			t.Errorf("sent: got %d, want 1", forward.Sent)
		}
	})
}

// Hosts behind one address have connections in turn, and all of them answer the near end.
func TestHosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, a := link.Pair(nil)
		var far []*link.Mem
		var links []link.Link
		for range 2 {
			outer, inner := link.Pair(nil)
			far, links = append(far, outer), append(links, inner)
		}
		br, err := bridge.JoinHosts(t.Context(), a, links, &path.Config{FarHosts: 2, Middleboxes: []path.Middlebox{{Name: "balance"}}})
		if err != nil {
			t.Fatal(err)
		}
		defer br.Close()
		for i, host := range []*link.Mem{far[0], far[1], far[0]} {
			syn := wiretest.Frame(t, "192.0.2.1:1234", "192.0.2.2:80", "S "+strings.Repeat("1", i+1)+":"+strings.Repeat("1", i+1)+"(0) win 9", "")
			send(t, near, syn)
			wiretest.WantBytes(t, receive(t, host), syn)
			send(t, host, frame(t, "answer"))
			wiretest.WantBytes(t, receive(t, near), frame(t, "answer"))
		}
		forward, backward := br.Counters()
		if forward.Delivered != 3 || backward.Delivered != 3 {
			t.Errorf("counters: got %+v, %+v", forward, backward)
		}
	})
}

func TestHostsMustMatch(t *testing.T) {
	_, a := link.Pair(nil)
	_, b := link.Pair(nil)
	if _, err := bridge.JoinHosts(t.Context(), a, []link.Link{b}, &path.Config{FarHosts: 2}); err == nil {
		t.Error("got no error for one link and two hosts")
	}
}

// The observer sees each frame with the times of both ends, and what close finds under way.
func TestObserver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen path.Recorder
		cfg := path.Both(1, path.Way{Delay: 10 * time.Millisecond})
		cfg.Observer = seen.Observe
		l := newLine(t, t.Context(), cfg)
		start := time.Now()
		send(t, l.near, frame(t, "one"))
		receive(t, l.far)
		time.Sleep(time.Millisecond)
		send(t, l.far, frame(t, "two"))
		synctest.Wait()
		l.bridge.Close()
		passages, _ := seen.Passages()
		if len(passages) != 2 {
			t.Fatalf("got %d passages, want 2", len(passages))
		}
		one, two := passages[0], passages[1]
		if one.Fate != path.Arrived || !one.Departed.Equal(start) || one.Ended.Sub(start) != 10*time.Millisecond {
			t.Errorf("the first: got %+v", one)
		}
		if two.Fate != path.UnderWay || two.From != path.Far || two.Departed.Sub(start) != 11*time.Millisecond {
			t.Errorf("the second: got %+v", two)
		}
	})
}
