package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"runtime/debug"
	"time"

	"tfocraft/cookie"
	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
)

// lingerTime is the TIME-WAIT, as long as that of tfo listen.
const lingerTime = 50 * time.Millisecond

// serve answers the request of a SYN and closes. Connections whose SYN has none are kept as they are, and with -keep
// all of them, until standard input ends. For each line there it gives back the memory that it does not need, and says
// so when it has.
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
	ln, err := listen(s, netip.AddrPortFrom(addr, uint16(*port)))
	if err != nil {
		return err
	}
	k := keeper{all: *keep}
	go k.accept(ln)
	fmt.Println("ready")
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		debug.FreeOSMemory()
		fmt.Println("ready")
	}
	return nil
}

func listen(s *endpoint.Stack, local netip.AddrPort) (*endpoint.Listener, error) {
	key, err := cookie.NewKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	lc := endpoint.ListenConfig{Stack: s, FastOpen: handshake.GateConfig{
		Enabled: true, MaxPending: 1 << 16, Keyring: cookie.NewKeyring(cookie.RFC7413, key),
	}}
	lc.Machine.TimeWait = lingerTime
	return lc.Listen(context.Background(), "tcp", local.String())
}

// A keeper accepts connections.
type keeper struct {
	all   bool
	conns []*endpoint.Conn // that are kept
}

func (k *keeper) accept(ln *endpoint.Listener) {
	for {
		c, err := ln.AcceptTCP()
		if err != nil {
			return
		}
		asked := c.FastOpen().SynData > 0
		if asked {
			answer(c)
		}
		if !asked || k.all {
			k.conns = append(k.conns, c)
		} else {
			c.Close()
		}
	}
}

// answer does not wait: the request came with the SYN.
func answer(c *endpoint.Conn) {
	var buf [2048]byte
	if _, err := c.Read(buf[:]); err == nil {
		c.Write([]byte(response))
	}
}
