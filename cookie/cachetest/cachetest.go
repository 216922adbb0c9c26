// Package cachetest checks implementations of [cookie.Cache] against RFC 7413, Sections 4.1.3 and 4.1.3.1.
package cachetest

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"tfocraft/cookie"
)

// Open returns an empty cache with the given limits.
type Open func(t *testing.T, l cookie.Limits) cookie.Cache

// Run checks the caches that open returns. Each subtest opens one of its own. Times are whole seconds of 2026, so a
// cache may keep them as coarsely as that.
func Run(t *testing.T, open Open) {
	for _, tt := range []struct {
		name string
		test func(*testing.T, Open)
	}{
		{"LearnAndLookup", testLearnAndLookup},
		{"NewestWins", testNewestWins},
		{"KeyedByAddresses", testKeyedByAddresses},
		{"IllegalCookie", testIllegalCookie},
		{"ZeroCookie", testZeroCookie},
		{"MSSAlone", testMSSAlone},
		{"Experimental", testExperimental},
		{"BlockByPort", testBlockByPort},
		{"BlockEnds", testBlockEnds},
		{"Unblock", testUnblock},
		{"LearnEndsNoCookie", testLearnEndsNoCookie},
		{"Mapped", testMapped},
		{"Zones", testZones},
		{"Forget", testForget},
		{"List", testList},
		{"Clear", testClear},
		{"HostsBounded", testHostsBounded},
		{"PathsBounded", testPathsBounded},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.test(t, open) })
	}
}

// start is when every test begins.
var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func at(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }

func pathTo(server string, port uint16) cookie.Path {
	return cookie.Path{Client: netip.MustParseAddr("192.0.2.1"), Server: netip.MustParseAddr(server), Port: port}
}

func numbered(n int) cookie.Path { return pathTo(fmt.Sprintf("198.18.%d.%d", n/256, n%256), 80) }

// c8 returns the 8-byte cookie that n fills.
func c8(t *testing.T, n byte) cookie.Cookie {
	t.Helper()
	return sized(t, n, 8)
}

func sized(t *testing.T, n byte, length int) cookie.Cookie {
	t.Helper()
	c, err := cookie.FromBytes(slices.Repeat([]byte{n}, length))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func ok(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: got error %v, want none", what, err)
	}
}

func wantHint(t *testing.T, c cookie.Cache, what string, now time.Time, p cookie.Path, want cookie.Hint) {
	t.Helper()
	got, err := c.Lookup(now, p)
	ok(t, what, err)
	until := got.Until.Equal(want.Until)
	got.Until = want.Until
	if got != want || !until {
		t.Errorf("%s: got %s, want %s", what, text(got), text(want))
	}
}

// text prints a hint with its cookie, which is no secret here.
func text(h cookie.Hint) string {
	return fmt.Sprintf("{cookie %q mss %d experimental %v blocked %q until %v}", h.Cookie.Hex(), h.MSS, h.Experimental, h.Blocked, h.Until)
}

// T-33, T-35.
func testLearnAndLookup(t *testing.T, open Open) {
	c, p := open(t, cookie.Limits{}), pathTo("192.0.2.2", 80)
	wantHint(t, c, "empty", at(0), p, cookie.Hint{})
	ok(t, "learn", c.Learn(at(0), p, c8(t, 1), 1000, false))
	wantHint(t, c, "learnt", at(1), p, cookie.Hint{Cookie: c8(t, 1), MSS: 1000})
	wantHint(t, c, "years later", at(1e8), p, cookie.Hint{Cookie: c8(t, 1), MSS: 1000})
	for n := cookie.MinLen; n <= cookie.MaxLen; n += 2 {
		ok(t, "learn", c.Learn(at(2), p, sized(t, 2, n), 0, false))
		wantHint(t, c, fmt.Sprintf("%d bytes", n), at(2), p, cookie.Hint{Cookie: sized(t, 2, n), MSS: 1000})
	}
}

