package load

import (
	"strings"
	"testing"

	"tfocraft/cookie"
	"tfocraft/wire"
)

func TestMutations(t *testing.T) {
	const cookie = "0102030405060708"
	for name, want := range map[string]string{
		"none":               "mss 1460,FO " + cookie + ",nop,nop",
		"cookie-0":           "mss 1460,FO,nop,nop",
		"cookie-1":           "mss 1460,kind 34 01,nop",
		"cookie-5":           "mss 1460,kind 34 0102030405,nop",
		"cookie-16":          "mss 1460,FO " + cookie + "08090a0b0c0d0e0f,nop,nop",
		"cookie-17":          "mss 1460,kind 34 " + cookie + "08090a0b0c0d0e0f10,nop",
		"cookie-bit":         "mss 1460,FO 0102030405060709,nop,nop",
		"cookie-zero":        "mss 1460,FO 0000000000000000,nop,nop",
		"no-cookie":          "mss 1460",
		"twice":              "mss 1460,FO " + cookie + ",FO fefdfcfbfaf9f8f7",
		"twice-first-wrong":  "mss 1460,FO fefdfcfbfaf9f8f7,FO " + cookie,
		"truncated":          "mss 1460,raw 2228" + cookie + "0101",
		"length-0":           "mss 1460,raw 2200" + cookie + "0101",
		"length-1":           "mss 1460,raw 2201" + cookie + "0101",
		"unpadded":           "mss 1460,raw 220a010203040506",
		"first":              "FO " + cookie + ",mss 1460,nop,nop",
		"experimental":       "mss 1460,FOEXP " + cookie,
		"experimental-other": "mss 1460,kind 254 f988" + cookie,
		"bad-checksum":       "mss 1460,FO " + cookie + ",nop,nop",
		"fin":                "mss 1460,FO " + cookie + ",nop,nop",
		"reserved":           "mss 1460,FO " + cookie + ",nop,nop",
		"ack-number":         "mss 1460,FO " + cookie + ",nop,nop",
	} {
		c := small(Syn)
		var err error
		if c.Mutations, err = ParseMutations(name); err != nil {
			t.Error(err)
			continue
		}
		p, err := wire.ParseFrame(syns(t, c)[0])
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := normal(p.TCP.Options.String()); got != normal(want) {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
		if got, want := p.ChecksumsOK(), name != "bad-checksum"; got != want {
			t.Errorf("%s: the checksums are right: %v", name, got)
		}
		if got := len(p.TCP.Payload); got != 13 && name != "unpadded" {
			t.Errorf("%s: %d bytes of data", name, got)
		}
	}
	for _, m := range Mutations() {
		name := strings.ReplaceAll(m.Name, "N", "4")
		if _, err := ParseMutations(name); err != nil {
			t.Errorf("%s is listed: %v", name, err)
		}
	}
}

// normal writes cookies of illegal lengths in one way.
func normal(options string) string { return strings.ReplaceAll(options, "kind 34", "FO") }

// Mutations are taken in turn.
func TestMutationsInTurn(t *testing.T) {
	c := small(Syn)
	c.Count = 4
	c.Mutations, _ = ParseMutations("none,no-cookie")
	for i, frame := range syns(t, c) {
		p, _ := wire.ParseFrame(frame)
		if got, want := p.TCP.Options.FastOpen().Present, i%2 == 0; got != want {
			t.Errorf("SYN %d has the option: %v", i, got)
		}
	}
}

// The cookie of another client is the one that belongs to that client.
func TestMutationOther(t *testing.T) {
	c := many()
	ring := cookie.NewKeyring(cookie.RFC7413, cookie.Key{1})
	c.Cookies = Minted{ring.Scheme().Minter(ring.Keys()[0]), testServer.Addr()}
	c.Mutations, _ = ParseMutations("cookie-other")
	for _, frame := range syns(t, c)[:300] {
		p, _ := wire.ParseFrame(frame)
		src, dst := p.Addrs()
		got := p.TCP.Options.FastOpen().Cookie
		if verdict, _ := ring.Check(got, src, dst); verdict.Valid() {
			t.Fatal("the cookie is the client's own")
		}
		i, _ := c.Clients.Index(src)
		if verdict, _ := ring.Check(got, c.Clients.At((i+1)%c.Clients.Len()), dst); !verdict.Valid() {
			t.Fatal("the cookie is nobody's")
		}
	}
}
