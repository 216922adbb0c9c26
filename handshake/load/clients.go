package load

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// MaxClients is the most client addresses of one run.
const MaxClients = 1 << 24

// What is wrong with addresses or ports. Errors of this package that a user can
// cause wrap one of the package's sentinels.
var (
	ErrClients = errors.New("load: bad client addresses")
	ErrPorts   = errors.New("load: bad ports")
)

// Clients are the addresses that exchanges come from: ranges of one family that
// do not overlap. They are numbered from 0.
type Clients struct {
	ranges []addrRange
	n      int
}

// An addrRange is the addresses from first on.
type addrRange struct {
	text        string
	first, last netip.Addr
	hi, lo      uint64 // of first, IPv4 in the low half of lo
	begin, n    int    // numbers of the clients
}

// ParseClients reads ranges joined by commas: prefixes (198.18.0.0/16), addresses,
// and ranges with both ends (192.0.2.1-192.0.2.9). Of an IPv4 prefix shorter than
// /31 the first and the last address, which are no hosts, are left out.
func ParseClients(text string) (*Clients, error) {
	c := &Clients{}
	for part := range strings.SplitSeq(text, ",") {
		r, err := parseRange(strings.TrimSpace(part))
		if err != nil {
			return nil, err
		}
		if err := c.add(r); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// ClientsOf returns a single client.
func ClientsOf(a netip.Addr) (*Clients, error) { return ParseClients(a.String()) }

func parseRange(text string) (addrRange, error) {
	if text == "" {
		return addrRange{}, fmt.Errorf("%w: a range is empty", ErrClients)
	}
	if strings.Contains(text, "/") {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return addrRange{}, fmt.Errorf("%w: %q is not a prefix such as 198.18.0.0/16", ErrClients, text)
		}
		return prefixRange(text, p)
	}
	from, to, ok := strings.Cut(text, "-")
	if !ok {
		to = from
	}
	first, err := netip.ParseAddr(from)
	last, err2 := netip.ParseAddr(to)
	if err != nil || err2 != nil {
		return addrRange{}, fmt.Errorf("%w: %q is neither a prefix, an address nor a range of addresses", ErrClients, text)
	}
	return newRange(text, first.Unmap(), last.Unmap())
}

func prefixRange(text string, p netip.Prefix) (addrRange, error) {
	p = p.Masked()
	first := p.Addr()
	free := first.BitLen() - p.Bits()
	if free > 32 {
		return addrRange{}, tooMany(text)
	}
	b := first.As16()
	binary.BigEndian.PutUint32(b[12:], binary.BigEndian.Uint32(b[12:])|uint32(1<<free-1))
	last := netip.AddrFrom16(b)
	if first.Is4() {
		last = last.Unmap()
		if free > 1 {
			first, last = first.Next(), last.Prev()
		}
	}
	return newRange(text, first, last)
}

func tooMany(text string) error {
	return fmt.Errorf("%w: %s has more than the %d addresses of one run", ErrClients, text, MaxClients)
}

func newRange(text string, first, last netip.Addr) (addrRange, error) {
	r := addrRange{text: text, first: first, last: last}
	switch {
	case first.Zone() != "" || last.Zone() != "":
		return r, fmt.Errorf("%w: %s has a zone", ErrClients, text)
	case first.Is4() != last.Is4() || last.Less(first):
		return r, fmt.Errorf("%w: %s ends before it begins", ErrClients, text)
	}
	for _, a := range []netip.Addr{first, last} {
		if a.IsMulticast() || a.IsUnspecified() || a == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
			return r, fmt.Errorf("%w: %s is not the address of a host", ErrClients, a)
		}
	}
	r.hi, r.lo = halves(first)
	hi, lo := halves(last)
	if hi != r.hi || lo-r.lo >= MaxClients {
		return r, tooMany(text)
	}
	r.n = int(lo-r.lo) + 1
	return r, nil
}

func halves(a netip.Addr) (hi, lo uint64) {
	if a.Is4() {
		b := a.As4()
		return 0, uint64(binary.BigEndian.Uint32(b[:]))
	}
	b := a.As16()
	return binary.BigEndian.Uint64(b[:]), binary.BigEndian.Uint64(b[8:])
}

