//go:build !race

package cookie

import "testing"

// The race detector makes sync.Pool drop blocks at random: these tests are for builds without it.

func TestMintAllocatesNothing(t *testing.T) {
	for _, v := range loadVectors(t) {
		m := v.scheme.Minter(v.key)
		if got := testing.AllocsPerRun(100, func() { m.Mint(v.client, v.server) }); got != 0 {
			t.Errorf("%s %v: got %v allocations a cookie, want 0", v.scheme, v.client, got)
		}
		buf := make([]byte, 0, 16)
		if got := testing.AllocsPerRun(100, func() { m.Append(buf, v.client, v.server) }); got != 0 {
			t.Errorf("%s %v: got %v allocations a cookie that is appended, want 0", v.scheme, v.client, got)
		}
	}
}

func TestKeyringAllocatesNothing(t *testing.T) {
	for _, s := range Schemes() {
		r := NewKeyring(s, numberedKey(1), numberedKey(2))
		for _, got := range [][]byte{nil, make([]byte, 8), cookieOf(s, numberedKey(1)), cookieOf(s, numberedKey(2))} {
			allocs := testing.AllocsPerRun(100, func() {
				r.Mint(testClient, testServer)
				r.Check(got, testClient, testServer)
			})
			if allocs != 0 {
				t.Errorf("%s, %d bytes: got %v allocations, want 0", s, len(got), allocs)
			}
		}
	}
}
