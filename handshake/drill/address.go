package drill

import (
	"net/netip"
	"strings"

	"tfocraft/handshake/drill/script"
	"tfocraft/handshake/drill/socket"
)

// address is an address of the script, or open where it leaves it open. The
// second value reports AF_UNSPEC.
func (a *args) address(i int, open netip.AddrPort) (netip.AddrPort, bool) {
	return a.addressIn(a.at(i), open)
}

func (a *args) addressIn(e *script.Expr, open netip.AddrPort) (netip.AddrPort, bool) {
	if e.Kind == script.Symbol {
		return open, e.Text == "AF_UNSPEC"
	}
	f := fieldsOf(e)
	if family := f["sa_family"]; family != nil && family.Text == "AF_UNSPEC" {
		return open, true
	}
	addr, port := open.Addr(), open.Port()
	for _, name := range []string{"sin_port", "sin6_port"} {
		if v := f[name]; v != nil && v.Kind != script.Ellipsis {
			port = uint16(a.number(v))
		}
	}
	for _, name := range []string{"sin_addr", "sin6_addr"} {
		if v := f[name]; v != nil && v.Kind != script.Ellipsis {
			addr = a.ip(v)
		}
	}
	return netip.AddrPortFrom(addr, port), false
}

// tells makes a call check the address that it stores where an argument points to, if
// the script says one.
func (a *args) tells(i int, c *pendingCall) *pendingCall {
	if !a.has(i) || a.at(i).Kind == script.Integer || a.at(i).Text == "NULL" {
		return c
	}
	c.check = func(r socket.Result) error {
		want, _ := a.address(i, r.Addr)
		if a.err == nil && want != r.Addr {
			return failf("%s tells the address %s, expected %s", a.call.Name, r.Addr, want)
		}
		return a.err
	}
	return c
}

// ip reads inet_addr("192.0.2.1"), inet_pton(AF_INET6, "...") and INADDR_ANY.
func (a *args) ip(e *script.Expr) netip.Addr {
	for i := range e.Args {
		if e.Args[i].Kind == script.String {
			if addr, err := netip.ParseAddr(strings.TrimRight(e.Args[i].Text, "\x00")); err == nil {
				return addr.Unmap()
			}
		}
	}
	if e.Text == "INADDR_ANY" {
		return netip.IPv4Unspecified()
	}
	a.fail(unsupportedf("this address is not supported, at %v", e.Pos))
	return netip.Addr{}
}