func (c *Clients) add(r addrRange) error {
	for i := range c.ranges {
		o := &c.ranges[i]
		if o.first.Is4() != r.first.Is4() {
			return fmt.Errorf("%w: %s and %s are not of one family", ErrClients, o.text, r.text)
		}
		if !r.last.Less(o.first) && !o.last.Less(r.first) {
			return fmt.Errorf("%w: %s and %s overlap", ErrClients, o.text, r.text)
		}
	}
	r.begin = c.n
	c.n += r.n
	if c.n > MaxClients {
		return tooMany(r.text + " with the other ranges")
	}
	c.ranges = append(c.ranges, r)
	return nil
}

// Len returns how many clients there are.
func (c *Clients) Len() int { return c.n }

// Is4 reports whether they have IPv4 addresses.
func (c *Clients) Is4() bool { return c.ranges[0].first.Is4() }

// At returns the address of client i.
func (c *Clients) At(i int) netip.Addr {
	r := &c.ranges[0]
	for k := 1; i >= r.begin+r.n; k++ {
		r = &c.ranges[k]
	}
	lo := r.lo + uint64(i-r.begin)
	if r.first.Is4() {
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], uint32(lo))
		return netip.AddrFrom4(b)
	}
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], r.hi)
	binary.BigEndian.PutUint64(b[8:], lo)
	return netip.AddrFrom16(b)
}

// Index returns the number of the client with an address.
func (c *Clients) Index(a netip.Addr) (int, bool) {
	hi, lo := halves(a)
	is4 := a.Is4()
	for k := range c.ranges {
		r := &c.ranges[k]
		if i := lo - r.lo; hi == r.hi && i < uint64(r.n) && is4 == r.first.Is4() {
			return r.begin + int(i), true
		}
	}
	return 0, false
}

// Prefixes returns the fewest prefixes that hold the clients and nothing else, but
// for what [ParseClients] leaves out of a prefix that was given as one.
func (c *Clients) Prefixes() []netip.Prefix {
	var all []netip.Prefix
	for i := range c.ranges {
		r := &c.ranges[i]
		if p, err := netip.ParsePrefix(r.text); err == nil {
			all = append(all, p.Masked())
			continue
		}
		all = appendPrefixes(all, r.first, r.last)
	}
	return all
}

// appendPrefixes covers a range from its beginning by ever the largest prefix
// that fits.
func appendPrefixes(all []netip.Prefix, first, last netip.Addr) []netip.Prefix {
	for {
		p := netip.PrefixFrom(first, first.BitLen())
		for p.Bits() > 0 {
			wider := netip.PrefixFrom(first, p.Bits()-1)
			if wider.Masked().Addr() != first || last.Less(lastOf(wider)) {
				break
			}
			p = wider
		}
		all = append(all, p)
		if end := lastOf(p); end != last {
			first = end.Next()
			continue
		}
		return all
	}
}

func lastOf(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

// String returns the ranges as they were given.
func (c *Clients) String() string {
	var texts []string
	for i := range c.ranges {
		texts = append(texts, c.ranges[i].text)
	}
	return strings.Join(texts, ",")
}

// Ports are the client ports from First to Last, both included.
type Ports struct {
	First, Last uint16
}

// defaultPorts leaves out those of well-known services.
var defaultPorts = Ports{1024, 65535}

// ParsePorts reads "1024-65535", or one port.
func ParsePorts(text string) (Ports, error) {
	from, to, ok := strings.Cut(text, "-")
	if !ok {
		to = from
	}
	first, last := port(from), port(to)
	switch {
	case first == 0 || last == 0:
		return Ports{}, fmt.Errorf("%w: %q is not a range of ports such as 1024-65535", ErrPorts, text)
	case last < first:
		return Ports{}, fmt.Errorf("%w: %s ends before it begins", ErrPorts, text)
	}
	return Ports{first, last}, nil
}

// port reads the number of a port; 0 is none.
func port(text string) uint16 {
	n := 0
	for _, c := range []byte(text) {
		if c < '0' || c > '9' || n > 65535 {
			return 0
		}
		n = n*10 + int(c-'0')
	}
	if n > 65535 {
		return 0
	}
	return uint16(n)
}

// Len returns how many ports there are.
func (p Ports) Len() int { return int(p.Last) - int(p.First) + 1 }

// Share returns part i of n parts of almost the same length.
func (p Ports) Share(i, n int) Ports {
	l := p.Len()
	return Ports{First: p.First + uint16(i*l/n), Last: p.First + uint16((i+1)*l/n-1)}
}