// T-34: at most one cookie, the newest.
func testNewestWins(t *testing.T, open Open) {
	c, p := open(t, cookie.Limits{}), pathTo("192.0.2.2", 80)
	ok(t, "learn", c.Learn(at(0), p, sized(t, 1, 16), 1460, true))
	ok(t, "learn again", c.Learn(at(1), p, c8(t, 2), 900, false))
	wantHint(t, c, "newest", at(2), p, cookie.Hint{Cookie: c8(t, 2), MSS: 900})
}

// T-34: ports of a server share the cookie, addresses of a client do not.
func testKeyedByAddresses(t *testing.T, open Open) {
	c, p := open(t, cookie.Limits{}), pathTo("192.0.2.2", 80)
	ok(t, "learn", c.Learn(at(0), p, c8(t, 1), 1460, false))
	wantHint(t, c, "other port", at(0), pathTo("192.0.2.2", 443), cookie.Hint{Cookie: c8(t, 1), MSS: 1460})
	wantHint(t, c, "other server", at(0), pathTo("192.0.2.3", 80), cookie.Hint{})
	wantHint(t, c, "IPv6 server", at(0), pathTo("2001:db8::2", 80), cookie.Hint{})
	p.Client = netip.MustParseAddr("192.0.2.9")
	wantHint(t, c, "other client", at(0), p, cookie.Hint{})
	swapped := cookie.Path{Client: netip.MustParseAddr("192.0.2.2"), Server: netip.MustParseAddr("192.0.2.1"), Port: 80}
	wantHint(t, c, "swapped", at(0), swapped, cookie.Hint{})
}

// T-17: an illegal cookie leaves the older one, the MSS is taken.
func testIllegalCookie(t *testing.T, open Open) {
	c, p := open(t, cookie.Limits{}), pathTo("192.0.2.2", 80)
	fresh := pathTo("192.0.2.3", 80)
	ok(t, "learn", c.Learn(at(0), p, c8(t, 1), 1460, false))
	for n := range cookie.Capacity + 1 {
		bad := sized(t, 7, n)
		if bad.Legal() {
			continue
		}
		mss := uint16(900 + n)
		if err := c.Learn(at(1), p, bad, mss, true); !errors.Is(err, cookie.ErrCookieLength) {
			t.Errorf("learn %d bytes: got error %v, want ErrCookieLength", n, err)
		}
		wantHint(t, c, fmt.Sprintf("after %d bytes", n), at(1), p, cookie.Hint{Cookie: c8(t, 1), MSS: mss})
		if err := c.Learn(at(1), fresh, bad, mss, false); !errors.Is(err, cookie.ErrCookieLength) {
			t.Errorf("learn %d bytes first: got error %v, want ErrCookieLength", n, err)
		}
		wantHint(t, c, fmt.Sprintf("%d bytes first", n), at(1), fresh, cookie.Hint{MSS: mss})
	}
}

// T-22: zeros are a cookie.
func testZeroCookie(t *testing.T, open Open) {
	c, p := open(t, cookie.Limits{}), pathTo("192.0.2.2", 80)
	for _, n := range []int{4, 8, 16} {
		ok(t, "learn", c.Learn(at(0), p, sized(t, 0, n), 0, false))
		wantHint(t, c, "zeros", at(0), p, cookie.Hint{Cookie: sized(t, 0, n)})
	}
}

func testMSSAlone(t *testing.T, open Open) {
	c, p := open(t, cookie.Limits{}), pathTo("192.0.2.2", 80)
	ok(t, "learn no MSS", c.LearnMSS(at(0), p, 0))
	entries, err := c.List(at(0))
	ok(t, "list", err)
	if len(entries) != 0 {
		t.Errorf("entries after no MSS: got %d, want 0", len(entries))
	}
	ok(t, "learn MSS", c.LearnMSS(at(0), p, 1000))
	wantHint(t, c, "MSS alone", at(0), p, cookie.Hint{MSS: 1000})
	ok(t, "learn cookie", c.Learn(at(1), p, c8(t, 1), 0, true))
	ok(t, "learn MSS", c.LearnMSS(at(2), p, 65535))
	wantHint(t, c, "MSS beside a cookie", at(2), p, cookie.Hint{Cookie: c8(t, 1), MSS: 65535, Experimental: true})
}

