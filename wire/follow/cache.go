package follow

import (
	"bytes"
	"cmp"
	"iter"
	"net/netip"
	"slices"

	"tfocraft/cookie"
	"tfocraft/wire/internal/lru"
)

// A CacheEntry is what a client that keeps to RFC 7413, Section 4.1.3, has in its cookie cache after what was seen: a
// cookie of a server with the MSS that it announced, or why Fast Open failed with a port of it.
type CacheEntry struct {
	Client, Server netip.Addr
	Cookie         []byte // nil for a negative response
	MSS            int    // 0 if the server has announced none
	// Port and Blocked are those of a negative response (Section 4.1.3.1). How long one is kept is the client's choice, so
	// that here it stays until the port takes data again.
	Port    uint16
	Blocked cookie.Reason
	Frame   int // number of the frame that brought it
}

// cache is what all clients have learnt.
type cache struct {
	hosts  lru.Map[pair, CacheEntry]
	blocks lru.Map[cookie.Path, CacheEntry]
}

// Cache returns the cookie caches of all clients, sorted by client, server and port. Where there are more entries than
// Limit, the one that was unused for longest is gone.
func (f *Follower) Cache() []CacheEntry { return f.cache.entries(netip.Addr{}) }

// CacheOf returns what of Cache is one client's; for the zero Addr it is all.
func (f *Follower) CacheOf(client netip.Addr) []CacheEntry { return f.cache.entries(client) }

// entries returns copies of those of a client, in order; without a client they are those of all.
func (c *cache) entries(client netip.Addr) (all []CacheEntry) {
	for _, entries := range []iter.Seq[CacheEntry]{c.hosts.Values(), c.blocks.Values()} {
		for e := range entries {
			if !client.IsValid() || e.Client == client {
				e.Cookie = bytes.Clone(e.Cookie)
				all = append(all, e)
			}
		}
	}
	slices.SortFunc(all, func(a, b CacheEntry) int {
		return cmp.Or(a.Client.Compare(b.Client), a.Server.Compare(b.Server), cmp.Compare(a.Port, b.Port))
	})
	return all
}

// remember takes over into the client's cache what a segment has told it.
func (f *Follower) remember(c *conn, st *step) {
	if st.ignored || st.Lost || c.info.Simultaneous {
		return
	}
	switch {
	case st.refused && c.info.SynData > 0 && !c.plainAgain:
		// The data may be what was reset (RFC 7413, Section 7.1).
		f.block(c, st.Number, cookie.Reset)
	case st.fellBack:
		f.block(c, st.Number, cookie.NoSynAck)
	case isSynAck(st.seg) && !st.copy && c.sides[server].acked == 0:
		f.rememberAnswer(c, st)
	}
}

func (f *Follower) rememberAnswer(c *conn, st *step) {
	granted := f.rememberCookie(c, st)
	path := pathOf(c)
	blocked, _ := f.cache.blocks.Peek(path)
	switch {
	case c.info.FastOpen == Accepted, granted && (blocked.Blocked == cookie.NoCookie || c.plainAgain):
		f.cache.blocks.Remove(path)
	case c.info.Why == WhyDataNotAcked:
		f.block(c, st.Number, cookie.DataNotAcked)
	case c.info.Why == WhyNoCookie && c.info.SynOption == OptionRequest:
		f.block(c, st.Number, cookie.NoCookie)
	}
}

// rememberCookie keeps the cookie of a SYN-ACK and reports whether there is one. A client that has not shown the option
// ignores what comes unasked.
func (f *Follower) rememberCookie(c *conn, st *step) bool {
	p := pair{c.info.Client.Addr(), c.info.Server.Addr()}
	fo := fastOpen(st.seg.Options)
	e, known := f.cache.hosts.Get(p)
	granted := legalCookie(fo.Cookie) && (c.info.SynOption != OptionNone || c.info.MidStream)
	if granted {
		e = CacheEntry{Client: p.client, Server: p.server, Cookie: bytes.Clone(fo.Cookie), MSS: e.MSS, Frame: st.Number}
	}
	if st.options.HasMSS {
		e.MSS = int(st.options.MSS)
	}
	if granted || known {
		f.cache.hosts.Put(p, e)
		f.cache.hosts.Excess(f.limit())
	}
	return granted
}

func (f *Follower) block(c *conn, frame int, why cookie.Reason) {
	p := pathOf(c)
	f.cache.blocks.Put(p, CacheEntry{Client: p.Client, Server: p.Server, Port: p.Port, Blocked: why, Frame: frame})
	f.cache.blocks.Excess(f.limit())
}

func pathOf(c *conn) cookie.Path {
	return cookie.Path{Client: c.info.Client.Addr(), Server: c.info.Server.Addr(), Port: c.info.Server.Port()}
}
