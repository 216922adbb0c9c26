package handshake

import (
	"math"
	"time"
)

// cubic is CUBIC (RFC 9438). Its windows are in segments.
type cubic struct {
	most  float64 // W_max: the window at the last loss, less for fast convergence
	prior float64 // cwnd_prior: the window at the last loss
	epoch instant // t_epoch: when congestion avoidance began, pauses left out; zero if it has not
	seen  instant // when the window was last looked at
	k     float64 // K, in seconds
	reno  float64 // W_est: what Reno would have by now
	carry float64 // growth by less than a byte
}

// The constants of RFC 9438, Section 5.
const (
	cubicC     = 0.4
	cubicBeta  = 0.7
	cubicAlpha = 3 * (1 - cubicBeta) / (1 + cubicBeta)
)

// acked returns the window after n more bytes were acknowledged in congestion
// avoidance (RFC 9438, Section 4.2 to 4.5).
func (c *cubic) acked(now instant, window, n, mss int, rtt time.Duration) int {
	cwnd, segments := float64(window)/float64(mss), float64(n)/float64(mss)
	if c.epoch.IsZero() {
		c.begin(now, cwnd)
	}
	c.seen = now
	alpha := cubicAlpha
	if c.reno >= c.prior {
		alpha = 1
	}
	c.reno += alpha * segments / cwnd
	t := now.Sub(c.epoch).Seconds()
	if c.at(t) < c.reno {
		// Reno-friendly region, Section 4.3.
		return max(window, int(c.reno*float64(mss)))
	}
	target := min(max(c.at(t+rtt.Seconds()), cwnd), 1.5*cwnd)
	c.carry += (target - cwnd) / cwnd * float64(n)
	grow := int(c.carry)
	c.carry -= float64(grow)
	return window + grow
}

// begin starts an epoch, Section 4.2.
func (c *cubic) begin(now instant, cwnd float64) {
	c.epoch, c.reno, c.carry, c.k = now, cwnd, 0, 0
	if c.most <= cwnd {
		c.most = cwnd
		return
	}
	c.k = math.Cbrt((c.most - cwnd) / cubicC)
}

// pause takes time in which the application left the window unused out of t
// (RFC 9438, Section 5.8).
func (c *cubic) pause(now instant) {
	if !c.epoch.IsZero() {
		c.epoch, c.seen = c.epoch.Add(now.Sub(c.seen)), now
	}
}

// at is W_cubic(t), equation 1.
func (c *cubic) at(t float64) float64 {
	d := t - c.k
	return cubicC*d*d*d + c.most
}

// lost returns the threshold for a flight of this many bytes (RFC 9438,
// Section 4.6 and 4.7).
func (c *cubic) lost(flight, mss int) int {
	cwnd := float64(max(flight, mss)) / float64(mss)
	if c.prior = cwnd; cwnd < c.most {
		c.most = cwnd * (1 + cubicBeta) / 2 // fast convergence
	} else {
		c.most = cwnd
	}
	c.epoch = 0
	return int(math.Round(cwnd * cubicBeta * float64(mss)))
}
