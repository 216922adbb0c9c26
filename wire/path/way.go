package path

import (
	"fmt"
	"net/netip"
	"time"
)

// Way describes one direction of a path. The zero value delivers every frame
// of up to 1500 bytes at once. Probabilities are from 0 to 1.
type Way struct {
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
func (w *Way) Check() error {
	for _, p := range []struct {
		name  string
		value float64
	}{{"loss", w.Loss}, {"duplicate", w.Duplicate}, {"reorder", w.Reorder}, {"corrupt", w.Corrupt}} {
		if !(p.value >= 0 && p.value <= 1) {
			return fmt.Errorf("path: %s: %v is not a probability from 0 to 1", p.name, p.value)
		}
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{{"delay", w.Delay}, {"jitter", w.Jitter}, {"reorder by", w.ReorderBy}} {
		if d.value < 0 {
			return fmt.Errorf("path: %s: %v is less than nothing", d.name, d.value)
		}
	}
	switch {
	case w.Rate < 0 || w.Queue < 0:
		return fmt.Errorf("path: rate %d and queue %d must not be negative", w.Rate, w.Queue)
	case w.MTU != 0 && w.MTU < minMTU:
		return fmt.Errorf("path: MTU %d is below %d", w.MTU, minMTU)
	case w.Router4.IsValid() && !w.Router4.Is4() || w.Router6.IsValid() && !w.Router6.Is6():
		return fmt.Errorf("path: routers %v and %v are not of IPv4 and IPv6", w.Router4, w.Router6)
	}
	return w.checkLoss()
}

// checkLoss tells whether there are runs of loss that are as long, and as much
// of the whole, as is asked for.
func (w *Way) checkLoss() error {
	switch {
	case w.LossBurst == 0:
		return nil
	case !(w.LossBurst >= 1):
		return fmt.Errorf("path: a run of %v lost frames is shorter than one", w.LossBurst)
	case w.Loss < 1 && w.burstStart() > 1:
		return fmt.Errorf("path: loss %v does not come about in runs of %v frames", w.Loss, w.LossBurst)
	}
	return nil
}

// burstStart is the probability that a frame behind a delivered one is lost, such
// that a share of Loss is lost in runs of LossBurst on average.
func (w *Way) burstStart() float64 { return w.Loss / (w.LossBurst * (1 - w.Loss)) }

// withDefaults returns the configuration with nothing left open.
func (w Way) withDefaults() Way {
	if w.ReorderBy == 0 {
		w.ReorderBy = max(w.Delay/4, time.Millisecond)
	}
	if w.Queue == 0 {
		w.Queue = defaultQueue
	}
	if w.MTU == 0 {
		w.MTU = defaultMTU
	}
	if !w.Router4.IsValid() {
		w.Router4 = netip.AddrFrom4([4]byte{192, 0, 2, 254})
	}
	if !w.Router6.IsValid() {
		w.Router6 = netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, 15: 0xfe})
	}
	return w
}
