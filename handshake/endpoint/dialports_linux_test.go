package endpoint_test

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"tfocraft/handshake/endpoint"
)

// One local port serves connections to two of the kernel's listeners; the guard
// keeps the near kernel from resetting either, and the kernel does not get the
// port until the last is gone.
func TestSharedPortKernel(t *testing.T) {
	near, far := wired(t)
	s := near.open("veth0")
	var conns []*endpoint.Conn
	source := netip.AddrPortFrom(client4, 4000)
	for _, address := range []string{"192.0.2.2:80", "192.0.2.2:81"} {
		go serveKernel(far.listen(t, address))
		d := endpoint.Dialer{Stack: s, Source: source, Timeout: 10 * time.Second, Machine: linger}
		c, err := d.DialContext(t.Context(), "tcp", address, nil)
		if err != nil {
			t.Fatal(err)
		}
		c.SetDeadline(time.Now().Add(10 * time.Second))
		conns = append(conns, c)
	}
	for _, c := range conns {
		near.Do(func() error {
			d := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(source), Timeout: 10 * time.Second}
			_, err := d.Dial("tcp", "192.0.2.2:82")
			wantTaken(t, err, "4000")
			return nil
		})
		write(t, c, "hello")
		if got := finish(t, c); got != "HELLO" {
			t.Errorf("got %q, want %q", got, "HELLO")
		}
	}
}