func testExperimental(t *testing.T, open Open) {
	c, p := open(t, cookie.Limits{}), pathTo("2001:db8::2", 80)
	ok(t, "learn", c.Learn(at(0), p, c8(t, 1), 1220, true))
	wantHint(t, c, "option 254", at(0), p, cookie.Hint{Cookie: c8(t, 1), MSS: 1220, Experimental: true})
	ok(t, "learn", c.Learn(at(1), p, c8(t, 1), 1220, false))
	wantHint(t, c, "option 34", at(1), p, cookie.Hint{Cookie: c8(t, 1), MSS: 1220})
}

// T-40, T-41, T-52: one port is blocked, and the cookie outlives it.
func testBlockByPort(t *testing.T, open Open) {
	c, p := open(t, cookie.Limits{Hold: time.Minute}), pathTo("192.0.2.2", 80)
	other := pathTo("192.0.2.2", 443)
	ok(t, "learn", c.Learn(at(0), p, c8(t, 1), 1460, false))
	for i, why := range []cookie.Reason{cookie.DataNotAcked, cookie.NoSynAck, cookie.ICMPError, cookie.NoCookie, cookie.Reset} {
		ok(t, "block", c.Block(at(i), p, why))
		wantHint(t, c, "blocked", at(i), p, cookie.Hint{Cookie: c8(t, 1), MSS: 1460, Blocked: why, Until: at(60 + i)})
		wantHint(t, c, "other port", at(i), other, cookie.Hint{Cookie: c8(t, 1), MSS: 1460})
	}
	// T-42: a new cookie is no news about a path that loses data.
	ok(t, "block", c.Block(at(10), p, cookie.DataNotAcked))
	ok(t, "learn", c.Learn(at(11), p, c8(t, 2), 0, false))
	wantHint(t, c, "still blocked", at(12), p, cookie.Hint{Cookie: c8(t, 2), MSS: 1460, Blocked: cookie.DataNotAcked, Until: at(70)})
}

// T-41: after the hold time Fast Open is tried again.
func testBlockEnds(t *testing.T, open Open) {
	p := pathTo("192.0.2.2", 80)
	for hold, seconds := range map[time.Duration]int{0: 900, time.Minute: 60} {
		c := open(t, cookie.Limits{Hold: hold})
		ok(t, "block", c.Block(at(0), p, cookie.NoSynAck))
		wantHint(t, c, "before the end", at(seconds-1), p, cookie.Hint{Blocked: cookie.NoSynAck, Until: at(seconds)})
		wantHint(t, c, "at the end", at(seconds), p, cookie.Hint{})
		ok(t, "block again", c.Block(at(seconds), p, cookie.Reset))
		wantHint(t, c, "again", at(seconds), p, cookie.Hint{Blocked: cookie.Reset, Until: at(2 * seconds)})
	}
}

func testUnblock(t *testing.T, open Open) {
	c, p, other := open(t, cookie.Limits{}), pathTo("192.0.2.2", 80), pathTo("192.0.2.2", 443)
	ok(t, "unblock nothing", c.Unblock(p))
	ok(t, "block", c.Block(at(0), p, cookie.NoSynAck))
	ok(t, "block", c.Block(at(0), other, cookie.Reset))
	ok(t, "unblock", c.Unblock(p))
	wantHint(t, c, "unblocked", at(1), p, cookie.Hint{})
	wantHint(t, c, "other port", at(1), other, cookie.Hint{Blocked: cookie.Reset, Until: at(900)})
	ok(t, "block for no reason", c.Block(at(2), other, ""))
	wantHint(t, c, "no reason", at(2), other, cookie.Hint{})
}

