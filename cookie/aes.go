package cookie

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"fmt"
	"sync"
)

// A block is 16 bytes as two words, least significant byte first.
type block struct{ low, high uint64 }

// roundKeys are what AES-128 makes out of a key (FIPS 197, Section 5.2).
type roundKeys [11 * aes.BlockSize]byte

// aes128 encrypts single blocks. It is safe for concurrent use.
type aes128 struct {
	keys roundKeys // where hasAES
	// Elsewhere blocks are handed to the cipher through an interface, so they cannot live on the stack.
	cipher cipher.Block
	blocks sync.Pool
}

func newAES(key Key) *aes128 { return makeAES(key, hasAES) }

func makeAES(key Key, native bool) *aes128 {
	a := new(aes128)
	if native {
		expandAES(&key, &a.keys)
		return a
	}
	c, err := aes.NewCipher(key[:])
	if err != nil {
		panic(fmt.Sprintf("cookie: AES refuses a key of %d bytes: %v", KeyLen, err))
	}
	a.cipher = c
	a.blocks.New = func() any { return new([aes.BlockSize]byte) }
	return a
}

func (a *aes128) encrypt(b block) block {
	if a.cipher == nil {
		return encryptAES(&a.keys, b)
	}
	buf := a.blocks.Get().(*[aes.BlockSize]byte)
	binary.LittleEndian.PutUint64(buf[:8], b.low)
	binary.LittleEndian.PutUint64(buf[8:], b.high)
	a.cipher.Encrypt(buf[:], buf[:])
	b = block{binary.LittleEndian.Uint64(buf[:8]), binary.LittleEndian.Uint64(buf[8:])}
	a.blocks.Put(buf)
	return b
}
