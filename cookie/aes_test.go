package cookie

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"testing"
)

// FIPS 197, Appendix B.
func TestAESVector(t *testing.T) {
	key := Key(unhex(t, "2b7e151628aed2a6abf7158809cf4f3c"))
	plain, want := toBlock(unhex(t, "3243f6a8885a308d313198a2e0370734")), toBlock(unhex(t, "3925841d02dc09fbdc118597196a0b32"))
	for _, native := range variants() {
		if got := makeAES(key, native).encrypt(plain); got != want {
			t.Errorf("native %v: got %x, want %x", native, got, want)
		}
	}
}

// What the processor does is what crypto/aes does.
func TestAESNative(t *testing.T) {
	if !hasAES {
		t.Skip("this processor has no AES")
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		var key Key
		binary.LittleEndian.PutUint64(key[:8], rng.Uint64())
		binary.LittleEndian.PutUint64(key[8:], rng.Uint64())
		b := block{rng.Uint64(), rng.Uint64()}
		if got, want := makeAES(key, true).encrypt(b), makeAES(key, false).encrypt(b); got != want {
			t.Fatalf("key %x, block %x: got %x, want %x", key[:], b, got, want)
		}
	}
}

// variants are the ways to encrypt that there are here.
func variants() []bool {
	if hasAES {
		return []bool{false, true}
	}
	return []bool{false}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func toBlock(b []byte) block {
	return block{binary.LittleEndian.Uint64(b[:8]), binary.LittleEndian.Uint64(b[8:])}
}
