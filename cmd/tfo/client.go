package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
	"tfocraft/iptables"
	"tfocraft/wire/link"
)

// A client is one tfo connect.
type client struct {
	flags  *connectFlags
	cmd    *cobra.Command
	dialer endpoint.Dialer
	remote netip.AddrPort
	data   []byte
	url    *url.URL // to get; or nil
	made   int      // connections that were tried, and reported

	response  response // to the last request for url
	tabulated bool     // the headings of the table are there
}

// run checks everything that can be known beforehand, and connects.
func (c *client) run(target string) (err error) {
	if c.dialer, err = c.flags.dialer(); err != nil {
		return err
	}
	if c.flags.http != "" {
		if c.url, target, err = parseURL(c.flags.http, target); err != nil {
			return err
		}
	}
	if c.remote, err = c.flags.resolve(c.cmd.Context(), target, c.dialer.Source.Addr()); err != nil {
		return err
	}
	if c.data, err = readData(c.flags.data, c.cmd.InOrStdin()); err != nil {
		return err
	}
	stack, ob, err := c.open()
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, stack.shutdown(), ob.close())
	}()
	c.dialer.Stack = stack.Stack
	if !c.flags.noFastOpen {
		if c.dialer.Cache, err = openCache(c.flags.cache); err != nil {
			return errors.Join(err, ob.discard())
		}
	}
	return c.repeatedly()
}

// open starts an endpoint on the interface that leads to the server.
func (c *client) open() (*guardedStack, *observer, error) {
	ctx := c.cmd.Context()
	hop, err := c.route(ctx)
	if err != nil {
		return nil, nil, err
	}
	guard, err := c.flags.guard.new(ctx, iptables.ModeRST, hop.Loopback)
	if err != nil {
		return nil, nil, err
	}
	ob, err := c.flags.observe.open(c.cmd.ErrOrStderr(), hop.Interface)
	if err != nil {
		return nil, nil, errors.Join(err, guard.close())
	}
	stack, err := openStack(hop.Interface, nil, guard, ob, c.flags.receiving)
	if err != nil {
		return nil, nil, errors.Join(err, guard.close(), ob.discard())
	}
	return stack, ob, nil
}

// route finds the way to the server. It does not connect from an address that
// is another host's: the answers would go there.
func (c *client) route(ctx context.Context) (link.Hop, error) {
	r, err := link.NewResolver()
	if err != nil {
		return link.Hop{}, err
	}
	defer r.Close()
	source := c.dialer.Source.Addr()
	if source.IsValid() {
		if _, err := r.ForAddr(source); err != nil && (c.flags.guard.mode != "none" || public(c.remote.Addr())) {
			return link.Hop{}, withHint(fmt.Errorf("--source: %w", plain(err)),
				"if the network brings that address's packets to this host, and the server is not public, add --guard none")
		}
	}
	return r.Resolve(ctx, c.remote.Addr(), source, c.flags.ifname)
}

// repeatedly makes the connections and prints what became of them. It fails if
// one of them did.
func (c *client) repeatedly() error {
	ctx := c.cmd.Context()
	var failed error
	for c.made < c.flags.repeat {
		if c.made > 0 {
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-time.After(c.flags.interval):
			}
		}
		c.made++
		r := newResult(c.made, c.remote.String())
		if err := c.talk(ctx, &r); err != nil {
			r.Error, _ = words(err)
			failed = err
		}
		if err := c.report(&r); err != nil {
			return err
		}
	}
	if failed != nil {
		return errors.Join(errSilent, failed)
	}
	return nil
}

func (c *client) report(r *result) error {
	if c.flags.json {
		return printJSON(c.cmd.OutOrStdout(), r)
	}
	if c.url != nil && r.Error == "" {
		c.tabulate(r)
		return nil
	}
	complain(c.cmd.ErrOrStderr(), "%v%s", r, c.cure(r))
	return nil
}

// talk is one connection from SYN to end.
func (c *client) talk(ctx context.Context, r *result) error {
	switch {
	case c.url != nil:
		return c.fetch(ctx, r)
	case c.flags.stream:
		return c.stream(ctx, r)
	}
	return c.exchange(ctx, r)
}

// bounded is the context of one connection.
func (c *client) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, c.flags.timeout, fmt.Errorf("timed out after %v", c.flags.timeout))
}

// cure is a hint, on a line of its own, for a path that the cache keeps Fast
// Open from.
func (c *client) cure(r *result) string {
	if !strings.HasPrefix(r.Reason, string(handshake.WhyBlocked)) {
		return ""
	}
	file := ""
	if c.flags.cache != "" {
		file = " --cache " + c.flags.cache
	}
	return fmt.Sprintf("\n     to have it tried again: tfo cookie cache%s --forget %s", file, c.remote.Addr())
}

// exchange sends the data and reads the reply.
func (c *client) exchange(ctx context.Context, r *result) error {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	conn, err := c.dialer.DialContext(ctx, "tcp", c.remote.String(), c.data)
	if err != nil {
		r.setFailedDial(err)
		return because(ctx, err)
	}
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(longAgo) })
	defer stop()
	err = c.converse(conn, r)
	r.setConnection(conn)
	if err != nil {
		// An orderly end would take the peer's consent, and time.
		return because(ctx, errors.Join(err, conn.Abort()))
	}
	return conn.Close()
}

// because puts the end of a context in place of the error that came of it.
func because(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// converse closes the sending side and reads to the end.
func (c *client) converse(conn *endpoint.Conn, r *result) error {
	if !c.flags.keepOpen {
		if err := conn.CloseWrite(); err != nil {
			return err
		}
	}
	_, err := c.print(conn, r)
	return err
}

// print writes what the server says to standard output, unless that is for
// JSON, and keeps the beginning.
func (c *client) print(from io.Reader, r *result) (n int64, err error) {
	reply := c.cmd.OutOrStdout()
	if c.flags.json {
		reply = io.Discard
	}
	head := headWriter{limit: replyKept}
	n, err = io.Copy(io.MultiWriter(reply, &head), from)
	r.Reply = append(r.Reply, head.kept...)
	return n, err
}

// setFailedDial takes what a dial that failed knows.
func (r *result) setFailedDial(err error) {
	if h, ok := errors.AsType[*endpoint.HandshakeError](err); ok {
		r.setFastOpen(h.Info)
	}
	if o, ok := errors.AsType[*net.OpError](err); ok && o.Source != nil {
		r.Local = o.Source.String()
	}
}

// A headWriter keeps the beginning of what is written to it.
type headWriter struct {
	limit int
	kept  []byte
}

func (h *headWriter) Write(b []byte) (int, error) {
	h.kept = append(h.kept, b[:min(len(b), h.limit-len(h.kept))]...)
	return len(b), nil
}
