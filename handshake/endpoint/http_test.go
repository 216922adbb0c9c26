package endpoint_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
)

// A site is what the HTTP tests serve: /digest answers with the SHA-256 of what
// was uploaded, /noise?N with N bytes, /echo with what comes, piece by piece.
type site struct {
	connections atomic.Int64 // accepted by the server
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/digest":
		h := sha256.New()
		if _, err := io.Copy(h, r.Body); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		io.WriteString(w, hex.EncodeToString(h.Sum(nil)))
	case "/noise":
		n, _ := strconv.Atoi(r.URL.RawQuery)
		w.Write(noise(n))
	case "/echo":
		control := http.NewResponseController(w)
		control.EnableFullDuplex()
		control.Flush()
		b := make([]byte, 4<<10)
		for {
			n, err := r.Body.Read(b)
			w.Write(b[:n])
			control.Flush()
			if err != nil {
				return
			}
		}
	default:
		http.NotFound(w, r)
	}
}

// serve serves the site until the test ends, with TLS and HTTP/2 if there is a
// certificate.
func (s *site) serve(t *testing.T, ln net.Listener, cert *tls.Certificate) *http.Server {
	t.Helper()
	srv := &http.Server{Handler: s, ConnState: func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.connections.Add(1)
		}
	}}
	done := make(chan error)
	go func() {
		if cert == nil {
			done <- srv.Serve(ln)
			return
		}
		srv.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: 2000}
		srv.TLSConfig = &tls.Config{Certificates: []tls.Certificate{*cert}}
		done <- srv.ServeTLS(ln, "", "")
	}()
	t.Cleanup(func() {
		srv.Close()
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("serve: %v", err)
		}
	})
	return srv
}

// A dialFunc is what http.Transport dials with.
type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

func dialWith(d *endpoint.Dialer) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := d.DialContext(ctx, network, address, nil)
		if err != nil {
			return nil, err
		}
		return c, nil
	}
}

// browser returns a client, one for HTTP/2 if there is a certificate.
func browser(t *testing.T, dial dialFunc, cert *tls.Certificate) *http.Client {
	t.Helper()
	transport := &http.Transport{DialContext: dial, MaxIdleConnsPerHost: 1000, ForceAttemptHTTP2: true}
	if cert != nil {
		roots := x509.NewCertPool()
		roots.AddCert(cert.Leaf)
		transport.TLSClientConfig = &tls.Config{RootCAs: roots, ServerName: "server.example"}
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// certificate returns one that is its own authority.
func certificate(t *testing.T) *tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"server.example"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// fetch makes a request and returns the body of the response.
func fetch(client *http.Client, method, url string, body io.Reader) ([]byte, *http.Response, error) {
	req, err := http.NewRequest(method, url, body)
	if err != nil {
		return nil, nil, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = errors.New(resp.Status)
	}
	return b, resp, err
}

// exchangeFiles uploads and downloads n bytes and compares their hashes.
func exchangeFiles(t *testing.T, client *http.Client, base string, n, wantProto int) {
	t.Helper()
	data := noise(n)
	want := fmt.Sprintf("%x", sha256.Sum256(data))
	got, resp, err := fetch(client, "POST", base+"/digest", bytes.NewReader(data))
	if err != nil || string(got) != want {
		t.Fatalf("upload: hash %s, %v; want %s", got, err, want)
	}
	if resp.ProtoMajor != wantProto {
		t.Errorf("protocol %s, want HTTP/%d", resp.Proto, wantProto)
	}
	got, _, err = fetch(client, "GET", fmt.Sprintf("%s/noise?%d", base, n), nil)
	if err != nil || fmt.Sprintf("%x", sha256.Sum256(got)) != want {
		t.Fatalf("download: %d bytes, %v; want %d with hash %s", len(got), err, n, want)
	}
}

// askMany makes n requests at once.
func askMany(t *testing.T, client *http.Client, base string, n int) {
	t.Helper()
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			got, _, err := fetch(client, "GET", fmt.Sprintf("%s/noise?%d", base, i), nil)
			if err != nil || !bytes.Equal(got, noise(i)) {
				t.Errorf("request %d: %d bytes, %v", i, len(got), err)
			}
		})
	}
	wg.Wait()
}

// The variants that the HTTP tests run in.
var httpVariants = []struct {
	name   string
	secure bool // and with it HTTP/2
	proto  int
}{
	{"plain", false, 1},
	{"TLS and HTTP/2", true, 2},
}

