package handshake

import "time"

// rttEstimator keeps the retransmission timeout of RFC 6298.
type rttEstimator struct {
	initial, floor, ceiling time.Duration
	srtt, rttvar, rto       time.Duration
	sampledAt               instant // of the last sample: what was sent before says nothing new
}

// clockGranularity is G of RFC 6298, Section 2.
const clockGranularity = time.Millisecond

// timeoutAfterLostSyn is the timeout to begin with when the SYN or the SYN-ACK
// had to be sent again and nothing has been measured (RFC 6298, Section 5.7).
const timeoutAfterLostSyn = 3 * time.Second

func (r *rttEstimator) init(c *Config) {
	r.initial, r.floor, r.ceiling = c.InitialRTO, c.MinRTO, c.MaxRTO
	r.rto = r.initial
}

// sample takes a measurement (RFC 6298, Section 2.2 and 2.3).
func (r *rttEstimator) sample(rtt time.Duration) {
	rtt = max(rtt, time.Microsecond) // zero stands for unmeasured
	if r.srtt == 0 {
		r.srtt, r.rttvar = rtt, rtt/2
	} else {
		r.rttvar += ((r.srtt - rtt).Abs() - r.rttvar) / 4
		r.srtt += (rtt - r.srtt) / 8
	}
	// This also ends what backOff began; without a sample it stays (Section 3,
	// Karn's algorithm).
	r.rto = min(r.srtt+max(clockGranularity, 4*r.rttvar, r.floor), r.ceiling)
}

// sampleRTT takes a measurement that is unambiguous (RFC 6298, Section 3, Karn's
// algorithm).
func (m *Machine) sampleRTT(now instant, rtt time.Duration) {
	if m.cwnd.linux != nil {
		m.sampleLikeLinux(rtt)
		return
	}
	m.rtt.sample(rtt)
	m.rtt.sampledAt = now
}

// backOff doubles the timeout (RFC 6298, Section 5.5).
func (r *rttEstimator) backOff() { r.rto = min(2*r.rto, r.ceiling) }

// backedOff is the timeout doubled n times; the timeout itself stays.
func (r *rttEstimator) backedOff(n int) time.Duration {
	d := r.rto
	for ; n > 0 && d < r.ceiling; n-- {
		d *= 2
	}
	return min(d, r.ceiling)
}

// synWasLost sets the timeout for the first data after a lost SYN or SYN-ACK.
func (r *rttEstimator) synWasLost() {
	if r.srtt == 0 {
		r.rto = max(r.initial, timeoutAfterLostSyn)
	}
}
