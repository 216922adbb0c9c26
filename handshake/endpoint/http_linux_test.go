package endpoint_test

import (
	"context"
	"crypto/tls"
	"net"
	"testing"
	"time"

	"tfocraft/handshake/endpoint"
)

// dialer dials by the host's kernel.
func (h *host) dialer() dialFunc {
	return func(ctx context.Context, network, address string) (c net.Conn, err error) {
		h.Do(func() error {
			d := net.Dialer{Timeout: 30 * time.Second}
			c, err = d.DialContext(ctx, network, address)
			return nil
		})
		return c, err
	}
}

// net/http over our stack on one side and the kernel's on the other, 8 MiB each
// way.
func TestHTTPKernel(t *testing.T) {
	near, far := wired(t)
	s := near.open("veth0")
	ours := &endpoint.Dialer{Stack: s, Machine: linger, Timeout: 10 * time.Second}
	for _, v := range httpVariants {
		var cert *tls.Certificate
		scheme := "http://"
		if v.secure {
			cert, scheme = certificate(t), "https://"
		}
		t.Run("our server, "+v.name, func(t *testing.T) {
			lc := endpoint.ListenConfig{Stack: s, Machine: linger}
			ln, err := lc.Listen(t.Context(), "tcp", ":80")
			if err != nil {
				t.Fatal(err)
			}
			web := &site{}
			web.serve(t, ln, cert)
			client := browser(t, far.dialer(), cert)
			client.Timeout = time.Minute
			for _, address := range []string{"192.0.2.1:80", "[2001:db8::1]:80"} {
				exchangeFiles(t, client, scheme+address, 8<<20, v.proto)
			}
			if got := web.connections.Load(); got != 2 {
				t.Errorf("%d connections for 4 requests to 2 addresses, want 2", got)
			}
		})
		t.Run("our client, "+v.name, func(t *testing.T) {
			for _, address := range []string{address4, address6} {
				web := &site{}
				web.serve(t, far.listen(t, address), cert)
				client := browser(t, dialWith(ours), cert)
				client.Timeout = time.Minute
				exchangeFiles(t, client, scheme+address, 8<<20, v.proto)
				if got := web.connections.Load(); got != 1 {
					t.Errorf("%s: %d connections for 2 requests, want 1", address, got)
				}
			}
		})
	}
}
