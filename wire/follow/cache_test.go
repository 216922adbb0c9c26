package follow_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"tfocraft/wire/follow"
)

// TestCache is what RFC 7413, Section 4.1.3, has a client remember.
func TestCache(t *testing.T) {
	const (
		syn     = "> S 0:5(5) win 1000 <FO 0a0a0a0a>"
		request = "> S 0:0(0) win 1000 <FO>"
		plain   = "> S 0:0(0) win 1000 <mss 1460>"
	)
	for _, test := range []struct {
		name     string
		segments []string
		want     []string
	}{
		{"cookie and MSS", []string{request, "< S. 0:0(0) ack 1 win 1000 <mss 1400,FO 01020304>"}, []string{"cookie 01020304 mss 1400 frame 2"}},
		{"no MSS", []string{request, "< S. 0:0(0) ack 1 win 1000 <FO 01020304>"}, []string{"cookie 01020304 mss 0 frame 2"}},
		{"renewed", []string{syn, "< S. 0:0(0) ack 6 win 1000 <mss 1400,FO 01020304>"}, []string{"cookie 01020304 mss 1400 frame 2"}},
		{"refused and replaced", []string{syn, "< S. 0:0(0) ack 1 win 1000 <mss 1400,FO 01020304>"}, []string{"cookie 01020304 mss 1400 frame 2"}},
		{"unasked", []string{plain, "< S. 0:0(0) ack 1 win 1000 <FO 01020304>"}, nil},
		{"illegal", []string{request, "< S. 0:0(0) ack 1 win 1000 <FO 010203>"}, []string{"port 80 no-cookie frame 2"}},
		{"none", []string{request, "< S. 0:0(0) ack 1 win 1000"}, []string{"port 80 no-cookie frame 2"}},
		{"data left out", []string{syn, "< S. 0:0(0) ack 1 win 1000"}, []string{"port 80 data-not-acked frame 2"}},
		{"no answer", []string{syn, plain}, []string{"port 80 no-synack frame 2"}},
		{"no answer but to the plain one", []string{syn, plain, "< S. 0:0(0) ack 1 win 1000"}, []string{"port 80 no-synack frame 2"}},
		{"late answer", []string{syn, plain, "< S. 0:0(0) ack 6 win 1000"}, nil},
		{"late cookie", []string{request, plain, "< S. 0:0(0) ack 1 win 1000 <FO 01020304>"}, []string{"cookie 01020304 mss 0 frame 3"}},
		{"still trying", []string{syn, syn}, nil},
		{"refused", []string{syn, "< R. 0:0(0) ack 6 win 0"}, []string{"port 80 reset frame 2"}},
		{"refused without data", []string{request, "< R. 0:0(0) ack 1 win 0"}, nil},
		{"refused later", []string{syn, plain, "< R. 0:0(0) ack 1 win 0"}, []string{"port 80 no-synack frame 2"}},
		{"both at once", []string{syn, "< S 0:0(0) win 1000", "< S. 0:0(0) ack 1 win 1000"}, nil},
		{"a stray answer", []string{request, "< S. 0:0(0) ack 99 win 1000 <FO 01020304>"}, nil},
		{"seen from the SYN-ACK on", []string{"< S. 0:0(0) ack 1 win 1000 <mss 1400,FO 01020304>"}, []string{"cookie 01020304 mss 1400 frame 1"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			x := newTalk(t)
			for _, segment := range test.segments {
				x.told(segment)
			}
			if got := x.cached(); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// told says a line of a story.
func (x *talk) told(line string) {
	x.Helper()
	if line[0] == '>' {
		x.say(clientAddr, serverAddr, line[2:])
	} else {
		x.say(serverAddr, clientAddr, line[2:])
	}
}

func (x *talk) cached() (all []string) {
	for _, e := range x.Cache() {
		if e.Blocked != "" {
			all = append(all, fmt.Sprintf("port %d %s frame %d", e.Port, e.Blocked, e.Frame))
		} else {
			all = append(all, fmt.Sprintf("cookie %x mss %d frame %d", e.Cookie, e.MSS, e.Frame))
		}
	}
	return all
}

// A port that takes data again is no longer blocked; a cookie ends a block for want of one; a new MSS is kept.
func TestCacheUnblocks(t *testing.T) {
	x := newTalk(t)
	for _, step := range []struct {
		synOption     string
		taken         int
		synAckOptions string
		want          []string
	}{
		{"FO", 0, "", []string{"port 80 no-cookie frame 2"}},
		{"FO", 0, " <mss 1400,FO 01020304>", []string{"cookie 01020304 mss 1400 frame 4"}},
		{"FO 01020304", 0, " <mss 1300>", []string{"cookie 01020304 mss 1300 frame 4", "port 80 data-not-acked frame 6"}},
		{"FO 01020304", 5, "", []string{"cookie 01020304 mss 1300 frame 4"}},
	} {
		x.isn += 1000
		x.told(fmt.Sprintf("> S %d:%d(5) win 1000 <%s>", x.isn, x.isn+5, step.synOption))
		x.told(fmt.Sprintf("< S. 0:0(0) ack %d win 1000%s", x.isn+1+step.taken, step.synAckOptions))
		if got := x.cached(); !slices.Equal(got, step.want) {
			t.Errorf("%+v: got %q", step, got)
		}
	}
}

// The cache of a client is what the cache of all has of it.
func TestCacheOf(t *testing.T) {
	f := follow.New()
	for client := range uint32(3) {
		followOne(f, client)
	}
	all := f.Cache()
	if len(all) != 3 {
		t.Fatalf("got %d entries of three clients", len(all))
	}
	for _, want := range all {
		if got := f.CacheOf(want.Client); len(got) != 1 || !reflect.DeepEqual(got[0], want) {
			t.Errorf("got %+v of %v, want %+v", got, want.Client, want)
		}
	}
	if got := f.CacheOf(serverEnd.Addr()); got != nil {
		t.Errorf("got %+v of who was no client", got)
	}
}

// What a segment is told of the cache is what was there before it: the MSS of an earlier connection, also if no data goes with the SYN.
func TestCachedMSS(t *testing.T) {
	x := newTalk(t)
	for i, step := range []struct {
		segment string
		want    int
	}{
		{"> S 1000:1000(0) win 1000 <FO>", 0},
		{"< S. 0:0(0) ack 1001 win 1000 <mss 1400,FO 01020304>", 0},
		{"> S 2000:2005(5) win 1000 <FO 01020304>", 1400},
		{"< S. 0:0(0) ack 2006 win 1000 <mss 1300>", 1400},
		{"> S 3000:3000(0) win 1000", 1300},
		{"< S. 0:0(0) ack 3001 win 1000 <mss 9000,FO 05060708>", 1300}, // unasked: the cookie is not kept, the MSS is
		{"> S 4000:4005(5) win 1000 <FO 01020304>", 9000},
	} {
		from, to := clientAddr, serverAddr
		if step.segment[0] == '<' {
			from, to = to, from
		}
		if got := x.say(from, to, step.segment[2:]).Facts.CachedMSS; got != step.want {
			t.Errorf("segment %d: got an MSS of %d before it, want %d", i+1, got, step.want)
		}
	}
	if got := x.say("192.0.2.99:1", serverAddr, "S 1:1(0) win 1000 <FO>").Facts.CachedMSS; got != 0 {
		t.Errorf("another client has an MSS of %d in its cache", got)
	}
}
