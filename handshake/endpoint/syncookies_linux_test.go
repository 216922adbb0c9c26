package endpoint_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"tfocraft/handshake/endpoint"
)

// Linux's clients connect by way of a cookie and transfer 1 MiB each way, with
// all options and with those missing that a cookie depends on.
func TestSynCookieKernel(t *testing.T) {
	for _, c := range []struct {
		name, timestamps, scaling string
	}{
		{"all options", "1", "1"},
		{"no timestamps", "0", "1"},
		{"no scaling", "1", "0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			near, far := wired(t)
			far.Sysctl("net/ipv4/tcp_timestamps", c.timestamps)
			far.Sysctl("net/ipv4/tcp_window_scaling", c.scaling)
			s := near.open("veth0")
			lc := endpoint.ListenConfig{Stack: s, SynCookies: endpoint.SynCookiesAlways, Machine: linger}
			ln, err := lc.Listen(t.Context(), "tcp", ":80")
			if err != nil {
				t.Fatal(err)
			}
			go echo(ln)
			data := noise(1 << 20)
			for _, address := range []string{client4.String(), client6.String()} {
				far.Do(func() error {
					got, err := echoed(net.JoinHostPort(address, "80"), data)
					if err == nil && !bytes.Equal(got, bytes.ToUpper(data)) {
						err = fmt.Errorf("got %d bytes back that differ from the %d sent", len(got), len(data))
					}
					return err
				})
			}
			// A late ACK for a connection that has ended counts as failed: that is for
			// the path's timing to say.
			if n := s.Counters(); n.SyncookiesSent != 2 || n.SyncookiesRecv != 2 {
				t.Errorf("%d cookies sent, %d came back; want 2, 2", n.SyncookiesSent, n.SyncookiesRecv)
			}
		})
	}
}

// echoed sends data by the kernel's TCP and returns what comes back.
func echoed(address string, data []byte) ([]byte, error) {
	c, err := net.DialTimeout("tcp", address, 10*time.Second)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	sent := make(chan error, 1)
	go func() {
		_, err := c.Write(data)
		sent <- err
		c.(*net.TCPConn).CloseWrite()
	}()
	got, err := io.ReadAll(c)
	if err == nil {
		err = <-sent
	}
	return got, err
}
