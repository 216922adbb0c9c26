package load

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"tfocraft/wire"
)

// A Mode says what one exchange is.
type Mode uint8

// The modes.
const (
	Request  Mode = iota // ask for a cookie, and reset what the server has begun
	Syn                  // a SYN with cookie and data, and nothing is awaited
	Exchange             // the same, the response, and an orderly close
)

var modeNames = [...]string{Request: "request", Syn: "syn", Exchange: "exchange"}

func (m Mode) String() string { return modeNames[m] }

// ErrMode is what [ParseMode] returns for a name that it does not know.
var ErrMode = errors.New("load: unknown mode, want request, syn or exchange")

// ParseMode reads the name of a mode.
func ParseMode(name string) (Mode, error) {
	for m, known := range modeNames {
		if name == known {
			return Mode(m), nil
		}
	}
	return 0, ErrMode
}

// What is wrong with a Config.
var (
	ErrRate     = errors.New("load: bad rate")
	ErrTooLarge = errors.New("load: data does not fit")
	ErrServer   = errors.New("load: bad server")
)

// MaxRate is the largest rate, in exchanges a second: a nanosecond for each.
const MaxRate = 1e9

// MaxConcurrency is the most exchanges that may be in flight.
const MaxConcurrency = 1 << 20

// Config describes one engine. Server, Clients, Header, MSS and Form have no
// default. It is not changed after it was handed over.
type Config struct {
	Mode    Mode
	Server  netip.AddrPort
	Clients *Clients
	Ports   Ports // of the clients; 1024-65535 at zero
	// OneHost means that server and client are the same host and may have one address.
	OneHost bool
	Header  []byte // the Ethernet header of what is sent
	// MSS is the most that a segment may carry towards the server, options included:
	// the MTU less IP and TCP header.
	MSS  int
	Form Form

	// Cookies are those that clients show; nil sends data without Fast Open, and is what
	// Request needs none of.
	Cookies Cookies
	// Learn keeps the cookies that come, in modes Request and Exchange.
	Learn *Jar
	// Payload is what is sent, repeated or cut to the size that Sizes has for each
	// exchange.
	Payload   []byte
	Sizes     Sizes
	Mutations []Mutation // taken in turn by one SYN after the other

	Seed uint64
	// Rate is how many exchanges are to begin in a second, whether or not earlier
	// ones have ended; 0 begins one whenever Concurrency has room.
	Rate float64
	// Ramp is the time in which rate, or else concurrency, grow from nothing to what
	// they are.
	Ramp        time.Duration
	Concurrency int           // how many exchanges may be in flight; 64 at 0, and with Rate 65536
	Count       uint64        // how many exchanges there are; 0 means no bound
	Duration    time.Duration // how long exchanges begin; 0 means no bound

	Timeout time.Duration // of a whole exchange; 5 s at 0
	// MaxTimeouts ends a closed loop once so many exchanges have timed out; 0 means only
	// when so many have in a row, with nothing heard of the server meanwhile, as may be in
	// flight, and 64.
	MaxTimeouts uint64
	RTO         time.Duration // the first retransmission timeout, which then doubles; 1 s at 0
	// KeepOpen leaves the first FIN to the server. Otherwise it goes behind the data.
	KeepOpen bool

	// SynsOnly sends what exchanges begin with, remembers nothing and awaits nothing: for
	// files.
	SynsOnly bool

	// Share and Shares say which part of the work this engine does, if there are
	// several with the same Config: ports, rate, concurrency and count are divided.
	Share, Shares int
}

// blind reports whether nothing is awaited.
func (c *Config) blind() bool { return c.Mode == Syn || c.SynsOnly }

func setDefault[T comparable](v *T, def T) {
	if *v == *new(T) {
		*v = def
	}
}

func (c *Config) setDefaults() {
	setDefault(&c.Ports, defaultPorts)
	setDefault(&c.Shares, 1)
	inFlight := 64
	if c.Rate > 0 {
		inFlight = 1 << 16
	}
	setDefault(&c.Concurrency, inFlight)
	setDefault(&c.Timeout, 5*time.Second)
	setDefault(&c.RTO, time.Second)
	if c.Mode == Request {
		c.Payload, c.Sizes = nil, Sizes{}
	}
}

