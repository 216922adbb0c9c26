package handshake

import (
	"time"

	"tfocraft/wire"
)

// linuxRTT is Linux's estimate of how the round-trip time varies (tcp_rtt_estimator): every
// acknowledgement is a sample, from the first segment that it is for, and the greatest
// deviation of a round trip counts, which is the least timeout's at the least.
type linuxRTT struct {
	deviation time.Duration // mdev_us, times 4
	greatest  time.Duration // mdev_max_us
	variation time.Duration // rttvar_us
	srtt      time.Duration // srtt_us, times 8
	round     wire.Seq      // rtt_seq: what SND.NXT was when the round trip began
}

// measureLikeLinux is tcp_ack_update_rtt.
func (m *Machine) measureLikeLinux(now instant, acked int, d *delivery) {
	first, last := d.first, d.fresh
	if d.repair || first.IsZero() {
		first = d.sacked
	}
	switch {
	case !first.IsZero():
		rtt := max(now.Sub(last), time.Microsecond)
		m.rack.least.sample(now, rtt)
		m.sampleLikeLinux(now.Sub(first))
		m.linuxSample(now, rtt)
	case acked > 0 && m.echo != 0 && m.ts.echoes(now, m.echo):
		rtt := m.ts.elapsed(now, m.echo)
		m.sampleLikeLinux(rtt)
		m.linuxSample(now, rtt)
	}
}

// sampleLikeLinux is tcp_rtt_estimator and tcp_set_rto, in microseconds as there.
func (m *Machine) sampleLikeLinux(rtt time.Duration) {
	r, l := &m.rtt, &m.cwnd.linux.rtt
	n := max(rtt.Microseconds(), 1)
	srtt, dev := l.srtt.Microseconds(), l.deviation.Microseconds()
	least := r.floor.Microseconds()
	if srtt == 0 {
		srtt, dev = n*8, n*2
		l.variation = time.Duration(max(dev, least)) * time.Microsecond
		l.greatest = l.variation
		l.round = m.send.nxt
	} else {
		n -= srtt >> 3
		srtt += n
		if n < 0 {
			if n = -n - dev>>2; n > 0 {
				n >>= 3
			}
		} else {
			n -= dev >> 2
		}
		dev += n
		if d := time.Duration(dev) * time.Microsecond; d > l.greatest {
			l.greatest = d
			l.variation = max(l.variation, d)
		}
		if l.round.Less(m.send.una) {
			if l.greatest < l.variation {
				l.variation -= (l.variation - l.greatest) / 4
			}
			l.round, l.greatest = m.send.nxt, r.floor
		}
	}
	l.srtt, l.deviation = time.Duration(max(srtt, 1))*time.Microsecond, time.Duration(dev)*time.Microsecond
	r.srtt, r.rttvar = l.srtt/8, l.deviation/4
	r.rto = min(r.srtt+l.variation, r.ceiling)
}