func testLearnEndsNoCookie(t *testing.T, open Open) {
	c, p, other := open(t, cookie.Limits{}), pathTo("192.0.2.2", 80), pathTo("192.0.2.2", 443)
	ok(t, "block", c.Block(at(0), p, cookie.NoCookie))
	ok(t, "block", c.Block(at(0), other, cookie.NoCookie))
	if err := c.Learn(at(1), p, sized(t, 1, 2), 0, false); !errors.Is(err, cookie.ErrCookieLength) {
		t.Errorf("learn 2 bytes: got error %v, want ErrCookieLength", err)
	}
	wantHint(t, c, "no legal cookie", at(1), p, cookie.Hint{Blocked: cookie.NoCookie, Until: at(900)})
	ok(t, "learn", c.Learn(at(2), p, c8(t, 1), 0, false))
	wantHint(t, c, "cookie", at(2), p, cookie.Hint{Cookie: c8(t, 1)})
	wantHint(t, c, "other port", at(2), other, cookie.Hint{Cookie: c8(t, 1), Blocked: cookie.NoCookie, Until: at(900)})
}

// T-25: IPv4-mapped addresses are IPv4 addresses.
func testMapped(t *testing.T, open Open) {
	c, p := open(t, cookie.Limits{}), pathTo("192.0.2.2", 80)
	mapped := cookie.Path{Client: netip.MustParseAddr("::ffff:192.0.2.1"), Server: netip.MustParseAddr("::ffff:192.0.2.2"), Port: 80}
	ok(t, "learn", c.Learn(at(0), mapped, c8(t, 1), 0, false))
	ok(t, "block", c.Block(at(0), mapped, cookie.Reset))
	wantHint(t, c, "unmapped", at(0), p, cookie.Hint{Cookie: c8(t, 1), Blocked: cookie.Reset, Until: at(900)})
	ok(t, "unblock", c.Unblock(mapped))
	wantHint(t, c, "mapped", at(0), mapped, cookie.Hint{Cookie: c8(t, 1)})
	ok(t, "forget", c.Forget(mapped))
	wantHint(t, c, "forgotten", at(0), p, cookie.Hint{})
}

// The same link-local address on two links is two hosts.
func testZones(t *testing.T, open Open) {
	c := open(t, cookie.Limits{})
	one := cookie.Path{Client: netip.MustParseAddr("fe80::1%eth0"), Server: netip.MustParseAddr("fe80::2%eth0"), Port: 80}
	two := cookie.Path{Client: netip.MustParseAddr("fe80::1%eth1"), Server: netip.MustParseAddr("fe80::2%eth1"), Port: 80}
	ok(t, "learn", c.Learn(at(0), one, c8(t, 1), 0, false))
	wantHint(t, c, "same zone", at(0), one, cookie.Hint{Cookie: c8(t, 1)})
	wantHint(t, c, "other zone", at(0), two, cookie.Hint{})
	entries, err := c.List(at(0))
	ok(t, "list", err)
	if want := one.AnyPort(); len(entries) != 1 || entries[0].Path != want {
		t.Errorf("list: got %v, want the path %v", entries, want)
	}
}

func testForget(t *testing.T, open Open) {
	c, p, other := open(t, cookie.Limits{}), pathTo("192.0.2.2", 80), pathTo("192.0.2.22", 80)
	for _, q := range []cookie.Path{p, other} {
		ok(t, "learn", c.Learn(at(0), q, c8(t, 1), 1460, false))
		ok(t, "block", c.Block(at(0), q, cookie.Reset))
		q.Port = 443
		ok(t, "block", c.Block(at(0), q, cookie.NoSynAck))
	}
	ok(t, "forget", c.Forget(p))
	ok(t, "forget nothing", c.Forget(p))
	wantHint(t, c, "forgotten", at(1), p, cookie.Hint{})
	wantHint(t, c, "forgotten port", at(1), pathTo("192.0.2.2", 443), cookie.Hint{})
	wantHint(t, c, "kept", at(1), other, cookie.Hint{Cookie: c8(t, 1), MSS: 1460, Blocked: cookie.Reset, Until: at(900)})
}

