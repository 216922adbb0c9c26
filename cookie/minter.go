package cookie

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"github.com/dchest/siphash"
)

// mintedLen is the length of the cookies that every scheme makes: 64 bits.
const mintedLen = 8

// A Minter makes cookies by one scheme with one key, whose schedule it computes once. It is safe for concurrent use and
// allocates nothing per cookie.
type Minter struct {
	scheme Scheme
	aes    *aes128    // AES schemes
	direct *roundKeys // of these that of aes, where the client is all that is encrypted and no cipher is in between
	k0, k1 uint64     // SipHash schemes
}

// Minter returns a minter of s with the given key. It panics if s is none of the schemes of this package.
func (s Scheme) Minter(key Key) *Minter {
	m := &Minter{scheme: s}
	switch s {
	case RFC7413, LinuxAES:
		m.aes = newAES(key)
		if s == RFC7413 && m.aes.cipher == nil {
			m.direct = &m.aes.keys
		}
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
	var c Cookie
	c.length = uint8(len(m.Append(c.bytes[:0], client, server)))
	return c
}

// Append appends the cookie that [Minter.Mint] returns to dst.
func (m *Minter) Append(dst []byte, client, server netip.Addr) []byte {
	switch {
	case m.direct != nil && client.Is4(): // as most are
		a := client.As4()
		b := block{low: uint64(binary.LittleEndian.Uint32(a[:]))}
		return binary.LittleEndian.AppendUint64(dst, encryptAES(m.direct, b).low)
	case m.aes == nil:
		return m.appendSip(dst, client, server)
	default:
		return m.appendAES(dst, client, server)
	}
}

// possible reports whether there is a cookie for these addresses, which are not mapped ones.
func (m *Minter) possible(client, server netip.Addr) bool {
	if m.scheme == RFC7413 || m.scheme == FreeBSD {
		return client.IsValid()
	}
	return client.IsValid() && server.IsValid() && client.Is4() == server.Is4()
}

// appendAES is Append for the AES schemes.
func (m *Minter) appendAES(dst []byte, client, server netip.Addr) []byte {
	b, ok := blockOf(client), m.scheme == RFC7413 && client.IsValid() && !client.Is4In6()
	if !ok {
		if b, ok = m.blockFor(client.Unmap(), server.Unmap()); !ok {
			return dst
		}
	}
	return binary.LittleEndian.AppendUint64(dst, m.aes.encrypt(b).low)
}

// blockFor makes the block that a cookie is encrypted from; it fails if there is no cookie.
func (m *Minter) blockFor(client, server netip.Addr) (b block, ok bool) {
	if !m.possible(client, server) {
		return b, false
	}
	b = blockOf(client)
	if m.scheme == RFC7413 {
		return b, true // Section 4.1.2: the address followed by zeros
	}
	to := blockOf(server)
	if server.Is4() {
		b.low |= to.low << 32
		return b, true
	}
	b = m.aes.encrypt(b)
	return block{b.low ^ to.low, b.high ^ to.high}, true
}

// blockOf returns an address followed by zeros.
func blockOf(a netip.Addr) block {
	if a.Is4() {
		b := a.As4()
		return block{low: uint64(binary.LittleEndian.Uint32(b[:]))}
	}
	b := a.As16()
	return block{binary.LittleEndian.Uint64(b[:8]), binary.LittleEndian.Uint64(b[8:])}
}

// appendSip is Append for the SipHash schemes.
func (m *Minter) appendSip(dst []byte, client, server netip.Addr) []byte {
	client, server = client.Unmap(), server.Unmap()
	if !m.possible(client, server) {
		return dst
	}
	var room [32]byte
	message := appendAddr(room[:0], client)
	if m.scheme == Linux {
		message = appendAddr(message, server)
	}
	return binary.LittleEndian.AppendUint64(dst, siphash.Hash(m.k0, m.k1, message))
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

func sipKey(k Key) (k0, k1 uint64) {
	return binary.LittleEndian.Uint64(k[:8]), binary.LittleEndian.Uint64(k[8:])
}

func sipCookie(k0, k1 uint64, message []byte) Cookie {
	c := Cookie{length: mintedLen}
	binary.LittleEndian.PutUint64(c.bytes[:], siphash.Hash(k0, k1, message))
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
