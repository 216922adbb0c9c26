package endpoint

import (
	"time"

	"tfocraft/cookie"
	"tfocraft/handshake"
)

// A lesson is what a connection has learnt for the cache of cookies. A cache
// may take its time to store it, so it is not for the loop to call it.
type lesson struct {
	at           time.Time
	blocked      cookie.Reason // empty for what is told by the fields below
	cookie       cookie.Cookie
	mss          uint16
	experimental bool
}

// learn notes a lesson, an output of kind Learn or Block. The loop holds c.mu.
func (c *Conn) learn(now time.Time, o *handshake.Output) {
	if c.dial == nil || c.dial.cache == nil || c.dial.ownCookie && o.Kind == handshake.Block {
		return
	}
	c.dial.lessons = append(c.dial.lessons, lesson{now, o.Reason, o.Cookie, o.MSS, o.Experimental})
	if c.dial.alone {
		c.teach(c.dial)
		c.dial.lessons = c.dial.lessons[:0]
	}
}

// teach gives the cache what the handshake has taught.
func (c *Conn) teach(d *dialing) {
	path := c.path()
	for _, l := range d.lessons {
		var err error
		switch {
		case l.blocked != "":
			err = d.cache.Block(l.at, path, l.blocked)
		case l.cookie.IsZero():
			err = d.cache.LearnMSS(l.at, path, l.mss)
		default:
			err = d.cache.Learn(l.at, path, l.cookie, l.mss, l.experimental)
		}
		if err != nil {
			c.stack.log.Warn("endpoint: cookie cache", "error", err)
		}
	}
}

// path is what the connection's cookie is kept by.
func (c *Conn) path() cookie.Path {
	return cookie.Path{Client: c.local.Addr(), Server: c.remote.Addr(), Port: c.remote.Port()}
}