func testList(t *testing.T, open Open) {
	c := open(t, cookie.Limits{})
	six, far, near := pathTo("2001:db8::2", 80), pathTo("192.0.2.200", 80), pathTo("192.0.2.2", 443)
	ok(t, "learn", c.Learn(at(1), six, c8(t, 6), 1220, true))
	ok(t, "learn", c.Learn(at(2), far, c8(t, 4), 1460, false))
	ok(t, "block", c.Block(at(3), near, cookie.Reset))
	ok(t, "block", c.Block(at(-900), far, cookie.Reset))
	got, err := c.List(at(4))
	ok(t, "list", err)
	want := []cookie.Entry{
		{Path: near, Hint: cookie.Hint{Blocked: cookie.Reset, Until: at(903)}, Used: at(3)},
		{Path: far.AnyPort(), Hint: cookie.Hint{Cookie: c8(t, 4), MSS: 1460}, Used: at(2)},
		{Path: six.AnyPort(), Hint: cookie.Hint{Cookie: c8(t, 6), MSS: 1220, Experimental: true}, Used: at(1)},
	}
	same := func(a, b cookie.Entry) bool {
		until := a.Hint.Until.Equal(b.Hint.Until)
		a.Hint.Until = b.Hint.Until
		return until && a.Path == b.Path && a.Hint == b.Hint && a.Used.Equal(b.Used)
	}
	if !slices.EqualFunc(got, want, same) {
		t.Errorf("list:\ngot  %v\nwant %v", got, want)
	}
}

func testClear(t *testing.T, open Open) {
	c, p := open(t, cookie.Limits{}), pathTo("192.0.2.2", 80)
	ok(t, "clear nothing", c.Clear())
	ok(t, "learn", c.Learn(at(0), p, c8(t, 1), 1460, false))
	ok(t, "block", c.Block(at(0), p, cookie.Reset))
	ok(t, "clear", c.Clear())
	wantHint(t, c, "cleared", at(0), p, cookie.Hint{})
	ok(t, "learn", c.Learn(at(1), p, c8(t, 2), 0, false))
	wantHint(t, c, "learnt after", at(1), p, cookie.Hint{Cookie: c8(t, 2)})
}

// T-38: bounded, and what was not used for longest goes. Uses lie a day apart, so that a cache need not write down each.
func testHostsBounded(t *testing.T, open Open) {
	const limit, day = 4, 24 * 60 * 60
	c := open(t, cookie.Limits{Hosts: limit})
	for n := range limit {
		ok(t, "learn", c.Learn(at(n), numbered(n), c8(t, byte(n)), 0, false))
	}
	wantHint(t, c, "use the first", at(day), numbered(0), cookie.Hint{Cookie: c8(t, 0)})
	ok(t, "learn one more", c.Learn(at(2*day), numbered(limit), c8(t, limit), 0, false))
	entries, err := c.List(at(2 * day))
	ok(t, "list", err)
	var got []byte
	for _, e := range entries {
		got = append(got, e.Hint.Cookie.Append(nil)[0])
	}
	if want := []byte{0, 2, 3, limit}; !slices.Equal(got, want) {
		t.Errorf("hosts left: got %v, want %v", got, want)
	}
	wantHint(t, c, "evicted", at(2*day), numbered(1), cookie.Hint{})
}

func testPathsBounded(t *testing.T, open Open) {
	const limit = 4
	c := open(t, cookie.Limits{Paths: limit})
	for n := range 3 * limit {
		ok(t, "block", c.Block(at(n), numbered(n), cookie.Reset))
	}
	entries, err := c.List(at(3 * limit))
	ok(t, "list", err)
	if len(entries) != limit {
		t.Errorf("blocked paths: got %d, want %d", len(entries), limit)
	}
	wantHint(t, c, "oldest", at(3*limit), numbered(0), cookie.Hint{})
	newest := cookie.Hint{Blocked: cookie.Reset, Until: at(3*limit - 1 + 900)}
	wantHint(t, c, "newest", at(3*limit), numbered(3*limit-1), newest)
}
