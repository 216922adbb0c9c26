package load

import (
	"testing"

	"tfocraft/cookie"
	"tfocraft/wire"
)

// Clients that the server has given no cookie take no part.
func TestSomeCookies(t *testing.T) {
	c := many()
	jar := NewJar(c.Clients.Len())
	for i := 3; i < c.Clients.Len(); i += 50 {
		jar.learn(i, []byte{byte(i), 1, 2, 3})
	}
	c.Cookies = jar
	for _, frame := range syns(t, c) {
		p, err := wire.ParseFrame(frame)
		if err != nil {
			t.Fatal(err)
		}
		i, _ := c.Clients.Index(p.IPv4.Src)
		if got := p.TCP.Options.FastOpen().Cookie; i%50 != 3 || len(got) != 4 || got[0] != byte(i) {
			t.Fatalf("client %d shows %x", i, got)
		}
	}
}

// Every client shows the cookie of its own address.
func TestMintedCookies(t *testing.T) {
	c := many()
	ring := cookie.NewKeyring(cookie.Linux, cookie.Key{1, 2, 3})
	c.Cookies = Minted{ring.Scheme().Minter(ring.Keys()[0]), testServer.Addr()}
	for _, frame := range syns(t, c) {
		p, err := wire.ParseFrame(frame)
		if err != nil || !p.ChecksumsOK() {
			t.Fatalf("%v: %v", &p, err)
		}
		src, dst := p.Addrs()
		if verdict, _ := ring.Check(p.TCP.Options.FastOpen().Cookie, src, dst); !verdict.Valid() {
			t.Fatalf("%v: the cookie is %v", &p, verdict)
		}
	}
}
