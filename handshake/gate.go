package handshake

import (
	"errors"
	"net/netip"
	"slices"
	"time"

	"tfocraft/cookie"
	"tfocraft/wire"
)

// GateConfig says what a listener does about Fast Open (RFC 7413, Section 4.2).
type GateConfig struct {
	// Enabled is FastOpenEnabled of RFC 7413, Section 4.2: off unless the
	// application says otherwise. It must not, unless it tolerates that the data
	// of a SYN reaches it twice (RFC 7413, Section 6.1).
	Enabled bool
	// Keyring makes and checks cookies. It must be set if Enabled, unless
	// CookieNotNeeded.
	Keyring *cookie.Keyring
	// CookieNotNeeded takes data from any SYN (RFC 7413, Section 7.3): only for
	// applications with a protection of their own against spoofed addresses.
	CookieNotNeeded bool
	// MaxPending bounds the connections that were opened by SYN data and not
	// yet confirmed by an ACK (RFC 7413, Section 5.1); 0 means 256.
	MaxPending int
	// ResetHold is how long a connection that was reset before its ACK still
	// counts against MaxPending, so that a spoofed victim's RST does not free
	// the attacker's place (RFC 7413, Section 5.1); 0 means 60 s.
	ResetHold time.Duration
	// OnlyExperimental and OnlyStandard restrict the form of the option that is
	// understood; by default both are, and the answer has the form that came.
	OnlyExperimental, OnlyStandard bool
}

// An Admission is what a [Gate] says about one SYN.
type Admission struct {
	// Data tells that the data in the SYN is taken and may be answered before
	// the handshake ends. The connection then counts as pending until
	// [Gate.Confirmed] or [Gate.Gone] is called for it.
	Data bool
	// Reply goes into the SYN-ACK; zero if there is nothing to say.
	Reply        cookie.Cookie
	Experimental bool // Reply goes in the form 254/0xF989
	Outcome      Outcome
	Why          Why
}

// A Gate decides about the Fast Open option of the SYNs that reach a listener
// and counts those that it let through (PendingFastOpenRequests of RFC 7413,
// Section 4.2). It has one owner and no locks.
type Gate struct {
	config  GateConfig
	pending int
	held    []time.Time // when each place taken by a reset connection is free again, oldest first
}

// NewGate returns a gate with nothing pending.
func NewGate(c GateConfig) *Gate {
	g := new(Gate)
	if err := g.Configure(c); err != nil {
		panic(err)
	}
	return g
}

// ErrNoKeyring means that a [GateConfig] takes cookies without a Keyring to check
// them.
var ErrNoKeyring = errors.New("handshake: GateConfig.Keyring is not set")

// Configure changes what the gate does from the next SYN on. What is pending stays
// so, and counts against the new limit. After an error nothing has changed.
func (g *Gate) Configure(c GateConfig) error {
	setDefault(&c.MaxPending, 256)
	setDefault(&c.ResetHold, 60*time.Second)
	if c.Enabled && !c.CookieNotNeeded && c.Keyring == nil {
		return ErrNoKeyring
	}
	g.config = c
	return nil
}

// Pending returns how many admitted connections are unconfirmed, those that
// were reset and still count included.
func (g *Gate) Pending() int { return g.pending + len(g.held) }

// Admit decides about a SYN from client to server with these options and this
// many bytes of data. The checks stand in the order of RFC 7413, Section 4.2.2.
func (g *Gate) Admit(now time.Time, set *wire.OptionSet, data int, client, server netip.Addr) Admission {
	fo := set.FastOpen
	switch {
	case !g.config.Enabled:
		return decline(fo, WhyGateOff)
	case fo.Present && (fo.Experimental && g.config.OnlyStandard || !fo.Experimental && g.config.OnlyExperimental):
		return decline(fo, WhyWrongForm)
	case !fo.Present && set.IllegalFastOpen && !g.config.CookieNotNeeded:
		return decline(fo, WhyIllegalLength)
	case !fo.Present && (!g.config.CookieNotNeeded || data == 0):
		// Where no cookie is needed, a SYN with neither option nor data is a plain
		// one all the same, as in Linux.
		return decline(fo, WhyNoOption)
	case g.full(now):
		// As in Linux there is no cookie either: to the client it looks like a
		// server without Fast Open, and it does not come back with data at once.
		return decline(fo, WhyPendingLimit)
	case g.config.CookieNotNeeded:
		return g.admit(WhyCookieNotNeeded)
	case fo.Request():
		return grant(fo, CookieGranted, WhyCookieGranted, g.config.Keyring.Mint(client, server))
	}
	verdict, fresh := g.config.Keyring.Check(fo.Cookie, client, server)
	switch verdict {
	case cookie.Current:
		return g.admit(WhyCookieValid)
	case cookie.Older:
		a := g.admit(WhyCookieOlderKey)
		a.Reply, a.Experimental = fresh, fo.Experimental
		return a
	}
	// RFC 7413, Section 4.1.2: the cookie that was computed for the comparison
	// goes back, so that the client's next SYN is right.
	return grant(fo, Rejected, WhyCookieInvalid, fresh)
}

// Confirmed tells that the ACK of an admitted connection has come.
func (g *Gate) Confirmed() { g.release() }

// Gone tells that an admitted connection ended without its ACK. If it was
// reset, its place stays taken for a while.
func (g *Gate) Gone(now time.Time, reset bool) {
	g.release()
	if reset {
		g.held = append(g.held, now.Add(g.config.ResetHold))
	}
}

func (g *Gate) release() {
	if g.pending == 0 {
		panic("handshake: Gate told of more endings than admissions")
	}
	g.pending--
}

func (g *Gate) full(now time.Time) bool {
	free := slices.IndexFunc(g.held, func(t time.Time) bool { return t.After(now) })
	if free < 0 {
		free = len(g.held)
	}
	g.held = slices.Delete(g.held, 0, free)
	return g.Pending() >= g.config.MaxPending
}

func (g *Gate) admit(why Why) Admission {
	g.pending++
	return Admission{Data: true, Outcome: Accepted, Why: why}
}

func decline(fo wire.FastOpen, why Why) Admission {
	a := Admission{Outcome: Fallback, Why: why}
	if !fo.Present {
		a.Outcome = OutcomeNotAsked
	}
	return a
}

// grant answers with a cookie in the form that the client used.
func grant(fo wire.FastOpen, outcome Outcome, why Why, c cookie.Cookie) Admission {
	return Admission{Outcome: outcome, Why: why, Reply: c, Experimental: fo.Experimental}
}
