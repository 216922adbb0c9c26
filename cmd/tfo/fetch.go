package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// parseURL reads --http: a path on the server, or a URL, whose host then is the
// server unless another was given. It returns the server's HOST:PORT, too.
func parseURL(text, server string) (*url.URL, string, error) {
	if strings.HasPrefix(text, "/") {
		text = "http://" + server + text
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, "", usagef("--http: %w", errors.Unwrap(err))
	case u.Scheme != "http":
		return nil, "", usagef("--http: %q is neither a path that begins with / nor an http:// URL", text)
	case u.Hostname() == "":
		return nil, "", usagef("--http: %q has no host", text)
	}
	if server == "" {
		port := u.Port()
		if port == "" {
			port = "80"
		}
		server = net.JoinHostPort(u.Hostname(), port)
	}
	return u, server, nil
}

// fetch gets a URL on a connection of its own and prints the body. Redirects
// are not followed.
func (c *client) fetch(ctx context.Context, r *result) error {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	conn, err := c.dialLazy(ctx)
	if err != nil {
		return err
	}
	// The SYN waits for the request, which net/http writes in one piece.
	transport := &http.Transport{
		DialContext:       func(context.Context, string, string) (net.Conn, error) { return conn, nil },
		DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: maxResponseHead,
	}
	err = c.get(ctx, transport, r)
	c.response.done = time.Now()
	if err != nil {
		conn.Abort()
		err = because(ctx, err)
	}
	return errors.Join(c.settle(conn, r, err), conn.Close())
}

// maxResponseHead bounds the head of a response, in bytes.
const maxResponseHead = 64 << 10

// get makes the request and prints the body of the response.
func (c *client) get(ctx context.Context, transport *http.Transport, r *result) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url.String(), nil)
	if err != nil {
		return err
	}
	request.Header.Set("User-Agent", "tfo")
	response, err := transport.RoundTrip(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	// In our own words: the server's could hold anything, for a terminal too.
	c.response.status = strings.TrimSpace(strconv.Itoa(response.StatusCode) + " " + http.StatusText(response.StatusCode))
	c.response.body, err = c.print(response.Body, r)
	return err
}

// A response is what the table of tfo connect --http adds to a result.
type response struct {
	status string
	body   int64 // bytes
	done   time.Time
}

// fetchLine is the layout of the table.
const fetchLine = "%-10s  %-15s  %10s  %9s  %10s  %9s  %14s  %s\n"

// tabulate writes the line of a connection, and the headings before the first.
// What is in the SYN counts as far as the server took it from there.
func (c *client) tabulate(r *result) {
	w := c.cmd.ErrOrStderr()
	if !c.tabulated {
		fmt.Fprintf(w, fetchLine, "connection", "Fast Open", "in the SYN", "handshake", "first byte", "total", "body", "status")
		c.tabulated = true
	}
	fmt.Fprintf(w, fetchLine, strconv.Itoa(r.Attempt), r.FastOpen, bytesText(int64(r.SynAckAcked)), milliseconds(r.HandshakeUS),
		milliseconds(r.FirstByteUS), milliseconds(micros(r.syn, c.response.done)), bytesText(c.response.body), c.response.status)
}

func bytesText(n int64) string { return fmt.Sprintf("%d bytes", n) }
