package cookie

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"sync"
	"testing"
)

var (
	testClient = netip.MustParseAddr("192.0.2.1")
	testServer = netip.MustParseAddr("192.0.2.2")
)

// numberedKey returns a key that only n decides.
func numberedKey(n int) Key {
	var k Key
	binary.BigEndian.PutUint64(k[:], uint64(n))
	return k
}

func cookieOf(s Scheme, k Key) []byte {
	return s.Minter(k).Mint(testClient, testServer).Append(nil)
}

func wantVerdict(t *testing.T, r *Keyring, what string, got []byte, want Verdict) {
	t.Helper()
	verdict, fresh := r.Check(got, testClient, testServer)
	if verdict != want {
		t.Errorf("%s: got %v, want %v", what, verdict, want)
	}
	// T-28: the fresh cookie comes with every verdict.
	if mint := r.Mint(testClient, testServer); fresh != mint || fresh.IsZero() {
		t.Errorf("%s: got fresh cookie %s, want %s", what, fresh.Hex(), mint.Hex())
	}
}

// T-24, T-27, T-28, T-29, L-04.
func TestKeyringCheck(t *testing.T) {
	for _, s := range Schemes() {
		t.Run(s.Name(), func(t *testing.T) {
			r := NewKeyring(s, numberedKey(1), numberedKey(2), numberedKey(3))
			good := cookieOf(s, numberedKey(1))
			wantVerdict(t, r, "minting key", good, Current)
			wantVerdict(t, r, "second key", cookieOf(s, numberedKey(2)), Older)
			wantVerdict(t, r, "third key", cookieOf(s, numberedKey(3)), Older)
			wantVerdict(t, r, "unknown key", cookieOf(s, numberedKey(4)), Invalid)
			wantVerdict(t, r, "no bytes", nil, Invalid)
			wantVerdict(t, r, "4-byte prefix", good[:4], Invalid)
			wantVerdict(t, r, "7-byte prefix", good[:7], Invalid)
			wantVerdict(t, r, "8 zero bytes more", append(slices.Clone(good), make([]byte, 8)...), Invalid)
			wantVerdict(t, r, "zeros", make([]byte, 8), Invalid)
			wantVerdict(t, r, "longer than any option", make([]byte, 100), Invalid)
			for bit := range 64 {
				bad := slices.Clone(good)
				bad[bit/8] ^= 1 << (bit % 8)
				wantVerdict(t, r, "one bit off", bad, Invalid)
			}
			if v, _ := r.Check(good, testServer, testServer); v != Invalid {
				t.Errorf("cookie of another client: got %v, want invalid", v)
			}
		})
	}
}

func TestKeyringCheckWithoutCookie(t *testing.T) {
	r := NewKeyring(Linux, numberedKey(1))
	for _, got := range [][]byte{nil, {}, make([]byte, 8)} {
		if v, fresh := r.Check(got, netip.Addr{}, testServer); v != Invalid || !fresh.IsZero() {
			t.Errorf("Check(%x) without a client: got %v and %q, want invalid and none", got, v, fresh.Hex())
		}
	}
}

// T-31: servers that share a key and a scheme take each other's cookies, others do not.
func TestKeyringShared(t *testing.T) {
	a, b, c := NewKeyring(Linux, numberedKey(1)), NewKeyring(Linux, numberedKey(1)), NewKeyring(Linux, numberedKey(2))
	made := a.Mint(testClient, testServer).Append(nil)
	wantVerdict(t, b, "same key", made, Current)
	wantVerdict(t, c, "other key", made, Invalid)
	wantVerdict(t, NewKeyring(FreeBSD, numberedKey(1)), "other scheme", made, Invalid)
}

// T-26, L-05: a cookie lives for its own generation and the next.
func TestKeyringRotate(t *testing.T) {
	r := NewKeyring(Linux, numberedKey(0))
	for g := 1; g < 6; g++ {
		r.Rotate(numberedKey(g))
		wantVerdict(t, r, "this generation", cookieOf(Linux, numberedKey(g)), Current)
		wantVerdict(t, r, "the last", cookieOf(Linux, numberedKey(g-1)), Older)
		if g >= 2 {
			wantVerdict(t, r, "the one before", cookieOf(Linux, numberedKey(g-2)), Invalid)
		}
		if got, want := r.Keys(), []Key{numberedKey(g), numberedKey(g - 1)}; !slices.Equal(got, want) {
			t.Errorf("keys at %d: got %s, want %s", g, FormatKeys(got), FormatKeys(want))
		}
	}
}

func TestKeyringBounded(t *testing.T) {
	var many []Key
	for n := range 3 * MaxKeys {
		many = append(many, numberedKey(n))
	}
	r := NewKeyring(Linux, many[0], many[1:]...)
	if got, want := r.Keys(), many[:MaxKeys]; !slices.Equal(got, want) {
		t.Errorf("keys: got %d, want the first %d", len(got), len(want))
	}
	r.Rotate(numberedKey(1000))
	if got, want := r.Keys(), append([]Key{numberedKey(1000)}, many[:MaxKeys-1]...); !slices.Equal(got, want) {
		t.Errorf("keys after Rotate: got %d, want %d", len(got), len(want))
	}
}

func TestKeyringConcurrent(t *testing.T) {
	const generations = 200
	r := NewKeyring(RFC7413, numberedKey(0))
	var wg sync.WaitGroup
	done := make(chan struct{})
	for range 3 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				c := r.Mint(testClient, testServer)
				if _, fresh := r.Check(c.Append(nil), testClient, testServer); fresh.Len() != mintedLen {
					t.Errorf("fresh cookie: got %d bytes, want %d", fresh.Len(), mintedLen)
				}
			}
		})
	}
	for g := range generations {
		r.Rotate(numberedKey(g + 1))
	}
	close(done)
	wg.Wait()
	wantVerdict(t, r, "last key", cookieOf(RFC7413, numberedKey(generations)), Current)
}

func TestVerdictString(t *testing.T) {
	for v, want := range map[Verdict]string{Invalid: "invalid", Current: "current", Older: "older", 9: "verdict(9)"} {
		if got := v.String(); got != want {
			t.Errorf("String: got %q, want %q", got, want)
		}
		if got, want := v.Valid(), v == Current || v == Older; got != want {
			t.Errorf("%v.Valid: got %v, want %v", v, got, want)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	for _, s := range Schemes() {
		r := NewKeyring(s, numberedKey(1), numberedKey(2))
		for name, got := range map[string][]byte{"current": cookieOf(s, numberedKey(1)), "invalid": make([]byte, 8)} {
			b.Run(s.Name()+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					r.Check(got, testClient, testServer)
				}
			})
		}
	}
}
