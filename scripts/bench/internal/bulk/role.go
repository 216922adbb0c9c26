package bulk

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"time"
)

// Port is where receivers listen.
const Port = 7000

// dialTimeout bounds the handshake, which takes a millisecond.
const dialTimeout = 5 * time.Second

// Options are what every program is told.
type Options struct {
	Interface string
	Addr      netip.Addr // the program's own
	Peer      netip.Addr // the other one's
	PeerMAC   net.HardwareAddr
	Bytes     int64
}

// A Stack makes connections.
type Stack interface {
	Dial(ctx context.Context, peer netip.AddrPort) (net.Conn, error)
	Listen(local netip.AddrPort) (net.Listener, error)
	Close() error
}

// A Result is what the sender prints, as JSON.
type Result struct {
	Seconds float64 `json:"seconds"`
}

// Main is the program around a stack: "send" or "receive", then flags. A receiver writes a line when it listens,
// serves one connection, and stays until its standard input ends, so that its last segments are not lost with it.
// Flags of the program's own are registered before.
func Main(open func(o Options) (Stack, error)) {
	if err := run(open, os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", os.Args[0], err)
		os.Exit(1)
	}
}

func run(open func(o Options) (Stack, error), args []string, stdin io.Reader, stdout io.Writer) error {
	if len(args) == 0 || args[0] != "send" && args[0] != "receive" {
		return errors.New("want send or receive, and flags")
	}
	o, err := parse(args[1:])
	if err != nil {
		return err
	}
	s, err := open(o)
	if err != nil {
		return err
	}
	defer s.Close()
	if args[0] == "send" {
		return send(s, o, stdout)
	}
	return receive(s, o, stdin, stdout)
}

func parse(args []string) (o Options, err error) {
	flag.StringVar(&o.Interface, "i", "", "interface")
	flag.TextVar(&o.Addr, "addr", netip.Addr{}, "own address")
	flag.TextVar(&o.Peer, "peer", netip.Addr{}, "address of the other side")
	mac := flag.String("peer-mac", "", "hardware address of the other side")
	flag.Int64Var(&o.Bytes, "bytes", 1e9, "how much to send")
	if err := flag.CommandLine.Parse(args); err != nil {
		return o, err
	}
	if flag.NArg() > 0 {
		return o, fmt.Errorf("unexpected %q", flag.Arg(0))
	}
	if *mac != "" {
		o.PeerMAC, err = net.ParseMAC(*mac)
	}
	return o, err
}

func send(s Stack, o Options, stdout io.Writer) error {
	ctx, cancel := context.WithTimeout(context.Background(), dialTimeout)
	defer cancel()
	c, err := s.Dial(ctx, netip.AddrPortFrom(o.Peer, Port))
	if err != nil {
		return err
	}
	defer c.Close()
	took, err := NewPattern().Send(c, o.Bytes)
	if err != nil {
		return err
	}
	return json.NewEncoder(stdout).Encode(Result{Seconds: took.Seconds()})
}

func receive(s Stack, o Options, stdin io.Reader, stdout io.Writer) error {
	ln, err := s.Listen(netip.AddrPortFrom(o.Addr, Port))
	if err != nil {
		return err
	}
	defer ln.Close()
	if _, err := fmt.Fprintln(stdout, "ready"); err != nil {
		return err
	}
	c, err := ln.Accept()
	if err != nil {
		return err
	}
	defer c.Close()
	got, err := NewPattern().Receive(c)
	if err == nil && got != o.Bytes {
		err = fmt.Errorf("got %d bytes, want %d", got, o.Bytes)
	}
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, stdin)
	return err
}
