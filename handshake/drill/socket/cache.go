package socket

import (
	"math"
	"net/netip"
	"time"

	"tfocraft/cookie"
	"tfocraft/handshake"
)

// linuxCache is a cache of cookies with Linux's habits: it forgets what did not
// work, so that the next connection tries Fast Open again, and where nothing is
// known of a server's MSS the one of the path counts. A server that gives no cookie
// is asked once with the experimental form of the option, and from then on with the
// standard one.
type linuxCache struct {
	*cookie.Memory
	refusals map[netip.Addr]int // of requests for a cookie, by server
}

// Block implements [cookie.Cache].
func (c linuxCache) Block(_ time.Time, p cookie.Path, why cookie.Reason) error {
	if why == cookie.NoCookie {
		c.refusals[p.Server]++
	}
	return nil
}

// Lookup implements [cookie.Cache].
func (c linuxCache) Lookup(now time.Time, p cookie.Path) (cookie.Hint, error) {
	hint, err := c.Memory.Lookup(now, p)
	if hint.MSS == 0 {
		hint.MSS = math.MaxUint16
	}
	return hint, err
}

// cookies is the cache with the habits of the profile.
func (h *Host) cookies() cookie.Cache {
	if h.settings.profile == handshake.Linux {
		return linuxCache{h.cache, h.refusals}
	}
	return h.cache
}

func (h *Host) path(to netip.AddrPort) cookie.Path {
	return cookie.Path{Client: h.config.Local, Server: to.Addr(), Port: to.Port()}
}
