package follow

import (
	"bytes"
	"net/netip"

	"tfocraft/wire"
	"tfocraft/wire/internal/lru"
)

// pair are the addresses that a cookie belongs to, without ports (RFC 7413, Section 4.1.3).
type pair struct{ client, server netip.Addr }

// grant is the newest cookie that a server has given a client.
type grant struct {
	cookie            []byte // never changed
	frame, connection int
}

// holder tells whose cookie it is.
type holder struct {
	server netip.Addr
	cookie string
}

// cookies are those that were granted in all connections.
type cookies struct {
	granted lru.Map[pair, grant]
	owners  map[holder]netip.Addr
}

// grant takes note of a cookie in a SYN-ACK.
func (m *cookies) grant(p pair, g grant, limit int) {
	if m.owners == nil {
		m.owners = make(map[holder]netip.Addr)
	}
	if old, ok := m.granted.Get(p); ok {
		m.disown(p, old)
	}
	m.owners[holder{p.server, string(g.cookie)}] = p.client
	m.granted.Put(p, g)
	if p, g, ok := m.granted.Excess(limit); ok {
		m.disown(p, g)
	}
}

func (m *cookies) disown(p pair, g grant) {
	if h := (holder{p.server, string(g.cookie)}); m.owners[h] == p.client {
		delete(m.owners, h)
	}
}

// pairOf returns the pair of a segment; a SYN-ACK goes to the client of the cookie.
func pairOf(st *step) pair {
	p := pair{st.facts.Sender.Addr.Addr(), st.facts.Receiver.Addr.Addr()}
	if isSynAck(st.seg) {
		p.client, p.server = p.server, p.client
	}
	return p
}

// judgeSyn judges the cookie in a SYN.
func (f *Follower) judgeSyn(p pair, cookie []byte) CookieVerdict {
	m := &f.cookies
	owner, owned := m.owners[holder{p.server, string(cookie)}]
	g, known := m.granted.Get(p)
	keyed := f.Keyring != nil
	if keyed {
		if verdict, _ := f.Keyring.Check(cookie, p.client, p.server); verdict.Valid() {
			return CookieRight
		}
		known = false // the key says more than what was seen
	}
	switch {
	case known && bytes.Equal(g.cookie, cookie):
		return CookieGranted
	case owned && owner != p.client:
		return CookieForeign
	case keyed:
		return CookieWrong
	case known:
		return CookieOther
	}
	return CookieUnknown
}

// judgeSynAck judges the cookie in a SYN-ACK.
func (m *cookies) judgeSynAck(p pair, cookie []byte) CookieVerdict {
	if g, known := m.granted.Get(p); known && bytes.Equal(g.cookie, cookie) {
		return CookieAgain
	}
	return CookieNew
}

// recall puts into the facts what is known about cookies, and what is kept with them, before the segment.
func (f *Follower) recall(c *conn, st *step) {
	p := pair{c.info.Client.Addr(), c.info.Server.Addr()}
	if g, ok := f.cookies.granted.Peek(p); ok {
		st.facts.Granted, st.facts.GrantedFrame, st.facts.GrantedConnection = g.cookie, g.frame, g.connection
	}
	if e, ok := f.cache.hosts.Peek(p); ok {
		st.facts.CachedMSS = e.MSS
	}
}

// learn judges the cookie in a segment and takes note of it.
func (f *Follower) learn(c *conn, st *step) {
	fo := fastOpen(st.seg.Options)
	if !st.seg.Flags.Has(wire.SYN) || st.ignored || !legalCookie(fo.Cookie) {
		return
	}
	p := pairOf(st)
	switch {
	case isSyn(st.seg):
		st.facts.Cookie = f.judgeSyn(p, fo.Cookie)
	case isSynAck(st.seg):
		st.facts.Cookie = f.cookies.judgeSynAck(p, fo.Cookie)
		f.cookies.grant(p, grant{bytes.Clone(fo.Cookie), st.Number, c.info.Number}, f.limit())
	}
}
