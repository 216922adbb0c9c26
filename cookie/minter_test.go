package cookie

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/dchest/siphash"
)

// A vector is one line of testdata/vectors.txt.
type vector struct {
	scheme         Scheme
	key            Key
	client, server netip.Addr
	want           Cookie
}

func loadVectors(t testing.TB) []vector {
	t.Helper()
	f, err := os.Open("testdata/vectors.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var vectors []vector
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if line := lines.Text(); line != "" && !strings.HasPrefix(line, "#") {
			vectors = append(vectors, parseVector(t, line))
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	seen := make(map[Scheme]int)
	for _, v := range vectors {
		seen[v.scheme]++
	}
	for _, s := range Schemes() {
		if seen[s] == 0 {
			t.Fatalf("testdata/vectors.txt has no vector of %s", s)
		}
	}
	return vectors
}

func parseVector(t testing.TB, line string) vector {
	t.Helper()
	fields := strings.Fields(line)
	if len(fields) != 5 {
		t.Fatalf("vector %q: got %d fields, want 5", line, len(fields))
	}
	scheme, err := ParseScheme(fields[0])
	if err != nil {
		t.Fatal(err)
	}
	v := vector{scheme: scheme, key: mustKey(t, fields[1]), client: netip.MustParseAddr(fields[2]), want: mustCookie(t, fields[4])}
	if fields[3] != "-" {
		v.server = netip.MustParseAddr(fields[3])
	}
	return v
}

// T-30: the example of RFC 7413, and the schemes of others.
func TestVectors(t *testing.T) {
	for _, v := range loadVectors(t) {
		m := v.scheme.Minter(v.key)
		if got := m.Mint(v.client, v.server); got != v.want {
			t.Errorf("%s key %s, %v -> %v: got %s, want %s", v.scheme, v.key.Hex(), v.client, v.server, got.Hex(), v.want.Hex())
		}
		// The key schedule is shared by all cookies of a minter: a second one must not depend on the first.
		if got := m.Mint(v.client, v.server); got != v.want {
			t.Errorf("%s key %s, %v -> %v, second time: got %s, want %s", v.scheme, v.key.Hex(), v.client, v.server, got.Hex(), v.want.Hex())
		}
	}
}

// T-25: an IPv4-mapped address is an IPv4 address.
func TestVectorsMapped(t *testing.T) {
	for _, v := range loadVectors(t) {
		if !v.client.Is4() {
			continue
		}
		client, server := netip.AddrFrom16(v.client.As16()), v.server
		if server.IsValid() {
			server = netip.AddrFrom16(server.As16())
		}
		if got := v.scheme.Minter(v.key).Mint(client, server); got != v.want {
			t.Errorf("%s, %v -> %v: got %s, want %s", v.scheme, client, server, got.Hex(), v.want.Hex())
		}
	}
}

func TestVectorsIgnoreZone(t *testing.T) {
	for _, v := range loadVectors(t) {
		if v.client.Is4() {
			continue
		}
		if got := v.scheme.Minter(v.key).Mint(v.client.WithZone("eth0"), v.server); got != v.want {
			t.Errorf("%s, %v%%eth0 -> %v: got %s, want %s", v.scheme, v.client, v.server, got.Hex(), v.want.Hex())
		}
	}
}

// The primitives give what their own specifications print, so a wrong vector and a wrong primitive can be told apart.
func TestPrimitives(t *testing.T) {
	// FIPS 197, Appendix C.1. As an IPv6 address, the plain text is the block of rfc7413.
	plain := netip.MustParseAddr("11:2233:4455:6677:8899:aabb:ccdd:eeff")
	got := RFC7413.Minter(mustKey(t, "000102030405060708090a0b0c0d0e0f")).Mint(plain, netip.Addr{})
	if want := "69c4e0d86a7b0430"; got.Hex() != want {
		t.Errorf("AES-128: got %s, want %s", got.Hex(), want)
	}
	// SipHash: a fast short-input PRF, Appendix A.
	message, _ := hex.DecodeString("000102030405060708090a0b0c0d0e")
	k0, k1 := sipKey(mustKey(t, "000102030405060708090a0b0c0d0e0f"))
	if got, want := siphash.Hash(k0, k1, message), uint64(0xa129ca6149be45e5); got != want {
		t.Errorf("SipHash-2-4: got %#x, want %#x", got, want)
	}
}

func TestFreeBSDPSK(t *testing.T) {
	psk := mustKey(t, "a0bf63f7-ed803d81-cd641d30-cebc4a90")
	got := FreeBSDPSK(psk, mustCookie(t, "0f383ffa9a42e5fe"))
	if want := "fcf728f2e4fe5dc2"; got.Hex() != want {
		t.Errorf("FreeBSDPSK: got %s, want %s", got.Hex(), want)
	}
}

func TestMintWithoutAddresses(t *testing.T) {
	v4, v6 := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")
	for _, s := range Schemes() {
		needsServer := s == Linux || s == LinuxAES
		for _, tt := range []struct {
			client, server netip.Addr
			none           bool
		}{
			{netip.Addr{}, v4, true},
			{netip.Addr{}, netip.Addr{}, true},
			{v4, netip.Addr{}, needsServer},
			{v4, v6, needsServer},
			{v6, v4, needsServer},
			{v6, v6, false},
		} {
			if got := s.Minter(Key{}).Mint(tt.client, tt.server); got.IsZero() != tt.none {
				t.Errorf("%s, %v -> %v: got %q, want none %v", s, tt.client, tt.server, got.Hex(), tt.none)
			}
		}
	}
}

// T-24: the client decides the cookie, and so does the key.
func TestMintDepends(t *testing.T) {
	client, other, server := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2"), netip.MustParseAddr("192.0.2.9")
	for _, s := range Schemes() {
		c := s.Minter(Key{}).Mint(client, server)
		if d := s.Minter(Key{}).Mint(other, server); d == c {
			t.Errorf("%s: another client got the same cookie %s", s, c.Hex())
		}
		if d := s.Minter(Key{15: 1}).Mint(client, server); d == c {
			t.Errorf("%s: another key made the same cookie %s", s, c.Hex())
		}
	}
}

// Append adds what Mint returns, whatever room there is.
func TestMinterAppend(t *testing.T) {
	addrs := []netip.Addr{{}, testClient, testServer, netip.MustParseAddr("::ffff:192.0.2.1"), netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("fe80::1%eth0")}
	for _, s := range Schemes() {
		m := s.Minter(numberedKey(1))
		for _, client := range addrs {
			for _, server := range addrs {
				for _, room := range []int{0, 8, 16, 40} {
					dst := append(make([]byte, 0, 2+room), 0xaa, 0xbb)
					want := m.Mint(client, server).Append([]byte{0xaa, 0xbb})
					if got := m.Append(dst, client, server); !bytes.Equal(got, want) {
						t.Errorf("%s, %v -> %v, room %d: got %x, want %x", s, client, server, room, got, want)
					}
				}
			}
		}
	}
}

func BenchmarkMinterAppend(b *testing.B) {
	for _, s := range Schemes() {
		b.Run(s.Name(), func(b *testing.B) {
			b.ReportAllocs()
			m, buf := s.Minter(Key{1}), make([]byte, 16)
			for b.Loop() {
				m.Append(buf[:0], testClient, testServer)
			}
		})
	}
}

func BenchmarkMint(b *testing.B) {
	client, server := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	for _, s := range Schemes() {
		b.Run(s.Name(), func(b *testing.B) {
			b.ReportAllocs()
			m := s.Minter(Key{1})
			for b.Loop() {
				m.Mint(client, server)
			}
		})
	}
}
