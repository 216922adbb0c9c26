package story

import (
	"net/netip"
	"reflect"
	"testing"
	"time"

	"tfocraft/wire"
	"tfocraft/wire/bilingual"
	"tfocraft/wire/follow"
)

func TestObserved(t *testing.T) {
	client, server := netip.MustParseAddrPort("192.0.2.1:40000"), netip.MustParseAddrPort("192.0.2.2:80")
	follower, at := follow.New(), time.Unix(1, 0)
	for _, test := range []struct {
		text, payload  string
		fromServer     bool
		label          bilingual.Text
		cookie         int
		client, server string
	}{
		{"S 0:0(0) win 9 <FO>", "", false, bilingual.T("SYN, cookie request", "SYN，请求 Cookie"), 0, "SYN-SENT", "LISTEN"},
		{"S. 0:0(0) ack 1 win 9 <FO 01020304>", "", true, bilingual.T("SYN-ACK, cookie", "SYN-ACK，Cookie"), 4, "ESTABLISHED", "SYN-RECEIVED"},
		{"P. 1:6(5) ack 1 win 9", "hello", false, bilingual.T("ACK, 5 bytes", "ACK，5 字节"), 0, "ESTABLISHED", "ESTABLISHED"},
		{"F. 1:2(1) ack 6 win 9", "x", true, bilingual.T("FIN, 1 byte", "FIN，1 字节"), 0, "CLOSE-WAIT", "FIN-WAIT-1"},
		{"R. 6:6(0) ack 3 win 0", "", false, bilingual.T("RST", "RST"), 0, "CLOSED", "CLOSED"},
	} {
		s, err := wire.ParseText(test.text)
		if err != nil {
			t.Fatal(err)
		}
		s.Segment.Payload = []byte(test.payload)
		p := wire.NewPacket(client, server, s.Segment)
		if test.fromServer {
			p = wire.NewPacket(server, client, s.Segment)
		}
		line := follower.Frame(at, &p)
		f := Observed(&line, &p.TCP)
		if f.Label != test.label || f.Cookie != test.cookie || f.Data != len(test.payload) || f.Connection != 1 || f.Reason.IsZero() {
			t.Errorf("%s: got %+v", test.text, f)
		}
		if f.Client.State != test.client || f.Server.State != test.server {
			t.Errorf("%s: client %s, server %s", test.text, f.Client.State, f.Server.State)
		}
		at = at.Add(time.Millisecond)
	}
	c := follower.Connections()[0]
	got := Became(&c)
	if got.RequestTime != 2*time.Millisecond || got.ResponseTime != 3*time.Millisecond || got.RequestRoundTrips != 1.5 || got.Client != client.String() {
		t.Errorf("got %+v", got)
	}
	cache := CacheOf(client.Addr(), follower.Cache())
	if want := []CacheEntry{{Server: "192.0.2.2", Cookie: "01020304", Frame: 2}}; !reflect.DeepEqual(cache, want) {
		t.Errorf("got %+v, want %+v", cache, want)
	}
	if others := CacheOf(server.Addr(), follower.Cache()); others != nil {
		t.Errorf("the server has %+v", others)
	}
}
