package endpoint_test

import (
	"net/netip"
	"testing"
	"testing/synctest"

	"tfocraft/cookie"
	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
	"tfocraft/wire/link"
)

// On loopback a stack can dial its own listener, on any of its addresses: both
// ends of a connection are in one loop, told apart by the order of the two
// addresses.
func TestDialOneself(t *testing.T) {
	for _, address := range []string{"127.0.0.1:80", "127.0.0.9:80"} {
		t.Run(address, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStack(t, endpoint.Config{
					Link: hairpin(t), Loopback: true,
					Router: route{from4: netip.MustParseAddr("127.0.0.1")},
					Local:  []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
				})
				ln, err := (&endpoint.ListenConfig{Stack: s, FastOpen: fastOpen()}).Listen(t.Context(), "tcp4", "0.0.0.0:80")
				if err != nil {
					t.Fatal(err)
				}
				go echo(ln)
				d := endpoint.Dialer{Stack: s, FastOpen: handshake.ClientOn, Cache: cookie.NewMemory(cookie.Limits{})}
				for _, want := range []handshake.Outcome{handshake.CookieReceived, handshake.Accepted} {
					c, err := d.DialContext(t.Context(), "tcp", address, []byte("hello"))
					if err != nil {
						t.Fatal(err)
					}
					if got := c.FastOpen().Outcome; got != want {
						t.Errorf("outcome %q, want %q", got, want)
					}
					if got := finish(t, c); got != "HELLO" {
						t.Errorf("got %q, want HELLO", got)
					}
				}
			})
		})
	}
}

// hairpin is a link that receives what it sends.
func hairpin(t *testing.T) link.Link {
	a, b := link.Pair(nil)
	t.Cleanup(func() { b.Close() })
	go func() {
		var frames [1]link.Frame
		for {
			if _, err := b.ReadFrames(frames[:]); err != nil {
				return
			}
			b.WriteFrames([][]byte{frames[0].Data})
		}
	}()
	return a
}
