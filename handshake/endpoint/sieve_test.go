package endpoint

import (
	"errors"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"tfocraft/wire/link"
)

// A filterLog is a link's filter that remembers what it was set to.
type filterLog []*link.Filter

func (l *filterLog) SetFilter(f *link.Filter) error {
	*l = append(*l, f)
	return nil
}

func (l *filterLog) last() *link.Filter { return (*l)[len(*l)-1] }

func port(p uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), p)
}

func TestSieve(t *testing.T) {
	var log filterLog
	local := netip.MustParsePrefix("192.0.2.1/32")
	s := newSieve(&log, []netip.Prefix{local}, link.PortRange{First: 40000, Last: 50000})
	if got := s.filter(false).Ports; !slices.Equal(got, []link.PortRange{link.Port(0)}) {
		t.Errorf("without ports the filter lets in %v, want port 0 alone", got)
	}
	s.add(port(80))
	s.add(port(80))
	if len(log) != 1 {
		t.Errorf("filter set %d times for one port, want once", len(log))
	}
	s.remove(80)
	s.add(port(81))
	if got := sorted(log.last()); !slices.Equal(got, []uint16{80, 81}) {
		t.Errorf("ports %v, want 80 and 81", got)
	}
	// Removal waits for the next port; one that comes back meanwhile is in.
	s.remove(80)
	s.remove(81)
	s.add(port(81))
	if len(log) != 2 {
		t.Errorf("filter set %d times, want 2", len(log))
	}
	s.add(port(82))
	if got := sorted(log.last()); !slices.Equal(got, []uint16{81, 82}) {
		t.Errorf("ports %v, want 81 and 82", got)
	}
	// An address beside those of the interface comes in as well.
	s.add(netip.MustParseAddrPort("192.0.2.9:82"))
	if got := log.last().Addrs; len(got) != 2 {
		t.Errorf("addresses %v, want two", got)
	}
}

func sorted(f *link.Filter) []uint16 {
	var ports []uint16
	for _, r := range f.Ports {
		ports = append(ports, r.First)
	}
	slices.Sort(ports)
	return ports
}

// A filter that cannot be set leaves the sieve as it was: the next one that can
// has everything in it.
func TestSieveFails(t *testing.T) { synctest.Test(t, testSieveFails) }

func testSieveFails(t *testing.T) {
	var log filterLog
	s := newSieve(&log, []netip.Prefix{netip.MustParsePrefix("192.0.2.1/32")}, link.PortRange{First: 40000, Last: 50000})
	for i := range uint16(maxSingles) {
		s.add(port(40000 + i))
		time.Sleep(time.Second)
	}
	good := s.setter
	s.setter = noFilter{}
	for _, add := range []netip.AddrPort{port(50000), netip.MustParseAddrPort("192.0.2.9:40000")} {
		if err := s.add(add); err == nil {
			t.Fatalf("%s: no error", add)
		}
	}
	s.setter = good
	for i, add := range []netip.AddrPort{port(50000), netip.MustParseAddrPort("192.0.2.9:40000")} {
		if err := s.add(add); err != nil {
			t.Fatal(err)
		}
		if got, want := len(log), maxSingles+1+i; got != want {
			t.Errorf("%s: filter set %d times, want %d", add, got, want)
		}
	}
}

// noFilter cannot be set.
type noFilter struct{}

func (noFilter) SetFilter(*link.Filter) error { return errors.ErrUnsupported }

// Many random ports become their whole range, and the filter is left alone.
func TestSieveOpens(t *testing.T) { synctest.Test(t, testSieveOpens) }

func testSieveOpens(t *testing.T) {
	var log filterLog
	s := newSieve(&log, nil, link.PortRange{First: 40000, Last: 50000})
	for i := range uint16(1000) {
		if err := s.add(port(40000 + i)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
	}
	if len(log) != maxSingles+1 {
		t.Errorf("filter set %d times, want %d", len(log), maxSingles+1)
	}
	if got, want := log.last().Ports, []link.PortRange{{First: 40000, Last: 50000}}; !slices.Equal(got, want) {
		t.Errorf("ports %v, want %v", got, want)
	}
	for i := range uint16(1000) {
		s.remove(40000 + i)
	}
	s.add(port(80))
	if got := sorted(log.last()); !slices.Equal(got, []uint16{80}) {
		t.Errorf("in the end ports %v, want 80", got)
	}
}

// Whoever connects again and again does not have the filter changed every time; after a
// pause it names the ports again.
func TestSieveOfManyDials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log filterLog
		s := newSieve(&log, nil, link.PortRange{First: 40000, Last: 50000})
		for i := range uint16(1000) {
			s.add(port(40000 + i))
			s.remove(40000 + i)
			time.Sleep(time.Millisecond)
		}
		if len(log) != maxRun+1 {
			t.Errorf("filter set %d times, want %d", len(log), maxRun+1)
		}
		if got := log.last().Ports; !slices.Equal(got, []link.PortRange{s.ephemeral}) {
			t.Errorf("ports %v, want the whole range", got)
		}
		time.Sleep(time.Second)
		s.add(port(45000))
		if got := sorted(log.last()); !slices.Equal(got, []uint16{45000}) {
			t.Errorf("ports %v, want 45000", got)
		}
	})
}

// A takingLink forgets with every filter what it was told to take.
type takingLink struct {
	filterLog
	taken map[netip.AddrPort]bool
}

func (l *takingLink) SetFilter(f *link.Filter) error {
	clear(l.taken)
	return l.filterLog.SetFilter(f)
}

func (l *takingLink) Take(local netip.AddrPort, alone bool) {
	if delete(l.taken, local); alone {
		l.taken[local] = true
	}
}

// A link takes from others what is reserved, however much the filter lets in.
func TestSieveTakes(t *testing.T) {
	l := takingLink{taken: make(map[netip.AddrPort]bool)}
	s := newSieve(&l, nil, link.PortRange{First: 40000, Last: 50000})
	want := func(locals ...netip.AddrPort) {
		t.Helper()
		for _, local := range locals {
			if !l.taken[local] {
				t.Errorf("%v is not taken", local)
			}
		}
		if len(l.taken) != len(locals) {
			t.Errorf("taken is %v, want %v", l.taken, locals)
		}
	}
	s.add(port(80))
	want()
	s.take(port(80))
	for i := range uint16(2 * maxRun) {
		s.add(port(40000 + i))
		s.take(port(40000 + i))
		want(port(80), port(40000+i))
		s.leave(port(40000 + i))
		s.remove(40000 + i)
		want(port(80))
	}
	if got := l.last(); !got.Shared || !slices.Contains(got.Ports, s.ephemeral) {
		t.Errorf("the filter is %+v", got)
	}
	s.take(port(80))
	s.leave(port(80))
	want(port(80))
	s.leave(port(80))
	want()
}
