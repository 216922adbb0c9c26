package bulk

import (
	"net"
	"strings"
	"testing"
)

// pipe returns both ends of a TCP connection over loopback.
func pipe(t *testing.T) (a, b net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if a, err = net.Dial("tcp", ln.Addr().String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	if b, err = ln.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return a, b
}

func TestTransfer(t *testing.T) {
	for _, total := range []int64{0, 1, period, 3*Chunk + 1} {
		a, b := pipe(t)
		p := NewPattern()
		done := make(chan error, 1)
		go func() {
			got, err := p.Receive(b)
			if err == nil && got != total {
				t.Errorf("received %d bytes, want %d", got, total)
			}
			done <- err
		}()
		if _, err := p.Send(a, total); err != nil {
			t.Errorf("send %d bytes: %v", total, err)
		}
		if err := <-done; err != nil {
			t.Errorf("receive %d bytes: %v", total, err)
		}
	}
}

// A receiver notices one wrong byte, and a segment that is missing or there twice.
func TestReceiveNoticesDamage(t *testing.T) {
	const segment = 1448
	p := NewPattern()
	whole := append([]byte(nil), p.at(0, 4*segment)...)
	wrong := append([]byte(nil), whole...)
	wrong[2*segment] ^= 1
	for name, data := range map[string][]byte{
		"wrong":   wrong,
		"missing": append(append([]byte(nil), whole[:segment]...), whole[2*segment:]...),
		"twice":   append(append([]byte(nil), whole[:2*segment]...), whole[segment:]...),
	} {
		t.Run(name, func(t *testing.T) {
			a, b := pipe(t)
			if _, err := a.Write(data); err != nil {
				t.Fatal(err)
			}
			a.Close()
			if _, err := p.Receive(b); err == nil || !strings.Contains(err.Error(), "not what was sent") {
				t.Errorf("got %v, want an error about the data", err)
			}
		})
	}
}

// A chunk repeats nowhere that a chunk could be lost or doubled: the period is not a divisor of it.
func TestPatternHasNoShortPeriod(t *testing.T) {
	p := NewPattern()
	for _, shift := range []int64{1, 536, 1448, 1460, 4096, 64 << 10, Chunk} {
		a, b := p.at(0, segmentOf(shift)), p.at(shift, segmentOf(shift))
		if string(a) == string(b) {
			t.Errorf("the pattern is the same %d bytes on", shift)
		}
	}
}

func segmentOf(shift int64) int { return int(min(shift, 1448)) }
