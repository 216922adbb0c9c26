package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"time"

	"tfocraft/handshake/endpoint"
)

// hello is what every server of the cases has to say.
const hello = "hello from the other side"

// replyHTTP is a whole HTTP response.
const replyHTTP = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 25\r\nConnection: close\r\n\r\n" + hello

// requestHTTP is a whole HTTP request, after whose answer the server closes.
const requestHTTP = "GET /hello.txt HTTP/1.1\r\nHost: www.example.test\r\nConnection: close\r\n\r\n"

// serveHTTPS runs net/http with TLS over our listener.
func serveHTTPS(s *site) error {
	ln, err := s.listen()
	if err != nil {
		return err
	}
	certificate, err := newCertificate()
	if err != nil {
		return err
	}
	srv := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Connection", "close")
			io.WriteString(w, hello)
		}),
		ReadHeaderTimeout: patience,
		ErrorLog:          log.New(noteWriter{s}, "", 0),
	}
	s.closers = append(s.closers, srv.Close)
	go func() {
		err := srv.Serve(tls.NewListener(lingering{ln}, &tls.Config{Certificates: []tls.Certificate{certificate}}))
		if !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			s.note(err)
		}
	}()
	return nil
}

// A lingering listener's connections wait in Close for the client's last words.
// A TLS client answers the server's close_notify with its own, and a connection
// that is closed already would answer that with a reset, as in every TCP.
type lingering struct{ *endpoint.Listener }

func (l lingering) Accept() (net.Conn, error) {
	c, err := l.AcceptTCP()
	if err != nil {
		return nil, err
	}
	return lingeringConn{c}, nil
}

type lingeringConn struct{ *endpoint.Conn }

func (c lingeringConn) Close() error {
	c.SetReadDeadline(time.Now().Add(closeTime))
	if c.CloseWrite() == nil {
		io.Copy(io.Discard, c.Conn)
	}
	return c.Conn.Close()
}

// newCertificate makes a certificate that nobody vouches for.
func newCertificate() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"www.example.test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

// A noteWriter keeps what a logger writes among the notes of a site.
type noteWriter struct{ s *site }

func (w noteWriter) Write(b []byte) (int, error) {
	w.s.note(errors.New(string(b)))
	return len(b), nil
}
