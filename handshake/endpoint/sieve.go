package endpoint

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"tfocraft/wire/link"
)

// maxSingles is how many ports of the ephemeral range a filter names one by
// one. With more, it lets in the whole range: programs in a socket filter are
// run from the start for every frame of the host.
const maxSingles = 64

// More than maxRun ephemeral ports, one after the other with no more than runGap between
// two, let in the whole range as well: to change the filter takes longer than to
// connect to a server nearby.
const (
	maxRun = 16
	runGap = 100 * time.Millisecond
)

// A sieve keeps the filter of a link to the ports in use. One that has no
// setter does nothing. The filter may let in more; what the link takes from others on the
// host is what is reserved.
type sieve struct {
	setter    link.FilterSetter
	taker     link.Taker   // nil if the link takes nothing from others
	addrs     []netip.Addr // none means every address
	ephemeral link.PortRange

	mu     sync.Mutex
	taken  map[netip.AddrPort]int // what is ours alone, how often
	ports  map[uint16]int         // in use, how often
	stale  map[uint16]bool
	opened bool // the ephemeral range is let in as a whole
	run    int  // ephemeral ports that were added in quick succession
	last   time.Time
}

func newSieve(setter link.FilterSetter, local []netip.Prefix, ephemeral link.PortRange) *sieve {
	s := &sieve{setter: setter, ephemeral: ephemeral, ports: make(map[uint16]int), stale: make(map[uint16]bool), taken: make(map[netip.AddrPort]int)}
	s.taker, _ = setter.(link.Taker)
	for _, p := range local {
		if !p.IsSingleIP() {
			s.addrs = nil
			break
		}
		s.addrs = append(s.addrs, p.Addr())
	}
	return s
}

// add lets a port in, at an address that stays let in for good.
func (s *sieve) add(local netip.AddrPort) error {
	if s.setter == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	addr, port := local.Addr(), local.Port()
	s.noteRun(time.Now(), port)
	known := len(s.addrs) == 0 || addr.IsUnspecified() || slices.Contains(s.addrs, addr)
	if !known {
		s.addrs = append(s.addrs, addr)
	}
	s.ports[port]++
	if known && (s.ports[port] > 1 || s.stale[port] || s.opened && s.isEphemeral(port) && (s.run > 1 || s.isCrowded())) {
		delete(s.stale, port)
		return nil
	}
	if err := s.set(); err != nil {
		s.forget(port)
		if !known {
			s.addrs = s.addrs[:len(s.addrs)-1]
		}
		return err
	}
	clear(s.stale)
	return nil
}

// remove is the opposite of add. The filter changes with the next port that is
// added: until then a frame too many comes in, and is ignored.
func (s *sieve) remove(port uint16) error {
	if s.setter == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.forget(port) {
		s.stale[port] = true
	}
	return nil
}

// take says that a port that was added is reserved, so that what comes there can only be for
// us.
func (s *sieve) take(local netip.AddrPort) {
	if s.taker == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken[local]++
	s.taker.Take(local, true)
}

// leave is the opposite of take, before the port is anybody's again.
func (s *sieve) leave(local netip.AddrPort) {
	if s.taker == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken[local]--; s.taken[local] > 0 {
		return
	}
	delete(s.taken, local)
	s.taker.Take(local, false)
}

func (s *sieve) noteRun(now time.Time, port uint16) {
	if now.Sub(s.last) > runGap {
		s.run = 0
	}
	if s.isEphemeral(port) {
		s.run++
		s.last = now
	}
}

// forget takes one use away and reports whether it was the last.
func (s *sieve) forget(port uint16) bool {
	if s.ports[port]--; s.ports[port] > 0 {
		return false
	}
	delete(s.ports, port)
	return true
}

func (s *sieve) isEphemeral(port uint16) bool {
	return s.ephemeral.First <= port && port <= s.ephemeral.Last
}

func (s *sieve) set() error {
	open := s.isCrowded()
	if err := s.setter.SetFilter(s.filter(open)); err != nil {
		return err
	}
	s.opened = open
	for local := range s.taken {
		s.taker.Take(local, true)
	}
	return nil
}

// isCrowded reports whether there are too many ephemeral ports to name them.
func (s *sieve) isCrowded() bool {
	if s.run > maxRun {
		return true
	}
	singles := 0
	for port := range s.ports {
		if s.isEphemeral(port) {
			singles++
		}
	}
	return singles > maxSingles
}

// filter lets in the ports in use; open means the whole ephemeral range.
func (s *sieve) filter(open bool) *link.Filter {
	return &link.Filter{Addrs: s.addrs, ICMP: true, Ports: s.ranges(open), Shared: true}
}

func (s *sieve) ranges(open bool) []link.PortRange {
	var ranges []link.PortRange
	if open {
		ranges = append(ranges, s.ephemeral)
	}
	for port := range s.ports {
		if !open || !s.isEphemeral(port) {
			ranges = append(ranges, link.Port(port))
		}
	}
	if len(ranges) == 0 {
		// No ports would mean all; port 0 never comes (RFC 6335, Section 6).
		ranges = []link.PortRange{link.Port(0)}
	}
	return ranges
}
