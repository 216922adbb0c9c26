package handshake

import (
	"math"
	"time"
)

// linuxWindow is what Linux's congestion control keeps beside window and threshold
// (Config.LinuxSender), with CUBIC and HyStart as net/ipv4/tcp_cubic.c has them: in whole
// segments, by a clock of milliseconds.
type linuxWindow struct {
	full    instant // when the window was last made use of (snd_cwnd_stamp)
	used    int     // the most that was sent since, if it was not (snd_cwnd_used)
	rtt     linuxRTT
	late    lateness
	bulk    handover
	thin    bool // see Config.ThinLinearTimeouts
	alone   bool // see Config.NoCollapse
	hystart hyStart

	step     int     // segments for each of which the window grows by one (cnt)
	most     int     // the window at the last loss, less for fast convergence (last_max_cwnd)
	last     int     // the window when it was last looked at
	lastAt   instant // and when that was
	origin   int     // bic_origin_point
	k        int64   // bic_K, in 1024ths of a second
	least    time.Duration
	epoch    instant
	credited int // ack_cnt
	reno     int // tcp_cwnd
}

func newLinuxWindow(c *Config) *linuxWindow {
	return &linuxWindow{
		hystart: hyStart{on: !c.NoHyStart},
		late:    lateness{reach: c.Reordering, first: c.Reordering, patient: c.NoDuplicateThreshold, static: c.StaticReordering},
		thin:    c.ThinLinearTimeouts, alone: c.NoCollapse,
		bulk: handover{least: c.LeastBulk},
	}
}

// The constants of Linux's CUBIC.
const (
	linuxBeta        = 717 // of 1024
	linuxBetaScale   = 8 * (1024 + linuxBeta) / 3 / (1024 - linuxBeta)
	linuxCubeScale   = 410
	linuxCubicPause  = time.Second / 32
	linuxGrowthStart = 20 // segments for one, until there was a loss
)

// tick is a time in whole milliseconds, as of jiffies.
func tick(t instant) int64 { return int64(t) / int64(time.Millisecond) }

// reset begins anew (bictcp_reset).
func (l *linuxWindow) reset() {
	*l = linuxWindow{rtt: l.rtt, late: l.late, bulk: l.bulk, thin: l.thin, alone: l.alone, full: l.full, used: l.used, hystart: hyStart{on: l.hystart.on}}
}

// growth updates how many segments it takes for one more in the window, after some were acknowledged in
// congestion avoidance (bictcp_update).
func (l *linuxWindow) growth(now instant, window, acked int) int {
	l.credited += acked
	if l.last == window && tick(now)-tick(l.lastAt) <= int64(linuxCubicPause/time.Millisecond) {
		return l.step
	}
	if l.epoch.IsZero() || tick(now) != tick(l.lastAt) {
		l.curve(now, window, acked)
	}
	// Where Reno would be by now (RFC 9438, Section 4.3).
	each := window * linuxBetaScale >> 3
	for each > 0 && l.credited > each {
		l.credited -= each
		l.reno++
	}
	if l.reno > window {
		l.step = min(l.step, window/(l.reno-window))
	}
	l.step = max(l.step, 2)
	return l.step
}

// curve is RFC 9438, Section 4.2.
func (l *linuxWindow) curve(now instant, window, acked int) {
	l.last, l.lastAt = window, now
	if l.epoch.IsZero() {
		l.epoch, l.credited, l.reno = now, acked, window
		l.k, l.origin = 0, window
		if window < l.most {
			l.k = int64(math.Cbrt(float64(int64(1)<<40/linuxCubeScale) * float64(l.most-window)))
			l.origin = l.most
		}
	}
	t := tick(now) - tick(l.epoch) + (l.least.Milliseconds() + min(l.least.Microseconds()%1000, 1))
	off := t<<10/1000 - l.k
	target := l.origin + int(linuxCubeScale*off*off*off>>40)
	if off < 0 {
		target = l.origin - int(linuxCubeScale*-off*off*off>>40)
	}
	l.step = 100 * window
	if target > window {
		l.step = window / (target - window)
	}
	if l.most == 0 {
		l.step = min(l.step, linuxGrowthStart)
	}
}

// lost returns the threshold after a loss (bictcp_recalc_ssthresh).
func (l *linuxWindow) lost(window int) int {
	l.epoch = 0
	if window < l.most {
		l.most = window * (1024 + linuxBeta) / 2048
	} else {
		l.most = window
	}
	return window * linuxBeta / 1024
}

// shift takes a pause in which nothing was in the network out of the time of the curve.
func (l *linuxWindow) shift(now, lastSent instant) {
	if pause := now.Sub(lastSent); !l.epoch.IsZero() && pause > 0 {
		l.epoch = min(l.epoch.Add(pause), now)
	}
}

// linuxAcked is cubictcp_cong_avoid, and tcp_reno_cong_avoid.
func (c *congestion) linuxAcked(now instant, n int) {
	if c.window < c.threshold {
		grown := min(c.window+n, c.threshold)
		n -= grown - c.window
		if c.window = grown; n == 0 {
			return
		}
	}
	each := c.window
	if c.control == Cubic {
		each = c.linux.growth(now, c.window, n)
	}
	if c.credit >= each {
		c.credit = 0
		c.window++
	}
	c.credit += n
	c.window += c.credit / each
	c.credit %= each
}

// linuxSample takes a round-trip time (cubictcp_acked).
func (m *Machine) linuxSample(now instant, rtt time.Duration) {
	c, l := &m.cwnd, m.cwnd.linux
	if l == nil || c.control != Cubic || !l.epoch.IsZero() && now.Sub(l.epoch) < time.Second {
		return
	}
	rtt = max(rtt, time.Microsecond)
	if l.least == 0 || rtt < l.least {
		l.least = rtt
	}
	if c.window < c.threshold && l.hystart.on && !l.hystart.found && l.hystart.ends(now, m, rtt) {
		c.threshold = c.window
	}
}

// starved lowers the window where the application has not made use of it for as long as the
// retransmission timeout (RFC 2861; tcp_cwnd_application_limited).
func (m *Machine) starved(now instant) {
	c, l := &m.cwnd, m.cwnd.linux
	if c.isLimited() {
		l.used, l.full = 0, now
		return
	}
	l.used = max(l.used, m.sentUnits())
	if m.config.NoSlowStartAfterIdle || now.Sub(l.full) < m.rtt.rto {
		return
	}
	if m.recovery.phase == phaseOpen && m.send.board.sacked == 0 {
		if used := max(l.used, int(c.initial)); used < c.window {
			c.threshold = c.present()
			c.window = (c.window + used) / 2
		}
		l.used = 0
	}
	l.full = now
}

// present is the threshold that three quarters of the window stand for (tcp_current_ssthresh).
func (c *congestion) present() int { return max(c.threshold, c.window/2+c.window/4) }

// restart halves the window for each timeout of a pause, down to the initial one (tcp_cwnd_restart).
func (c *congestion) restart(now instant, pause, rto time.Duration) {
	least := min(int(c.initial), c.window)
	c.threshold = c.present()
	for pause -= rto; pause > 0 && c.window > least; pause -= rto {
		c.window /= 2
	}
	c.window = max(c.window, least)
	c.linux.full, c.linux.used = now, 0
}
