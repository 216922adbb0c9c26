package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"tfocraft/cookie"
	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
	"tfocraft/scripts/bench/internal/bulk"
)

// What is asked and answered, as by the sticks in C.
const (
	request  = "Hello, Server"
	response = "Hello, Client"
)

// dial makes one connection after the other, and prints what cli.c prints.
func dial(args []string) error {
	f := flag.NewFlagSet("peer dial", flag.ContinueOnError)
	var o bulk.Options
	var remote netip.AddrPort
	f.StringVar(&o.Interface, "i", "", "interface")
	f.TextVar(&o.Addr, "addr", netip.Addr{}, "own address")
	f.TextVar(&remote, "peer", netip.AddrPort{}, "address and port of the server")
	mac := f.String("peer-mac", "", "hardware address of the server")
	count := f.Int("n", 1000, "connections")
	busyPoll := f.Duration("busy-poll", 200*time.Microsecond, "look for frames for so long before sleeping, as tfo connect does")
	xdp := f.Bool("xdp", false, "take frames from the driver, as tfo connect --xdp does")
	if err := f.Parse(args); err != nil {
		return err
	}
	var err error
	if o.PeerMAC, err = net.ParseMAC(*mac); err != nil {
		return err
	}
	s, err := openOurs(o, *busyPoll, *xdp)
	if err != nil {
		return err
	}
	defer s.Close()
	d := endpoint.Dialer{
		Stack: s.Stack, Source: netip.AddrPortFrom(s.addr, 0), Timeout: 5 * time.Second,
		FastOpen: handshake.ClientOn, Cache: cookie.NewMemory(cookie.Limits{}),
	}
	// The first one fetches the cookie.
	if _, _, err := ask(&d, remote.String()); err != nil {
		return err
	}
	times := make([]time.Duration, 0, *count)
	accepted := 0
	began := time.Now()
	for range *count {
		took, inSyn, err := ask(&d, remote.String())
		if err != nil {
			return err
		}
		times = append(times, took)
		if inSyn {
			accepted++
		}
	}
	seconds := time.Since(began).Seconds()
	slices.Sort(times)
	at := func(percent int) float64 { return float64(times[len(times)*percent/100].Nanoseconds()) / 1e3 }
	fmt.Printf("started=%d done=%d accepted=%d seconds=%.3f rate=%.0f p50_us=%.1f p90_us=%.1f p99_us=%.1f\n",
		*count, len(times), accepted, seconds, float64(len(times))/seconds, at(50), at(90), at(99))
	return nil
}

// ask makes one connection. It returns the time to the first byte, and whether the request was taken from the SYN.
func ask(d *endpoint.Dialer, remote string) (took time.Duration, inSyn bool, err error) {
	var buf [128]byte
	began := time.Now()
	c, err := d.DialContext(context.Background(), "tcp", remote, []byte(request))
	if err != nil {
		return 0, false, err
	}
	defer c.Abort() // as cli.c does
	n, err := c.Read(buf[:])
	took = time.Since(began)
	if err != nil {
		return 0, false, err
	}
	if got := string(buf[:n]); got != response {
		return 0, false, fmt.Errorf("got %q, want %q", got, response)
	}
	return took, c.FastOpen().Outcome == handshake.Accepted, nil
}
