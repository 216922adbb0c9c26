package path

import (
	"fmt"
	"net/netip"
	"time"
)

// Config describes one direction of a path. The zero value delivers every frame
// of up to 1500 bytes at once. Probabilities are from 0 to 1.
type Config struct {
	// Delay is the time from one end to the other: half a round-trip time.
	Delay time.Duration
	// Jitter is how much longer than Delay a frame may take, evenly
	// distributed. It does not reorder: a frame waits for those before it.
	Jitter time.Duration
	// Loss is the probability that a frame is lost.
	Loss float64
	// LossBurst is the mean number of frames that are lost one after the
	// other, at the same overall Loss (the model of Gilbert). At 0 and 1 each
	// frame is lost or not by itself.
	LossBurst float64
	// Duplicate is the probability that a frame arrives twice.
	Duplicate float64
	// Reorder is the probability that a frame is held back by ReorderBy, so
	// that those behind overtake it.
	Reorder float64
	// ReorderBy is by how much; 0 means a quarter of Delay, at least 1 ms.
	ReorderBy time.Duration
	// Corrupt is the probability that one bit of a frame is flipped, where a
	// checksum of IP or TCP covers it.
	Corrupt float64
	// Rate is what the bottleneck carries, in bytes a second, Ethernet headers
	// included; 0 means no bottleneck.
	Rate int
	// Queue is how many bytes may wait for the bottleneck; what comes on top is
	// dropped. 0 means 128 KiB.
	Queue int
	// MTU is the longest IP packet in bytes; 0 means 1500. Longer ones are
	// dropped, never fragmented.
	MTU int
	// TooBig says whether the sender of a packet that is too big is told.
	TooBig TooBig
	// Router4 and Router6 are the addresses that tell it; without them it is
	// 192.0.2.254 and 2001:db8::fe.
	Router4, Router6 netip.Addr
	// Middleboxes see each frame that is not too big, in this order, before
	// anything else happens to it.
	Middleboxes []Middlebox
}

// TooBig says what becomes of the sender of a packet that is too big.
type TooBig uint8

const (
	// TooBigSilent lets the packet vanish: a black hole (RFC 2923, Section 2.1).
	TooBigSilent TooBig = iota
	// TooBigICMP answers with fragmentation needed (RFC 1191) or packet too big
	// (RFC 8201).
	TooBigICMP
)

const (
	defaultMTU   = 1500
	defaultQueue = 128 << 10
	minMTU       = 68 // RFC 791, Section 3.2
)

// Check returns an error for a value that no path can have.
func (c *Config) Check() error {
	for _, p := range []struct {
		name  string
		value float64
	}{{"loss", c.Loss}, {"duplicate", c.Duplicate}, {"reorder", c.Reorder}, {"corrupt", c.Corrupt}} {
		if !(p.value >= 0 && p.value <= 1) {
			return fmt.Errorf("path: %s: %v is not a probability from 0 to 1", p.name, p.value)
		}
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{{"delay", c.Delay}, {"jitter", c.Jitter}, {"reorder by", c.ReorderBy}} {
		if d.value < 0 {
			return fmt.Errorf("path: %s: %v is less than nothing", d.name, d.value)
		}
	}
	switch {
	case c.Rate < 0 || c.Queue < 0:
		return fmt.Errorf("path: rate %d and queue %d must not be negative", c.Rate, c.Queue)
	case c.MTU != 0 && c.MTU < minMTU:
		return fmt.Errorf("path: MTU %d is below %d", c.MTU, minMTU)
	case c.Router4.IsValid() && !c.Router4.Is4() || c.Router6.IsValid() && !c.Router6.Is6():
		return fmt.Errorf("path: routers %v and %v are not of IPv4 and IPv6", c.Router4, c.Router6)
	}
	return c.checkLoss()
}

// checkLoss tells whether there are runs of loss that are as long, and as much
// of the whole, as is asked for.
func (c *Config) checkLoss() error {
	switch {
	case c.LossBurst == 0:
		return nil
	case !(c.LossBurst >= 1):
		return fmt.Errorf("path: a run of %v lost frames is shorter than one", c.LossBurst)
	case c.Loss < 1 && c.burstStart() > 1:
		return fmt.Errorf("path: loss %v does not come about in runs of %v frames", c.Loss, c.LossBurst)
	}
	return nil
}

// burstStart is the probability that a frame behind a delivered one is lost, such
// that a share of Loss is lost in runs of LossBurst on average.
func (c *Config) burstStart() float64 { return c.Loss / (c.LossBurst * (1 - c.Loss)) }

// withDefaults returns the configuration with nothing left open.
func (c Config) withDefaults() Config {
	if c.ReorderBy == 0 {
		c.ReorderBy = max(c.Delay/4, time.Millisecond)
	}
	if c.Queue == 0 {
		c.Queue = defaultQueue
	}
	if c.MTU == 0 {
		c.MTU = defaultMTU
	}
	if !c.Router4.IsValid() {
		c.Router4 = netip.AddrFrom4([4]byte{192, 0, 2, 254})
	}
	if !c.Router6.IsValid() {
		c.Router6 = netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, 15: 0xfe})
	}
	return c
}
