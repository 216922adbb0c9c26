package main

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
)

// readData returns what a -d flag means: text, the contents of @FILE, or
// standard input for -.
func readData(arg string, stdin io.Reader) (data []byte, err error) {
	switch {
	case arg == "-":
		data, err = io.ReadAll(stdin)
	case strings.HasPrefix(arg, "@"):
		data, err = os.ReadFile(arg[1:])
	default:
		data = []byte(arg)
	}
	if err != nil {
		return nil, fmt.Errorf("--data: %w", err)
	}
	return data, nil
}

// parseAddr reads an address of either family, IPv4-mapped ones as IPv4.
func parseAddr(name, text string) (netip.Addr, error) {
	a, err := netip.ParseAddr(text)
	if err != nil {
		return a, usagef("%s: %q is not an IP address", name, text)
	}
	return a.Unmap(), nil
}

// parseAddrPort reads ADDR:PORT, IPv4-mapped addresses as IPv4.
func parseAddrPort(name, text string) (netip.AddrPort, error) {
	ap, err := netip.ParseAddrPort(text)
	if err != nil {
		return ap, usagef("%s: %q is not ADDR:PORT", name, text)
	}
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()), nil
}

// parseSource reads ADDR or ADDR:PORT.
func parseSource(text string) (netip.AddrPort, error) {
	if a, err := netip.ParseAddr(text); err == nil {
		return netip.AddrPortFrom(a.Unmap(), 0), nil
	}
	ap, err := netip.ParseAddrPort(text)
	if err != nil {
		return ap, usagef("--source: %q is not ADDR or ADDR:PORT", text)
	}
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()), nil
}

// parseListen reads [ADDR]:PORT; the address is not valid if there is none.
func parseListen(text string) (netip.AddrPort, error) {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return netip.AddrPort{}, usagef("%q is not [ADDR]:PORT", text)
	}
	if host != "" {
		ap, err := netip.ParseAddrPort(text)
		if err != nil {
			return ap, usagef("%q is not [ADDR]:PORT", text)
		}
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()), nil
	}
	ap, err := netip.ParseAddrPort("0.0.0.0:" + port)
	if err != nil {
		return ap, usagef("%q is not a port", port)
	}
	return netip.AddrPortFrom(netip.Addr{}, ap.Port()), nil
}