// site serves on port 80 of the lab's server and returns the client for it.
func (l *lab) site(secure bool, mode handshake.ClientMode) (s *site, client *http.Client, base func(host string) string) {
	l.t.Helper()
	s = &site{}
	var cert *tls.Certificate
	scheme := "http://"
	if secure {
		cert, scheme = certificate(l.t), "https://"
	}
	s.serve(l.t, l.listen(endpoint.ListenConfig{FastOpen: fastOpen()}), cert)
	d := &endpoint.Dialer{Stack: l.client, FastOpen: mode}
	return s, browser(l.t, dialWith(d), cert), func(host string) string { return scheme + host }
}

// net/http runs on both sides unchanged, over both families, also where the
// path loses and reorders; a second request goes over the same connection.
func TestHTTP(t *testing.T) {
	for _, v := range httpVariants {
		for _, address := range []string{address4, address6} {
			for _, path := range []string{"clean", "bad"} {
				t.Run(v.name+", "+address+", "+path, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						l := newLab(t, func(s *setup) {
							s.pair.Delay = 5 * time.Millisecond
							if path == "bad" {
								s.pair.Forward, s.pair.Backward = every(50, drop), every(53, holdBack())
							}
							s.client.Trace = nil
						})
						s, client, base := l.site(v.secure, handshake.ClientOn)
						// HTTP/2 takes the peer's settings under the lock that a Write of its
						// holds; with both at once no time would pass in the bubble.
						if _, _, err := fetch(client, "GET", base(address)+"/noise?1", nil); err != nil {
							t.Fatal(err)
						}
						exchangeFiles(t, client, base(address), 1<<20, v.proto)
						if got := s.connections.Load(); got != 1 {
							t.Errorf("%d connections for all requests, want 1", got)
						}
					})
				})
			}
		}
	}
}

// A thousand requests at once: over as many connections, or over one.
func TestHTTPConcurrent(t *testing.T) {
	for _, v := range httpVariants {
		t.Run(v.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t, func(s *setup) {
					s.pair.Delay, s.pair.Queue = time.Millisecond, 1<<16
					s.client.Trace = nil
				})
				s, client, base := l.site(v.secure, handshake.ClientOff)
				if _, _, err := fetch(client, "GET", base(address4)+"/noise?1", nil); err != nil {
					t.Fatal(err)
				}
				askMany(t, client, base(address4), 1000)
				most := int64(1000)
				if v.proto == 2 {
					most = 1
				}
				if got := s.connections.Load(); got > most {
					t.Errorf("%d connections, want %d at most", got, most)
				}
			})
		})
	}
}

// A long stream in both directions at once, as gRPC has them: each message is
// answered before the next one is sent.
func TestHTTPStream(t *testing.T) {
	for _, v := range httpVariants {
		t.Run(v.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t, func(s *setup) {
					s.pair.Delay = time.Millisecond
					s.pair.Forward = every(97, drop)
					s.client.Trace = nil
				})
				_, client, base := l.site(v.secure, handshake.ClientOff)
				r, w := io.Pipe()
				resp, err := client.Post(base(address4)+"/echo", "application/octet-stream", r)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				for i := range 1000 {
					message := fmt.Sprintf("message %d", i)
					if _, err := io.WriteString(w, message); err != nil {
						t.Fatal(err)
					}
					got := make([]byte, len(message))
					if _, err := io.ReadFull(resp.Body, got); string(got) != message || err != nil {
						t.Fatalf("got %q, %v; want %q", got, err, message)
					}
				}
				w.Close()
				if rest, err := io.ReadAll(resp.Body); len(rest) > 0 || err != nil {
					t.Errorf("at the end %q, %v", rest, err)
				}
			})
		})
	}
}

// Shutdown of an http.Server lets the request that is under way finish.
func TestHTTPShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, func(s *setup) { s.pair.Delay = time.Millisecond })
		s := &site{}
		srv := s.serve(t, l.listen(endpoint.ListenConfig{}), nil)
		client := browser(t, dialWith(&endpoint.Dialer{Stack: l.client}), nil)
		r, w := io.Pipe()
		resp, err := client.Post("http://"+address4+"/echo", "text/plain", r)
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error)
		go func() { done <- srv.Shutdown(t.Context()) }()
		time.Sleep(time.Second)
		io.WriteString(w, "the rest")
		w.Close()
		b, err := io.ReadAll(resp.Body)
		if resp.Body.Close(); string(b) != "the rest" || err != nil {
			t.Errorf("got %q, %v; want %q", b, err, "the rest")
		}
		if err := <-done; err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if _, err := client.Get("http://" + address4 + "/noise?1"); err == nil {
			t.Error("a request was served after Shutdown")
		}
	})
}
