package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"runtime/debug"
	"syscall"
	"time"

	"tfocraft/cookie"
	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
)

// lingerTime is the TIME-WAIT, as long as that of tfo listen.
const lingerTime = 50 * time.Millisecond

// serve answers requests and closes, with -keep without closing, until standard input ends. Connections without a
// request are kept as they are. For each line of standard input it gives back the memory that it does not need, and
// says so when it has.
func serve(args []string) error {
	f := flag.NewFlagSet("peer serve", flag.ContinueOnError)
	ifname := f.String("i", "", "interface")
	var addr netip.Addr
	f.TextVar(&addr, "addr", netip.Addr{}, "own address, which the kernel must not have")
	port := f.Uint("port", 9000, "port")
	keep := f.Bool("keep", false, "do not close after the response")
	if err := f.Parse(args); err != nil {
		return err
	}
	// Answers take the way that requests came: there is no need to know any.
	s, err := endpoint.Open(*ifname, endpoint.Config{
		Local: []netip.Prefix{netip.PrefixFrom(addr, addr.BitLen())}, Router: onlyHop{}, Ports: allFree{},
	})
	if err != nil {
		return err
	}
	defer s.Close()
	if err := listen(s, netip.AddrPortFrom(addr, uint16(*port)), answerer(*keep)); err != nil {
		return err
	}
	fmt.Println("ready")
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		debug.FreeOSMemory()
		fmt.Println("ready")
	}
	return nil
}

func listen(s *endpoint.Stack, local netip.AddrPort, handler endpoint.Handler) error {
	key, err := cookie.NewKey(rand.Reader)
	if err != nil {
		return err
	}
	lc := endpoint.ListenConfig{Stack: s, Handler: handler, ReuseConns: true, FastOpen: handshake.GateConfig{
		Enabled: true, MaxPending: 1 << 16, Keyring: cookie.NewKeyring(cookie.RFC7413, key),
	}}
	lc.Machine.TimeWait = lingerTime
	_, err = lc.Listen(context.Background(), "tcp", local.String())
	return err
}

// answerer returns a handler that answers what comes.
func answerer(keep bool) endpoint.Handler {
	buffer := make([]byte, 2048)
	return func(c *endpoint.Conn) {
		n, err := c.TryRead(buffer)
		if n > 0 {
			_, err = c.TryWrite([]byte(response))
		}
		asked := n > 0 && err == nil
		if errors.Is(err, syscall.EAGAIN) || asked && keep {
			return
		}
		c.Close()
	}
}
