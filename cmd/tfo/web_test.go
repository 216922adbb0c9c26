package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spf13/cobra"

	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
	"tfocraft/wire"
	"tfocraft/wire/link"
)

// The addresses of the two hosts of a memLab.
var (
	memClient = netip.MustParseAddr("192.0.2.1")
	memServer = netip.MustParseAddr("192.0.2.2")
)

// A memRoute is the way to the only other host there is.
type memRoute struct{}

func (memRoute) Resolve(context.Context, netip.Addr, netip.Addr, string) (link.Hop, error) {
	header := link.AppendHeader(nil, wire.MAC{2, 0, 0, 0, 0, 2}, wire.MAC{2, 0, 0, 0, 0, 1}, 4)
	return link.Hop{Interface: "pair", Source: memClient, MTU: 1500, Header: header}, nil
}

// A memSite is a web server over links in memory, in virtual time, for what a
// real clock would take too long for.
type memSite struct {
	t      *testing.T
	client *endpoint.Stack
	stop   context.CancelFunc
	done   chan error
	output bytes.Buffer
}

func newMemSite(t *testing.T) *memSite {
	t.Helper()
	near, far := link.Pair(nil)
	dir := t.TempDir()
	for name, size := range map[string]int{"page.txt": 10, "big.bin": bigSize} {
		if err := os.WriteFile(filepath.Join(dir, name), make([]byte, size), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	m := &memSite{t: t, done: make(chan error)}
	cmd := &cobra.Command{}
	cmd.SetContext(t.Context())
	cmd.SetOut(&m.output)
	cmd.SetErr(io.Discard)
	s := newServer(cmd, &listenFlags{json: true}, handshake.GateConfig{}, "")
	var err error
	var stack *endpoint.Stack
	var ln *endpoint.Listener
	if m.client, err = endpoint.New(endpoint.Config{Link: near, Router: memRoute{}}); err == nil {
		stack, err = endpoint.New(endpoint.Config{Link: far, Local: []netip.Prefix{netip.PrefixFrom(memServer, 32)}})
	}
	if err == nil {
		ln, err = (&endpoint.ListenConfig{Stack: stack}).Listen(t.Context(), "tcp", ":80")
	}
	if err == nil {
		s.site, err = openSite(dir)
	}
	if err != nil {
		t.Fatal(err)
	}
	s.listeners = []*endpoint.Listener{ln}
	m.stop = s.stop
	go func() { m.done <- errors.Join(s.serveSite(), s.lines.close()) }()
	t.Cleanup(func() {
		m.client.Close()
		stack.Close()
		s.site.close()
	})
	return m
}

// request sends text on a connection of its own.
func (m *memSite) request(text string) *endpoint.Conn {
	m.t.Helper()
	d := endpoint.Dialer{Stack: m.client}
	c, err := d.DialContext(m.t.Context(), "tcp", netip.AddrPortFrom(memServer, 80).String(), []byte(text))
	if err != nil {
		m.t.Fatal(err)
	}
	return c
}

// read wants a response with a body of this length.
func (m *memSite) read(c *endpoint.Conn, length int) {
	m.t.Helper()
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		m.t.Fatal(err)
	}
	if body, err := io.ReadAll(response.Body); err != nil || len(body) != length {
		m.t.Errorf("read %d bytes, %v; want %d", len(body), err, length)
	}
}

// end stops the server and returns the one line that it has printed.
func (m *memSite) end() served {
	m.t.Helper()
	synctest.Wait()
	m.stop()
	if err := <-m.done; err != nil {
		m.t.Error(err)
	}
	var line served
	if err := json.Unmarshal(m.output.Bytes(), &line); err != nil {
		m.t.Fatalf("%v: %s", err, m.output.String())
	}
	return line
}

// bigSize is more than a connection can buffer.
const bigSize = 16 << 20

const (
	getPage  = "GET /page.txt HTTP/1.1\r\nHost: x\r\n\r\n"
	getClose = "GET /page.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
	getBig   = "GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n"
)

// How a connection of a web server ends is what its line says, whoever ends it.
func TestSiteClose(t *testing.T) {
	for _, test := range []struct {
		name     string
		use      func(m *memSite)
		close    string
		received int
	}{
		{"the client closes", func(m *memSite) {
			c := m.request(getPage)
			m.read(c, 10)
			c.Close()
		}, "orderly", len(getPage)},
		{"the server closes", func(m *memSite) {
			c := m.request(getClose)
			m.read(c, 10)
			if n, err := c.Read(make([]byte, 1)); err != io.EOF {
				m.t.Errorf("read %d, %v; want the end", n, err)
			}
			time.Sleep(5 * time.Second)
			c.Close()
		}, "orderly", len(getClose)},
		{"nobody closes", func(m *memSite) {
			m.read(m.request(getClose), 10)
			time.Sleep(2 * patience)
		}, "timeout", len(getClose)},
		{"the client is idle", func(m *memSite) {
			c := m.request(getPage)
			time.Sleep(patience - time.Second)
			io.WriteString(c, getPage)
			m.read(c, 10)
			time.Sleep(patience + time.Second)
			c.Close()
		}, "timeout", 2 * len(getPage)},
		{"a request without an end", func(m *memSite) {
			m.request(getPage[:20])
			time.Sleep(patience + time.Second)
		}, "timeout", 20},
		{"the client does not read", func(m *memSite) {
			m.request(getBig)
			time.Sleep(patience + time.Second)
		}, "timeout", len(getBig)},
		{"the client reads slowly", func(m *memSite) {
			c := m.request(getBig)
			read := int64(0)
			for range 100 {
				time.Sleep(patience / 2)
				n, err := io.CopyN(io.Discard, c, 100<<10)
				if read += n; err != nil {
					m.t.Fatal(err)
				}
			}
			c.CloseWrite()
			if rest, err := io.Copy(io.Discard, c); err != nil || read+rest < bigSize {
				m.t.Errorf("read %d bytes, %v; want %d and the head", read+rest, err, bigSize)
			}
		}, "orderly", len(getBig)},
		{"the client resets", func(m *memSite) {
			c := m.request(getPage)
			m.read(c, 10)
			c.Abort()
		}, "reset", len(getPage)},
		{"the server is interrupted", func(m *memSite) {
			m.request(getBig)
			synctest.Wait() // until it is accepted
			m.stop()
			time.Sleep(time.Minute)
		}, "interrupted", len(getBig)},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemSite(t)
				test.use(m)
				if line := m.end(); line.Close != test.close || line.Received != uint64(test.received) {
					t.Errorf("%+v, want close %s and %d bytes received", line, test.close, test.received)
				}
			})
		})
	}
}
