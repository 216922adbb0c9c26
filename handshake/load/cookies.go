package load

import (
	"encoding/binary"
	"net/netip"

	"tfocraft/cookie"
)

// Cookies say which cookie a client shows.
type Cookies interface {
	// AppendCookie adds the cookie that the client shows in exchange n to dst;
	// nothing if it has none.
	AppendCookie(dst []byte, n uint64, client int, addr netip.Addr) []byte
	// Lengths returns the length of the shortest and the longest cookie in bytes.
	Lengths() (shortest, longest int)
}

// A Jar holds cookies that were learnt from the server, one for each client. It
// belongs to one engine at a time.
type Jar struct {
	cookies [][cookie.MaxLen]byte
	lengths []uint8
	n       int
}

var (
	_ Cookies = (*Jar)(nil)
	_ Cookies = Minted{}
	_ Cookies = Random{}
)

// NewJar returns an empty jar for clients.
func NewJar(clients int) *Jar {
	return &Jar{cookies: make([][cookie.MaxLen]byte, clients), lengths: make([]uint8, clients)}
}

// Clone returns a jar with the same cookies.
func (j *Jar) Clone() *Jar {
	return &Jar{cookies: append([][cookie.MaxLen]byte(nil), j.cookies...), lengths: append([]uint8(nil), j.lengths...), n: j.n}
}

// Len returns how many clients have a cookie.
func (j *Jar) Len() int { return j.n }

// AppendCookie implements [Cookies].
func (j *Jar) AppendCookie(dst []byte, _ uint64, client int, _ netip.Addr) []byte {
	return append(dst, j.cookies[client][:j.lengths[client]]...)
}

// Lengths implements [Cookies]. Those of an empty jar are what cookies usually have.
func (j *Jar) Lengths() (shortest, longest int) {
	if j.n == 0 {
		return mintedLen, mintedLen
	}
	shortest = cookie.MaxLen
	for _, n := range j.lengths {
		if n > 0 {
			shortest, longest = min(shortest, int(n)), max(longest, int(n))
		}
	}
	return shortest, longest
}

// learn keeps a cookie of a legal length.
func (j *Jar) learn(client int, b []byte) {
	if j.lengths[client] == 0 {
		j.n++
	}
	j.lengths[client] = uint8(copy(j.cookies[client][:], b))
}

// Minted are cookies that are computed as the server does.
type Minted struct {
	Minter *cookie.Minter
	Server netip.Addr
}

// AppendCookie implements [Cookies].
func (m Minted) AppendCookie(dst []byte, _ uint64, _ int, addr netip.Addr) []byte {
	return m.Minter.Append(dst, addr, m.Server)
}

// Lengths implements [Cookies].
func (m Minted) Lengths() (shortest, longest int) { return mintedLen, mintedLen }

// mintedLen is the length of the cookies of every scheme.
const mintedLen = 8

// Random are cookies that no server has given out: every exchange has one of its
// own.
type Random struct {
	Seed uint64
}

// AppendCookie implements [Cookies].
func (r Random) AppendCookie(dst []byte, n uint64, _ int, _ netip.Addr) []byte {
	return binary.BigEndian.AppendUint64(dst, mix(r.Seed, n, saltCookie))
}

// Lengths implements [Cookies].
func (r Random) Lengths() (shortest, longest int) { return mintedLen, mintedLen }

// Fixed is the same cookie for everybody, such as one in the text of the options.
type Fixed []byte

// AppendCookie implements [Cookies].
func (f Fixed) AppendCookie(dst []byte, _ uint64, _ int, _ netip.Addr) []byte {
	return append(dst, f...)
}

// Lengths implements [Cookies].
func (f Fixed) Lengths() (shortest, longest int) { return len(f), len(f) }