// Check returns what is wrong with a Config.
func (c Config) Check() error {
	c.setDefaults()
	switch {
	case !c.Server.IsValid() || c.Server.Port() == 0:
		return fmt.Errorf("%w: %v", ErrServer, c.Server)
	case c.Clients == nil || c.Clients.Len() == 0:
		return fmt.Errorf("%w: there are none", ErrClients)
	case c.Clients.Is4() != c.Server.Addr().Is4():
		return fmt.Errorf("%w: %v and the server %v are not of one family", ErrClients, c.Clients, c.Server.Addr())
	case c.Ports.Last < c.Ports.First || c.Ports.First == 0:
		return fmt.Errorf("%w: %d-%d", ErrPorts, c.Ports.First, c.Ports.Last)
	case c.Ports.Len() < c.Shares:
		return fmt.Errorf("%w: %d for %d engines", ErrPorts, c.Ports.Len(), c.Shares)
	case c.Rate < 0 || c.Rate > MaxRate:
		return fmt.Errorf("%w: %g a second", ErrRate, c.Rate)
	case c.Concurrency < c.Shares || c.Concurrency > MaxConcurrency:
		return fmt.Errorf("%w: %d exchanges in flight, want %d to %d", ErrRate, c.Concurrency, c.Shares, MaxConcurrency)
	case c.Ramp < 0 || c.Duration < 0 || c.Timeout < 0 || c.RTO < 0:
		return fmt.Errorf("%w: a time is negative", ErrRate)
	}
	if _, ok := c.Clients.Index(c.Server.Addr()); ok && !c.OneHost {
		return fmt.Errorf("%w: %v contains the server %v", ErrClients, c.Clients, c.Server.Addr())
	}
	return c.checkSyn()
}

// checkSyn wants cookies and data to fit a SYN.
func (c *Config) checkSyn() error {
	f := &c.Form
	shortest, longest := c.cookieLengths()
	wants := c.Mode == Request || c.Cookies != nil
	switch {
	case wants && f.NoFastOpen:
		return fmt.Errorf("%w: there is no FO for the cookies to go to", ErrOptions)
	case wants && !f.fits(longest):
		return fmt.Errorf("%w: no room for a cookie of %d bytes beside them", ErrOptions, longest)
	}
	for i := range c.Mutations {
		if !wants && !c.Mutations[i].always {
			return fmt.Errorf("%w: %s needs a cookie, and there is none", ErrMutation, c.Mutations[i].Name)
		}
		for _, n := range []int{shortest, longest} {
			if l := len(c.bend(i, make([]byte, n), make([]byte, n)).appendOptions(nil)); l > wire.MaxOptionsLen {
				return fmt.Errorf("%w: %s takes %d bytes, a header has room for %d", ErrOptions, c.Mutations[i].Name, l, wire.MaxOptionsLen)
			}
		}
	}
	room := c.MSS - f.length(f.optionLen(longest, wants))
	if c.MSS < 1 || room < 0 {
		return fmt.Errorf("%w: a segment of %d bytes", ErrTooLarge, c.MSS)
	}
	if c.Mode == Syn && c.Sizes.max > room {
		return fmt.Errorf("%w: %d bytes, a SYN has room for %d", ErrTooLarge, c.Sizes.max, room)
	}
	return nil
}

func (c *Config) cookieLengths() (shortest, longest int) {
	if c.Cookies == nil || c.Mode == Request {
		return 0, 0
	}
	return c.Cookies.Lengths()
}

// optionLen is what the option takes with a cookie of n bytes.
func (f *Form) optionLen(n int, wanted bool) int {
	if !wanted {
		return 0
	}
	return wire.FastOpen{Present: true, Experimental: f.Experimental}.WireLen() + n
}

// Split returns how much of the data goes in the SYN, and how many bytes there are
// at most: what is left over follows when the server has answered.
func (c *Config) Split() (inSyn, all int) {
	_, longest := c.cookieLengths()
	room := c.MSS - c.Form.length(c.Form.optionLen(longest, c.Cookies != nil))
	return min(room, c.Sizes.max), c.Sizes.max
}

// bend makes a bent SYN by mutation i.
func (c *Config) bend(i int, cookie, other []byte) *bent {
	m := &bent{form: &c.Form, cookie: cookie, other: other, flags: wire.SYN}
	if c.Mode == Request || c.Cookies != nil {
		m.fastOpen = c.Form.option(nil, cookie)
	}
	if len(m.fastOpen) > 0 || c.Mutations[i].always {
		c.Mutations[i].bend(m)
	}
	return m
}
