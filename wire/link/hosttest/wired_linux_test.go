package hosttest_test

import (
	"net"
	"testing"
	"time"

	"tfocraft/wire/link/hosttest"
)

// Wired hosts reach each other as soon as they have addresses.
func TestWired(t *testing.T) {
	near, peer := hosttest.Wired(t)
	near.Address("veth0", "192.0.2.1/24", "2001:db8::1/64")
	peer.Address("veth0", "192.0.2.2/24", "2001:db8::2/64")
	for _, address := range []string{"192.0.2.2:80", "[2001:db8::2]:80"} {
		peer.Do(func() error {
			ln, err := net.Listen("tcp", address)
			if err == nil {
				t.Cleanup(func() { ln.Close() })
			}
			return err
		})
		near.Do(func() error {
			c, err := net.DialTimeout("tcp", address, 10*time.Second)
			if err == nil {
				c.Close()
			}
			return err
		})
	}
}

// What one host has, another one has not.
func TestHostsAreApart(t *testing.T) {
	a, b := hosttest.New(t), hosttest.New(t)
	a.Address("lo", "192.0.2.1/32")
	for h, want := range map[*hosttest.Host]bool{a: true, b: false} {
		h.Do(func() error {
			ln, err := net.Listen("tcp", "192.0.2.1:0")
			if got := err == nil; got != want {
				t.Errorf("listen: got %v, want success %v", err, want)
			}
			if err == nil {
				ln.Close()
			}
			return nil
		})
	}
}
