package cookie

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// A Path is what a client learns about: its own address, the server's, and the server's port. Cookies and the MSS belong
// to the two addresses (RFC 7413, Section 4.1.3), failures to the port as well (Section 4.1.3.1).
type Path struct {
	Client, Server netip.Addr
	Port           uint16
}

// Unmap returns p with IPv4-mapped addresses as IPv4. Caches apply it to every path that they are given.
func (p Path) Unmap() Path {
	p.Client, p.Server = p.Client.Unmap(), p.Server.Unmap()
	return p
}

// AnyPort returns p without its port: what cookie and MSS are kept by.
func (p Path) AnyPort() Path {
	p.Port = 0
	return p
}

// Compare orders paths by client, server and port.
func (p Path) Compare(q Path) int {
	return cmp.Or(p.Client.Compare(q.Client), p.Server.Compare(q.Server), cmp.Compare(p.Port, q.Port))
}

// A Reason says why Fast Open is off for a path. The words are stable: they are stored and printed.
type Reason string

const (
	// DataNotAcked: the SYN-ACK left out the data of the SYN, and brought no new cookie that would explain it.
	DataNotAcked Reason = "data-not-acked"
	// NoSynAck: nothing answered the SYN with option or data, or only a plain SYN after it was answered.
	NoSynAck Reason = "no-synack"
	// ICMPError: an ICMP error answered the SYN.
	ICMPError Reason = "icmp-error"
	// NoCookie: the server answers cookie requests without a cookie. RFC 7413, Section 4.2.1, has a client remember.
	NoCookie Reason = "no-cookie"
	// Reset: a reset answered the SYN with option or data.
	Reset Reason = "reset"
)

// A Hint is what a client knows when it opens a connection. The zero Hint is that nothing is known.
type Hint struct {
	// Cookie is the newest one of the server, or zero: a cookie is to be requested.
	Cookie Cookie
	// MSS is the server's maximum segment size in bytes as it last announced it, or zero if that is not known.
	MSS uint16
	// Experimental says that Cookie was learnt in the form of option 254 with 0xF989, and is to be shown in it.
	Experimental bool
	// Blocked says why this path is to be opened without Fast Open until the time Until. Empty means that it is not.
	Blocked Reason
	Until   time.Time
}

// Learn merges what a SYN-ACK said into h, as every [Cache] does. An MSS of zero was not announced. A cookie that is not
// legal is refused with an error that wraps [ErrCookieLength]: the older cookie stays, the MSS is still taken. A legal
// cookie disproves NoCookie.
func (h *Hint) Learn(c Cookie, mss uint16, experimental bool) error {
	h.LearnMSS(mss)
	if !c.Legal() {
		return fmt.Errorf("cookie: one of %d bytes is not kept, want %d to %d and even: %w", c.Len(), MinLen, MaxLen, ErrCookieLength)
	}
	h.Cookie, h.Experimental = c, experimental
	if h.Blocked == NoCookie {
		h.Blocked, h.Until = "", time.Time{}
	}
	return nil
}

// LearnMSS takes an MSS that was announced without a cookie. Zero was not announced.
func (h *Hint) LearnMSS(mss uint16) {
	if mss != 0 {
		h.MSS = mss
	}
}

// BlockedAt reports whether h says to open without Fast Open at now.
func (h Hint) BlockedAt(now time.Time) bool { return h.Blocked != "" && now.Before(h.Until) }

// An Entry is one thing that a cache remembers. With Path.Port zero it holds the cookie and the MSS of a pair of
// addresses; otherwise it says why that port is blocked, and until when.
type Entry struct {
	Path Path
	Hint Hint
	// Used is when the entry was last learnt or looked up, as exactly as the cache keeps it.
	Used time.Time
}

// SortEntries sorts entries by path, as [Cache.List] returns them.
func SortEntries(entries []Entry) {
	slices.SortFunc(entries, func(a, b Entry) int { return a.Path.Compare(b.Path) })
}

// A Cache is a client's memory of servers (RFC 7413, Section 4.1.3). It is bounded: any entry may be gone at any time,
// at the cost of a round trip. Implementations are safe for concurrent use and unmap the addresses of paths. Errors are
// those of storage, but for Learn.
type Cache interface {
	// Lookup returns what is known for the path at now. A block that is over is not returned.
	Lookup(now time.Time, p Path) (Hint, error)
	// Learn keeps the cookie and the MSS of a SYN-ACK for the addresses of p, by the rules of [Hint.Learn]. A block for
	// NoCookie ends for the port of p.
	Learn(now time.Time, p Path, c Cookie, mss uint16, experimental bool) error
	// LearnMSS keeps the MSS of a SYN-ACK without a cookie. Zero is ignored.
	LearnMSS(now time.Time, p Path, mss uint16) error
	// Block switches Fast Open off for the path for the cache's hold time from now. The cookie stays. An empty
	// reason ends a block.
	Block(now time.Time, p Path, why Reason) error
	// Unblock ends a block of the path.
	Unblock(p Path) error
	// Forget drops everything about the addresses of p: cookie, MSS and the blocks of all ports.
	Forget(p Path) error
	// List returns all entries that hold at now, sorted by path. It does not count as use.
	List(now time.Time) ([]Entry, error)
	// Clear drops everything.
	Clear() error
}

// Defaults of [Limits].
const (
	DefaultHosts = 4096
	DefaultPaths = 4096
	// DefaultHold is how long FreeBSD leaves Fast Open off for a path.
	DefaultHold = 15 * time.Minute
)

// Limits bound a cache. Where there is no more room, the entry unused for longest goes.
type Limits struct {
	// Hosts is how many pairs of addresses may have a cookie or an MSS. Zero or less means DefaultHosts.
	Hosts int
	// Paths is how many paths may be blocked. Zero or less means DefaultPaths.
	Paths int
	// Hold is how long a path stays blocked. Zero or less means DefaultHold.
	Hold time.Duration
}

// WithDefaults returns l with the defaults filled in.
func (l Limits) WithDefaults() Limits {
	if l.Hosts <= 0 {
		l.Hosts = DefaultHosts
	}
	if l.Paths <= 0 {
		l.Paths = DefaultPaths
	}
	if l.Hold <= 0 {
		l.Hold = DefaultHold
	}
	return l
}
