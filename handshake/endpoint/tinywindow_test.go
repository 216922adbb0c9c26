package endpoint_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
	"tfocraft/wire"
)

// A peer with a tiny window gets it filled, however it opens: a segment that leaves
// room or is smaller than half of the largest window is the last one, or has waited
// for the timer. RFC 9293, Section 3.8.6.2.1 (C-25).
func TestTinyWindows(t *testing.T) {
	const size = 2000
	for _, most := range []int{1, 2, 3, 7, 50, 99, 100} {
		for _, steady := range []bool{true, false} {
			t.Run(fmt.Sprintf("up to %d bytes, steady %t", most, steady), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					rng := rand.New(rand.NewPCG(uint64(most), 0))
					c := openRaw(t, handshake.Config{}, most)
					write(t, c.conn, string(noise(size)))
					began := time.Now()
					for len(c.got) < size {
						asked := time.Now()
						s, ok := c.within(2 * time.Minute)
						if !ok {
							t.Fatalf("nothing comes after %d bytes", len(c.got))
						}
						n, waited := len(s.Payload), time.Since(asked)
						small := n < most/2 && len(c.got)+n < size
						if n > c.window || n > 0 && small && waited < 200*time.Millisecond {
							t.Errorf("%d bytes after %v with a window of %d", n, waited, c.window)
						}
						c.take(&s)
						if c.window = most; !steady {
							c.window = rng.IntN(most + 1)
						}
						c.sendAck()
					}
					if took := time.Since(began); steady && took > 0 || took > time.Hour {
						t.Errorf("%d bytes took %v", size, took)
					}
					if string(c.got) != string(noise(size)) {
						t.Error("what came differs")
					}
				})
			})
		}
	}
}

// An end with a tiny buffer, that is read byte by byte, announces room in steps
// that are worth it, also where it has something else to send all the time. It
// does so as soon as it can, and not when it is asked. RFC 9293, Section
// 3.8.6.2.2 (C-25, C-26).
func TestTinyBuffers(t *testing.T) {
	const size, pause = 1000, 3 * time.Millisecond
	for _, buffer := range []int{1, 2, 3, 7, 50, 100} {
		for _, chatty := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d bytes, chatty %t", buffer, chatty), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					l := newLab(t, func(s *setup) { s.pair.Delay = time.Millisecond })
					ln := l.listen(endpoint.ListenConfig{})
					client := l.mustDial(endpoint.Dialer{Machine: handshake.Config{RecvBuffer: buffer}}, "")
					server := accept(t, ln)
					want := string(noise(size))
					go server.Write([]byte(want))
					go io.Copy(io.Discard, server)
					began := time.Now()
					got := make([]byte, size)
					for n := 0; n < size; {
						read, err := client.Read(got[n : n+1])
						if n += read; err != nil {
							t.Fatal(err)
						}
						time.Sleep(pause)
						if chatty {
							write(t, client, "x")
						}
					}
					if took := time.Since(began); took > 2*size*pause {
						t.Errorf("%d bytes took %v", size, took)
					}
					if string(got) != want {
						t.Error("what came differs")
					}
					wantWorthwhileSteps(t, l.segments(), max(buffer/2, 1))
				})
			})
		}
	}
}

// wantWorthwhileSteps checks by how much the window moves that the client announces.
func wantWorthwhileSteps(t *testing.T, seen []sighting, least int) {
	t.Helper()
	var edge wire.Seq
	steps := 0
	for _, s := range seen {
		if !s.out || !s.p.TCP.Flags.Has(wire.ACK) {
			continue
		}
		before := edge
		edge = s.p.TCP.Ack.Add(int(s.p.TCP.Window))
		if step := edge.Diff(before); before != 0 && step != 0 {
			steps++
			if step < least {
				t.Errorf("after %v the window moves by %d, want %d at least", s.after, step, least)
			}
		}
	}
	if steps == 0 {
		t.Error("the window has not moved")
	}
}
