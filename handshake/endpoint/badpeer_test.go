package endpoint_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
	"tfocraft/wire"
)

// writeForever writes more than any buffer has room for, and returns how it ends.
func writeForever(c *endpoint.Conn) <-chan error {
	done := make(chan error, 1)
	go func() {
		for {
			if _, err := c.Write(make([]byte, 1<<20)); err != nil {
				done <- err
				return
			}
		}
	}()
	return done
}

// keepShut answers whatever the stack sends for some time with a window of zero,
// and returns how much that was.
func (c *rawConn) keepShut(d time.Duration) (probes int) {
	c.t.Helper()
	for end := time.Now().Add(d); ; probes++ {
		if _, ok := c.within(time.Until(end)); !ok {
			return probes
		}
		c.sendAck()
	}
}

// A peer whose window stays closed holds up whoever writes, no more: what is kept
// for it is bounded, it is probed ever less often, and as long as it answers only a
// deadline, the user timeout or Close put an end to it. C-77, C-80.
func TestPeerNeverReads(t *testing.T) {
	// shut returns a connection whose peer has filled its window.
	shut := func(t *testing.T, machine handshake.Config) (*rawConn, <-chan error) {
		c := openRaw(t, machine, 1000)
		done := writeForever(c.conn)
		for c.window > 0 {
			s, _ := c.within(time.Second)
			c.take(&s)
		}
		c.sendAck()
		return c, done
	}
	t.Run("probes", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			before := measureUsage()
			c, done := shut(t, handshake.Config{SendBuffer: 64 << 10})
			if first, second := c.keepShut(time.Minute), c.keepShut(time.Hour); first < 5 || first > 12 || second < 55 || second > 70 {
				t.Errorf("%d probes in a minute, %d in an hour; want about 8 and 60", first, second)
			}
			if grown := measureUsage().heap - before.heap; grown > 2<<20 {
				t.Errorf("the heap has grown by %d bytes", grown)
			}
			began := time.Now()
			c.conn.SetWriteDeadline(began.Add(time.Second))
			if err := <-done; !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) != time.Second {
				t.Errorf("after %v: %v, want %v after a second", time.Since(began), err, os.ErrDeadlineExceeded)
			}
			// A window that opens after all gets everything.
			c.window = 1 << 15
			c.sendAck()
			if s, ok := c.within(time.Second); !ok || s.Seq != c.ack || len(s.Payload) != rawMSS {
				t.Errorf("after the window has opened: %v", s)
			}
		})
	})
	t.Run("user timeout", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, done := shut(t, handshake.Config{UserTimeout: 30 * time.Second})
			c.keepShut(31 * time.Second)
			if n := c.stack.Connections(); n != 0 {
				t.Fatalf("%d connections after 31 s, want none", n)
			}
			if err := <-done; !errors.Is(err, syscall.ETIMEDOUT) {
				t.Errorf("write: %v, want %v", err, syscall.ETIMEDOUT)
			}
		})
	})
	t.Run("closed", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, done := shut(t, handshake.Config{})
			c.conn.Close()
			if err := <-done; !errors.Is(err, net.ErrClosed) {
				t.Errorf("write: %v, want %v", err, net.ErrClosed)
			}
			if c.keepShut(10 * time.Minute); c.stack.Connections() != 0 {
				t.Error("the connection is still there ten minutes after Close")
			}
		})
	})
}

// A peer that never closes its side keeps a connection that nobody reads from any
// more for a minute, whatever it says meanwhile, and one that does not answer at
// all for as long as it is asked. C-77, C-95.
func TestPeerNeverCloses(t *testing.T) {
	for _, c := range []struct {
		name    string
		answers bool
		least   time.Duration
		most    time.Duration
	}{
		{"acknowledges", true, time.Minute, time.Minute + time.Second},
		{"says nothing", false, 30 * time.Second, 5 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := openRaw(t, handshake.Config{}, 10_000)
				r.conn.Close()
				fin := r.next().TCP
				if !fin.Flags.Has(wire.FIN) {
					t.Fatalf("after Close: %v, want a FIN", fin)
				}
				r.ack = fin.End()
				began := time.Now()
				for r.stack.Connections() > 0 {
					if c.answers {
						r.sendAck()
					}
					time.Sleep(time.Second)
					if time.Since(began) > time.Hour {
						break
					}
				}
				if took := time.Since(began); took < c.least || took > c.most {
					t.Errorf("gone after %v, want %v to %v", took, c.least, c.most)
				}
			})
		})
	}
}

