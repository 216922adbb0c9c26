package cookie

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"fmt"
	"net/netip"
	"sync"

	"github.com/dchest/siphash"
)

// mintedLen is the length of the cookies that every scheme makes: 64 bits.
const mintedLen = 8

// A Minter makes cookies by one scheme with one key, whose schedule it computes once. It is safe for concurrent use and
// allocates nothing per cookie.
type Minter struct {
	scheme Scheme
	block  cipher.Block // AES schemes
	k0, k1 uint64       // SipHash schemes
	// Blocks are handed to the cipher through an interface, so they cannot live on the stack.
	blocks sync.Pool
}

// Minter returns a minter of s with the given key. It panics if s is none of the schemes of this package.
func (s Scheme) Minter(key Key) *Minter {
	m := &Minter{scheme: s}
	switch s {
	case RFC7413, LinuxAES:
		block, err := aes.NewCipher(key[:])
		if err != nil {
			panic(fmt.Sprintf("cookie: AES refuses a key of %d bytes: %v", KeyLen, err))
		}
		m.block = block
		m.blocks.New = func() any { return new([aes.BlockSize]byte) }
	case Linux, FreeBSD:
		m.k0, m.k1 = sipKey(key)
	default:
		panic("cookie: no such scheme: " + s.Name())
	}
	return m
}

// Scheme returns the scheme of m.
func (m *Minter) Scheme() Scheme { return m.scheme }

// Mint returns the cookie of the client at the server, each an address of the SYN. IPv4-mapped addresses count as IPv4:
// on the wire they are (RFC 7413 leaves it open; Linux does the same). Zones and ports play no part. Schemes over the
// client alone ignore the server. If an address that the scheme needs is invalid, or client and server are of different
// families, there is no cookie: the result is the zero Cookie.
func (m *Minter) Mint(client, server netip.Addr) Cookie {
	client, server = client.Unmap(), server.Unmap()
	if !client.IsValid() {
		return Cookie{}
	}
	switch m.scheme {
	case RFC7413:
		return m.mintAES(client)
	case FreeBSD:
		return m.mintSip(client)
	}
	if !server.IsValid() || client.Is4() != server.Is4() {
		return Cookie{}
	}
	if m.scheme == LinuxAES {
		return m.mintAESPair(client, server)
	}
	return m.mintSipPair(client, server)
}

// Append is [Minter.Mint] that adds the bytes of the cookie to dst, for senders of many. An AES scheme works in the room
// behind dst if there are 16 bytes of it, which costs less than memory of its own.
func (m *Minter) Append(dst []byte, client, server netip.Addr) []byte {
	return m.Mint(client, server).Append(dst)
}

// mintAES is RFC 7413, Section 4.1.2: one block, the address followed by zeros, cut to 64 bits.
func (m *Minter) mintAES(client netip.Addr) Cookie {
	b := m.zeroBlock()
	defer m.blocks.Put(b)
	appendAddr(b[:0], client)
	m.block.Encrypt(b[:], b[:])
	return cut(b)
}

func (m *Minter) mintAESPair(client, server netip.Addr) Cookie {
	b := m.zeroBlock()
	defer m.blocks.Put(b)
	block := appendAddr(b[:0], client)
	if client.Is4() {
		appendAddr(block, server)
	} else {
		m.block.Encrypt(b[:], b[:])
		for i, v := range server.As16() {
			b[i] ^= v
		}
	}
	m.block.Encrypt(b[:], b[:])
	return cut(b)
}

func (m *Minter) mintSip(client netip.Addr) Cookie {
	var message [16]byte
	return sipCookie(m.k0, m.k1, appendAddr(message[:0], client))
}

func (m *Minter) mintSipPair(client, server netip.Addr) Cookie {
	var message [32]byte
	return sipCookie(m.k0, m.k1, appendAddr(appendAddr(message[:0], client), server))
}

// FreeBSDPSK returns what a FreeBSD server in pre-shared key mode wants to be shown in place of the cookie c that it
// handed out: SipHash-2-4(psk, c), least significant byte first.
func FreeBSDPSK(psk Key, c Cookie) Cookie {
	k0, k1 := sipKey(psk)
	return sipCookie(k0, k1, c.bytes[:c.length])
}

// String returns the scheme and hides the key.
func (m *Minter) String() string { return fmt.Sprintf("minter(%s)", m.scheme) }

// Format implements [fmt.Formatter]: every verb prints what String returns.
func (m *Minter) Format(f fmt.State, _ rune) { writeRedacted(f, m.String()) }

func (m *Minter) zeroBlock() *[aes.BlockSize]byte {
	b := m.blocks.Get().(*[aes.BlockSize]byte)
	clear(b[:])
	return b
}

func sipKey(k Key) (k0, k1 uint64) {
	return binary.LittleEndian.Uint64(k[:8]), binary.LittleEndian.Uint64(k[8:])
}

func sipCookie(k0, k1 uint64, message []byte) Cookie {
	c := Cookie{length: mintedLen}
	binary.LittleEndian.PutUint64(c.bytes[:], siphash.Hash(k0, k1, message))
	return c
}

func cut(b *[aes.BlockSize]byte) Cookie {
	c := Cookie{length: mintedLen}
	copy(c.bytes[:mintedLen], b[:])
	return c
}

// appendAddr appends the 4 or 16 bytes of a, which is valid, in network order.
func appendAddr(dst []byte, a netip.Addr) []byte {
	if a.Is4() {
		b := a.As4()
		return append(dst, b[:]...)
	}
	b := a.As16()
	return append(dst, b[:]...)
}
