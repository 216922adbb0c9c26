package load

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Counters count what an engine did and saw.
type Counters struct {
	Sent          uint64 // exchanges begun: SYNs, repetitions left out
	Unsent        uint64 // exchanges that the rate asked for and that did not begin in time
	Retransmits   uint64 // SYNs and segments that went again
	SynAcks       uint64 // answers to SYNs, each exchange once
	Accepted      uint64 // of these, with data of the SYN acknowledged
	Rejected      uint64 // of these, with data of the SYN left out
	Cookies       uint64 // cookies that came
	NoCookie      uint64 // answers to requests without one
	Responses     uint64 // exchanges in which data came back
	ResponseBytes uint64
	Completed     uint64 // Request: with a cookie; Exchange: closed in order
	Resets        uint64 // exchanges that the server reset
	Timeouts      uint64 // exchanges that took too long
	Aborted       uint64 // exchanges that were in flight when the run was stopped
	Strays        uint64 // segments that belong to no exchange in flight
	Bad           uint64 // frames that are no segment of the server, or have a wrong checksum
}

// each calls f for each pair of fields.
func (c *Counters) each(o *Counters, f func(a, b *uint64)) {
	pairs := [...][2]*uint64{
		{&c.Sent, &o.Sent}, {&c.Unsent, &o.Unsent}, {&c.Retransmits, &o.Retransmits}, {&c.SynAcks, &o.SynAcks}, {&c.Accepted, &o.Accepted},
		{&c.Rejected, &o.Rejected}, {&c.Cookies, &o.Cookies}, {&c.NoCookie, &o.NoCookie}, {&c.Responses, &o.Responses},
		{&c.ResponseBytes, &o.ResponseBytes}, {&c.Completed, &o.Completed}, {&c.Resets, &o.Resets}, {&c.Timeouts, &o.Timeouts},
		{&c.Aborted, &o.Aborted}, {&c.Strays, &o.Strays}, {&c.Bad, &o.Bad},
	}
	for _, p := range pairs {
		f(p[0], p[1])
	}
}

// Add adds the counters of another engine.
func (c *Counters) Add(o Counters) { c.each(&o, func(a, b *uint64) { *a += *b }) }

// Sub takes away what was counted before.
func (c *Counters) Sub(o Counters) { c.each(&o, func(a, b *uint64) { *a -= *b }) }

// maxLatency is the longest time that a Latency tells from others.
const maxLatency = 10 * time.Minute

// A Latency is how long exchanges took. Each value is known to a thousandth of
// itself.
type Latency struct {
	h *hdrhistogram.Histogram // in nanoseconds
}

// NewLatency returns one of no exchanges.
func NewLatency() Latency { return Latency{hdrhistogram.New(1000, int64(maxLatency), 3)} }

func (l Latency) record(d time.Duration) {
	// Out of range cannot be: it is bounded here.
	_ = l.h.RecordValue(int64(min(max(d, 0), maxLatency)))
}

// Count returns how many exchanges there were.
func (l Latency) Count() int64 { return l.h.TotalCount() }

// At returns the time that so many percent of the exchanges took at most.
func (l Latency) At(percent float64) time.Duration {
	if l.h.TotalCount() == 0 {
		return 0
	}
	return time.Duration(l.h.ValueAtQuantile(percent))
}

// Max returns the longest time.
func (l Latency) Max() time.Duration {
	if l.h.TotalCount() == 0 {
		return 0
	}
	return time.Duration(l.h.Max())
}

// Take adds everything of another one, which is empty afterwards.
func (l Latency) Take(from Latency) {
	if from.h.TotalCount() == 0 {
		return
	}
	l.h.Merge(from.h)
	from.h.Reset()
}