// A peer that takes back what it has announced, and more than once what was sent
// already, gets everything in the end. C-80.
func TestPeerShrinksWindow(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 0))
			c := openRaw(t, handshake.Config{}, 20_000)
			want := noise(200_000)
			go func() {
				c.conn.Write(want)
				c.conn.CloseWrite()
			}()
			began, sent := time.Now(), 0
			for len(c.got) < len(want) && time.Since(began) < time.Hour {
				s, ok := c.within(time.Duration(rng.IntN(300)) * time.Millisecond)
				if ok {
					sent++
					c.take(&s)
				}
				switch rng.IntN(10) {
				case 0, 1:
					c.window = 0
				case 2:
					c.window = rng.IntN(100)
				case 3, 4, 5:
					c.window = rng.IntN(10_000)
				}
				c.sendAck()
			}
			if !bytes.Equal(c.got, want) {
				t.Errorf("seed %d: got %d bytes in %v, want %d, or they differ", seed, len(c.got), time.Since(began), len(want))
			}
			if most := 10 * len(want) / rawMSS; sent > most {
				t.Errorf("seed %d: %d segments, want %d at most", seed, sent, most)
			}
		})
	}
}

// What a peer sends beyond the window is not kept, and no harm to what is in it.
// C-81.
func TestPeerSendsBeyondWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const window = 10_000
		c := openRaw(t, handshake.Config{RecvBuffer: window}, 10_000)
		data := noise(100_000)
		// All of it at once, twice, with a hole that is filled late, and far beyond.
		for range 2 {
			for at := 1000; at < len(data); at += 1000 {
				c.sendAt(at, data[at:at+1000])
			}
			for _, at := range []int{1 << 20, 1 << 30, 1<<31 - 2000} {
				c.sendAt(at, data[:1000])
			}
			c.sendAt(window-300, data[window-300:window+700])
		}
		c.sendAt(0, data[:1000])
		c.sendAt(window, data[window:window+1000])
		c.drain()
		if got := c.conn.Info().Received; got != window {
			t.Errorf("%d bytes taken, want the %d of the window", got, window)
		}
		if got := read(t, c.conn, window); got != string(data[:window]) {
			t.Error("what was in the window differs")
		}
		go func() {
			for at := window; at < len(data); at += 1000 {
				c.sendAt(at, data[at:at+1000])
				time.Sleep(time.Second)
			}
			c.sendSegment(wire.Segment{Seq: c.seq.Add(len(data)), Flags: wire.FIN})
		}()
		rest, err := io.ReadAll(c.conn)
		if err != nil || !bytes.Equal(rest, data[window:]) {
			t.Errorf("then %d bytes, %v; want %d", len(rest), err, len(data)-window)
		}
	})
}

// Of bytes that come twice and differ, those that came first count: delivered
// ones, those that wait for the application, and those that wait behind a hole.
func TestPeerContradictsItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := openRaw(t, handshake.Config{}, 10_000)
		first, other := noise(13_000), bytes.Repeat([]byte("?"), 13_000)
		lie := func(from, to int) {
			for at := from; at < to; at += 500 {
				c.sendAt(at, other[at:min(at+500, to)])
			}
		}
		tell := func(from, to int) {
			for at := from; at < to; at += 1000 {
				c.sendAt(at, first[at:min(at+1000, to)])
			}
		}
		tell(0, 4000)
		got := read(t, c.conn, 2000)
		// 2000 bytes are read, and 2000 wait to be.
		lie(0, 4000)
		lie(1250, 3750)
		c.sendAt(3700, append(bytes.Clone(other[:300]), first[4000:5000]...))
		// Behind a hole.
		tell(8000, 9000)
		lie(8000, 9000)
		c.sendAt(7500, append(bytes.Clone(first[7500:8000]), other[:500]...))
		c.sendAt(8500, append(bytes.Clone(other[:500]), first[9000:9500]...))
		tell(10_000, 11_000)
		c.sendAt(9250, append(bytes.Clone(other[:250]), first[9500:10_000]...)) // closes a gap
		lie(7500, 11_000)
		tell(5000, 7500)
		tell(11_000, 13_000)
		c.sendSegment(wire.Segment{Seq: c.seq.Add(len(first)), Flags: wire.FIN})
		rest, err := io.ReadAll(c.conn)
		if got += string(rest); err != nil || got != string(first) {
			t.Errorf("read %d bytes, %v; want %d, or they differ at %d", len(got), err, len(first), differ(got, string(first)))
		}
	})
}

// differ is where two texts begin to differ.
func differ(a, b string) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}
