package cookie

import (
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A Verdict is what a keyring makes of a cookie.
type Verdict uint8

const (
	// Invalid: no accepted key makes this cookie for these addresses. RFC 7413, Section 4.1.2: the server should answer
	// with the fresh cookie.
	Invalid Verdict = iota
	// Current: the minting key makes this cookie.
	Current
	// Older: an accepted older key makes this cookie. Its data is good; Linux sends the fresh cookie along.
	Older
)

// String returns invalid, current or older.
func (v Verdict) String() string {
	switch v {
	case Invalid:
		return "invalid"
	case Current:
		return "current"
	case Older:
		return "older"
	}
	return fmt.Sprintf("verdict(%d)", uint8(v))
}

// Valid reports whether data that came with the cookie may be taken: Current or Older.
func (v Verdict) Valid() bool { return v == Current || v == Older }

// A Keyring is the server's side of cookies: one key mints, and a bounded number of keys that it replaced are still
// accepted. It is safe for concurrent use; Mint and Check take no lock and allocate nothing.
type Keyring struct {
	scheme Scheme
	// keys is never empty and holds the minting key first, then older ones, newest first. What it points to does not
	// change.
	keys atomic.Pointer[[]ringKey]

	mu    sync.Mutex // guards what follows, and replacing keys
	keep  int
	every time.Duration
	due   time.Time
}

type ringKey struct {
	key    Key
	minter *Minter
	// generation numbers the minting keys in order, periods without a change of key included.
	generation int64
}

// NewKeyring returns a keyring that mints with primary and also accepts the cookies of the older keys, newest first, of
// which those past [MaxKeys]-1 are ignored. As many older keys as given, but at least one, stay accepted when Rotate
// replaces the primary; SetRotation changes that.
func NewKeyring(s Scheme, primary Key, older ...Key) *Keyring {
	older = older[:min(len(older), MaxKeys-1)]
	r := &Keyring{scheme: s, keep: max(1, len(older))}
	keys := []ringKey{{key: primary, minter: s.Minter(primary)}}
	for i, k := range older {
		keys = append(keys, ringKey{key: k, minter: s.Minter(k), generation: -int64(i) - 1})
	}
	r.keys.Store(&keys)
	return r
}

// Scheme returns the scheme of all keys.
func (r *Keyring) Scheme() Scheme { return r.scheme }

// Keys returns a copy of the keys, the minting one first, then those still accepted, newest first.
func (r *Keyring) Keys() []Key {
	held := *r.keys.Load()
	keys := make([]Key, len(held))
	for i, k := range held {
		keys[i] = k.key
	}
	return keys
}

// Mint returns the cookie that the minting key makes, as [Minter.Mint] does.
func (r *Keyring) Mint(client, server netip.Addr) Cookie {
	return (*r.keys.Load())[0].minter.Mint(client, server)
}

// Check judges the bytes of a cookie option in a SYN from client to server, and returns the cookie that the minting key
// makes for them. It only reads got. The length is compared first, then the bytes in constant time. An empty got, which
// is a cookie request, is Invalid; so is every cookie where [Minter.Mint] has none.
func (r *Keyring) Check(got []byte, client, server netip.Addr) (Verdict, Cookie) {
	keys := *r.keys.Load()
	fresh := keys[0].minter.Mint(client, server)
	if fresh.IsZero() || len(got) != fresh.Len() {
		return Invalid, fresh
	}
	if fresh.equalBytes(got) {
		return Current, fresh
	}
	for _, k := range keys[1:] {
		if c := k.minter.Mint(client, server); c.equalBytes(got) {
			return Older, fresh
		}
	}
	return Invalid, fresh
}

// Rotate makes next the minting key at once. The key that it replaces stays accepted, the oldest are dropped. The timed
// rotation, if there is one, keeps its schedule.
func (r *Keyring) Rotate(next Key) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.advance(next, 1)
}

// advance makes next the minting key, as many generations after the last as given, and drops the keys that are then too
// old. The caller holds r.mu.
func (r *Keyring) advance(next Key, generations int64) {
	held := *r.keys.Load()
	first := ringKey{key: next, minter: r.scheme.Minter(next), generation: held[0].generation + generations}
	r.storeTrimmed(append([]ringKey{first}, held...))
}

// storeTrimmed makes keys those of the ring, less the older ones that are no longer accepted. The caller holds r.mu.
func (r *Keyring) storeTrimmed(keys []ringKey) {
	oldest := keys[0].generation - int64(r.keep)
	keys = slices.DeleteFunc(keys, func(k ringKey) bool { return k.generation < oldest })
	r.keys.Store(&keys)
}

// String returns the scheme and the number of keys, and hides the keys.
func (r *Keyring) String() string {
	return fmt.Sprintf("keyring(%s, %d keys)", r.scheme, len(*r.keys.Load()))
}

// Format implements [fmt.Formatter]: every verb prints what String returns.
func (r *Keyring) Format(f fmt.State, _ rune) { writeRedacted(f, r.String()) }
