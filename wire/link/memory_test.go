package link

import (
	"bytes"
	"errors"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// payloads reads what is there and returns it as text.
func payloads(t *testing.T, l Link) []string {
	t.Helper()
	batch := make([]Frame, 8)
	n, err := l.ReadFrames(batch)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, f := range batch[:n] {
		texts = append(texts, string(f.Data[14:]))
	}
	return texts
}

// textFrame returns a frame with a text instead of an IP packet.
func textFrame(text string) []byte { return append(make([]byte, 14), text...) }

func send(t *testing.T, l Link, texts ...string) {
	t.Helper()
	var frames [][]byte
	for _, text := range texts {
		frames = append(frames, textFrame(text))
	}
	if n, err := l.WriteFrames(frames); n != len(frames) || err != nil {
		t.Fatalf("write: got %d, %v, want %d", n, err, len(frames))
	}
}

func equal(t *testing.T, got []string, want ...string) {
	t.Helper()
	g, w := bytes.Join(byteSlices(got), []byte(" ")), bytes.Join(byteSlices(want), []byte(" "))
	if !bytes.Equal(g, w) {
		t.Errorf("got %q, want %q", g, w)
	}
}

func byteSlices(texts []string) (b [][]byte) {
	for _, s := range texts {
		b = append(b, []byte(s))
	}
	return b
}

func TestPair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pair(nil)
		send(t, a, "one", "two")
		send(t, b, "back")
		equal(t, payloads(t, b), "one", "two")
		equal(t, payloads(t, a), "back")
		if got, want := b.Stats(), (Stats{Received: 2}); got != want {
			t.Errorf("stats: got %+v, want %+v", got, want)
		}
	})
}

func TestPairDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pair(&PairConfig{Delay: 20 * time.Millisecond})
		start := time.Now()
		send(t, a, "one")
		go func() {
			time.Sleep(5 * time.Millisecond)
			send(t, a, "two", "three")
		}()
		equal(t, payloads(t, b), "one")
		if got, want := time.Since(start), 20*time.Millisecond; got != want {
			t.Errorf("first: got %v, want %v", got, want)
		}
		equal(t, payloads(t, b), "two", "three")
		if got, want := time.Since(start), 25*time.Millisecond; got != want {
			t.Errorf("second: got %v, want %v", got, want)
		}
	})
}

func TestPairModify(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var held [][]byte
		a, b := Pair(&PairConfig{Forward: func(frame []byte) [][]byte {
			switch text := string(frame[14:]); text {
			case "lost":
				return nil
			case "twice":
				return [][]byte{frame, frame}
			case "late":
				held = append(held, frame)
				return nil
			default:
				frame[14] = 'X'
				out := append([][]byte{frame}, held...)
				held = nil
				return out
			}
		}})
		send(t, a, "lost", "twice", "late", "one", "two")
		equal(t, payloads(t, b), "twice", "twice", "Xne", "late", "Xwo")
	})
}

func TestPairLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pair(&PairConfig{MTU: 10, Queue: 2})
		if got, want := a.MTU(), 10; got != want {
			t.Errorf("MTU: got %d, want %d", got, want)
		}
		n, err := a.WriteFrames([][]byte{textFrame("0123456789"), textFrame("0123456789A")})
		if n != 1 || !errors.Is(err, syscall.EMSGSIZE) {
			t.Errorf("long frame: got %d, %v, want 1, %v", n, err, syscall.EMSGSIZE)
		}
		tagged := []byte{12: 0x81, 17: 0}
		if n, err := a.WriteFrames([][]byte{append(tagged, "0123456789"...)}); n != 1 || err != nil {
			t.Errorf("tagged frame: got %d, %v, want 1", n, err)
		}
		if _, err := a.WriteFrames([][]byte{make([]byte, 13)}); !errors.Is(err, syscall.EINVAL) {
			t.Errorf("no header: got %v, want %v", err, syscall.EINVAL)
		}
		send(t, a, "lost")
		if got, want := b.Stats(), (Stats{Dropped: 1}); got != want {
			t.Errorf("stats: got %+v, want %+v", got, want)
		}
	})
}

func TestPairDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pair(nil)
		start := time.Now()
		b.SetReadDeadline(start.Add(time.Second))
		if _, err := b.ReadFrames(make([]Frame, 1)); err != os.ErrDeadlineExceeded {
			t.Errorf("got %v, want %v", err, os.ErrDeadlineExceeded)
		}
		if got, want := time.Since(start), time.Second; got != want {
			t.Errorf("waited %v, want %v", got, want)
		}
		send(t, a, "kept")
		if _, err := b.ReadFrames(make([]Frame, 1)); err != os.ErrDeadlineExceeded {
			t.Errorf("past deadline: got %v, want %v", err, os.ErrDeadlineExceeded)
		}
		b.SetReadDeadline(time.Time{})
		equal(t, payloads(t, b), "kept")
		// A deadline set during a read counts for it.
		go func() {
			synctest.Wait()
			b.SetReadDeadline(time.Now())
		}()
		if _, err := b.ReadFrames(make([]Frame, 1)); err != os.ErrDeadlineExceeded {
			t.Errorf("set meanwhile: got %v, want %v", err, os.ErrDeadlineExceeded)
		}
	})
}

func TestPairClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pair(nil)
		go func() {
			synctest.Wait()
			b.Close()
		}()
		if _, err := b.ReadFrames(make([]Frame, 1)); err != net.ErrClosed {
			t.Errorf("read: got %v, want %v", err, net.ErrClosed)
		}
		if _, err := b.WriteFrames([][]byte{textFrame("")}); err != net.ErrClosed {
			t.Errorf("write: got %v, want %v", err, net.ErrClosed)
		}
		if err := b.SetReadDeadline(time.Now()); err != net.ErrClosed {
			t.Errorf("deadline: got %v, want %v", err, net.ErrClosed)
		}
		if err := b.Close(); err != nil {
			t.Errorf("second close: got %v, want none", err)
		}
		send(t, a, "to nobody")
	})
}

func BenchmarkPair(b *testing.B) {
	from, to := Pair(nil)
	out := [][]byte{make([]byte, 1514)}
	in := make([]Frame, 1)
	b.ReportAllocs()
	b.SetBytes(1514)
	for b.Loop() {
		if _, err := from.WriteFrames(out); err != nil {
			b.Fatal(err)
		}
		if _, err := to.ReadFrames(in); err != nil {
			b.Fatal(err)
		}
	}
}
