package cookie_test

import (
	"net/netip"
	"sync"
	"testing"
	"time"

	"tfocraft/cookie"
	"tfocraft/cookie/cachetest"
)

// T-33, T-34, T-38 and more: see package cachetest.
func TestMemory(t *testing.T) {
	cachetest.Run(t, func(_ *testing.T, l cookie.Limits) cookie.Cache { return cookie.NewMemory(l) })
}

func testPath(n uint16) cookie.Path {
	return cookie.Path{Client: netip.MustParseAddr("192.0.2.1"), Server: netip.AddrFrom4([4]byte{198, 18, byte(n >> 8), byte(n)}), Port: 80}
}

func TestMemoryConcurrent(t *testing.T) {
	const workers, each = 4, 50
	m := cookie.NewMemory(cookie.Limits{})
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	c, _ := cookie.FromBytes(make([]byte, 8))
	var wg sync.WaitGroup
	for w := range uint16(workers) {
		wg.Go(func() {
			for i := range uint16(each) {
				p := testPath(w*each + i)
				if err := m.Learn(now, p, c, 1460, false); err != nil {
					t.Error(err)
				}
				_ = m.Block(now, p, cookie.Reset)
				_ = m.LearnMSS(now, testPath(i), 1000)
				_, _ = m.Lookup(now, testPath(i))
				_, _ = m.List(now)
			}
		})
	}
	wg.Wait()
	entries, _ := m.List(now)
	if got, want := len(entries), 2*workers*each; got != want {
		t.Errorf("entries: got %d, want %d", got, want)
	}
}

// T-38: the exact order of use decides, whatever the times say.
func TestMemoryEvictsInOrderOfUse(t *testing.T) {
	m := cookie.NewMemory(cookie.Limits{Hosts: 2})
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, n := range []uint16{1, 2} {
		_ = m.LearnMSS(now, testPath(n), n)
	}
	_, _ = m.Lookup(now, testPath(1))
	_ = m.LearnMSS(now, testPath(3), 3)
	for n, want := range map[uint16]uint16{1: 1, 2: 0, 3: 3} {
		if hint, _ := m.Lookup(now, testPath(n)); hint.MSS != want {
			t.Errorf("host %d: got MSS %d, want %d", n, hint.MSS, want)
		}
	}
}

func BenchmarkMemoryLookup(b *testing.B) {
	b.ReportAllocs()
	m := cookie.NewMemory(cookie.Limits{})
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	c, _ := cookie.FromBytes(make([]byte, 8))
	for n := range uint16(1000) {
		_ = m.Learn(now, testPath(n), c, 1460, false)
	}
	p := testPath(500)
	for b.Loop() {
		_, _ = m.Lookup(now, p)
	}
}
