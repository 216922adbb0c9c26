package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"

	"tfocraft/handshake/load"
	"tfocraft/handshake/load/runner"
)

// A loadOutput prints how a run goes and what came of it.
type loadOutput struct {
	bar   *progressbar.ProgressBar // nil without a terminal
	phase string                   // that the bar is about
	asked runner.Figures           // of learning
	begun bool                     // what happens is said
}

// loadLatency is a latency in JSON, in microseconds.
type loadLatency struct {
	P50 float64 `json:"p50"`
	P90 float64 `json:"p90"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

func newLoadLatency(l load.Latency) loadLatency {
	us := func(d time.Duration) float64 { return float64(d.Nanoseconds()/100) / 10 }
	return loadLatency{us(l.At(50)), us(l.At(90)), us(l.At(99)), us(l.Max())}
}

// loadCounts are the counters in JSON.
type loadCounts struct {
	Sent          uint64 `json:"sent"`
	Unsent        uint64 `json:"unsent"`
	Retransmits   uint64 `json:"retransmits"`
	SynAcks       uint64 `json:"synacks"`
	Accepted      uint64 `json:"accepted"`
	Rejected      uint64 `json:"rejected"`
	Cookies       uint64 `json:"cookies"`
	NoCookie      uint64 `json:"no_cookie"`
	Responses     uint64 `json:"responses"`
	ResponseBytes uint64 `json:"response_bytes"`
	Completed     uint64 `json:"completed"`
	Resets        uint64 `json:"resets"`
	Timeouts      uint64 `json:"timeouts"`
	Aborted       uint64 `json:"aborted"`
	Strays        uint64 `json:"strays"`
	SendErrors    uint64 `json:"send_errors"`
}

func newLoadCounts(c load.Counters, sendErrors uint64) loadCounts {
	return loadCounts{
		c.Sent, c.Unsent, c.Retransmits, c.SynAcks, c.Accepted, c.Rejected, c.Cookies, c.NoCookie, c.Responses, c.ResponseBytes,
		c.Completed, c.Resets, c.Timeouts, c.Aborted, c.Strays, sendErrors,
	}
}

// loadProgress is a line of a second.
type loadProgress struct {
	Type  string  `json:"type"` // progress
	Phase string  `json:"phase"`
	TimeS float64 `json:"time_s"`
	loadCounts
	InFlight  int         `json:"in_flight"`
	Rate      float64     `json:"rate"`
	LatencyUS loadLatency `json:"latency_us"`
}

// loadResult is the last line.
type loadResult struct {
	Type   string `json:"type"`  // result
	Phase  string `json:"phase"` // run, or learn if it ended there
	Mode   string `json:"mode"`
	Server string `json:"server"`
	loadCounts
	Learnt      uint64      `json:"learnt"` // cookies, before the first exchange
	Received    uint64      `json:"received"`
	Dropped     uint64      `json:"dropped"`
	DurationS   float64     `json:"duration_s"`
	Rate        float64     `json:"rate"`
	LatencyUS   loadLatency `json:"latency_us"`
	FirstByteUS loadLatency `json:"first_byte_us"`
	Clients     int         `json:"clients"`
	Seed        uint64      `json:"seed"`
	Method      string      `json:"method"`
}

// begin says, once, what is going to happen.
func (o *loadOutput) begin(l *loader) {
	if o.begun {
		return
	}
	o.begun = true
	ports := ""
	if !l.anyPorts || len(l.own) > 0 {
		ports = fmt.Sprintf(", ports %d-%d", l.Ports.First, l.Ports.Last)
	}
	cookies := ", cookies: " + l.cookies
	if l.Mode == load.Request {
		cookies = ""
	}
	complain(l.cmd.ErrOrStderr(), "%v with %v from %d clients (%v%s)%s, seed %d", l.Mode, l.Server, l.Clients.Len(), l.Clients, ports, cookies, l.Seed)
	if stderr := l.cmd.ErrOrStderr(); !l.flags.json && l.flags.pcapOut == "" && isTerminal(stderr) {
		o.bar = newBar(stderr)
	}
}

func newBar(w io.Writer) *progressbar.ProgressBar {
	return progressbar.NewOptions64(1, progressbar.OptionSetWriter(w), progressbar.OptionSetWidth(24),
		progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false), progressbar.OptionClearOnFinish())
}

// end takes the bar away.
func (o *loadOutput) end() {
	if o.bar != nil {
		// It is only what is on the screen.
		_ = o.bar.Clear()
		o.bar = nil
	}
}

func (o *loadOutput) warn(l *loader, err error) {
	if o.bar != nil {
		_ = o.bar.Clear()
	}
	complain(l.cmd.ErrOrStderr(), "%v", plain(err))
}

// second shows how it goes.
func (o *loadOutput) second(l *loader, phase string, c load.Config, s runner.Second) {
	done := s.Completed
	if c.Mode == load.Syn {
		done = s.Sent
	}
	rate := float64(done) / s.In.Seconds()
	if l.flags.json {
		// What cannot be printed now fails with the result, too.
		_ = printJSON(l.cmd.OutOrStdout(), loadProgress{
			"progress", phase, seconds(s.At), newLoadCounts(s.Counters, s.SendErrors), s.InFlight, round(rate), newLoadLatency(s.Latency),
		})
		return
	}
	if o.bar == nil {
		return
	}
	at, all := int64(s.Total.Sent), int64(c.Count)
	if c.Duration > 0 {
		at, all = s.At.Milliseconds(), c.Duration.Milliseconds()
	}
	if o.phase != phase {
		o.phase = phase
		o.bar.Reset()
	}
	o.bar.ChangeMax64(max(all, 1))
	o.bar.Describe(fmt.Sprintf("%s %.0f/s", phase, rate))
	_ = o.bar.Set64(min(at, max(all, 1)-1)) // the end clears it
}

// learnt says how many clients have a cookie.
func (o *loadOutput) learnt(l *loader, f runner.Figures) {
	o.asked = f
	if n := l.Learn.Len(); n > 0 {
		if o.bar != nil {
			_ = o.bar.Clear()
		}
		rest := ""
		if f.GaveUp {
			rest = fmt.Sprintf(": %d got no answer, and learning ends there; the other %d have none and take no part", f.Timeouts, l.Clients.Len()-n)
		}
		complain(l.cmd.ErrOrStderr(), "%d of %d clients have a cookie after %.1f s%s", n, l.Clients.Len(), f.Elapsed.Seconds(), rest)
	}
}

// seconds and round leave out digits that nobody has measured.
func seconds(d time.Duration) float64 { return float64(d.Milliseconds()) / 1000 }

func round(f float64) float64 { return float64(int64(f*10+.5)) / 10 }

// result prints the figures of a phase in a mode.
func (o *loadOutput) result(l *loader, phase string, mode load.Mode, f runner.Figures) error {
	o.end()
	if l.flags.json {
		rate := round(f.Rate())
		if l.flags.pcapOut != "" { // nobody has sent anything
			rate = 0
		}
		return printJSON(l.cmd.OutOrStdout(), loadResult{
			Type: "result", Phase: phase, Mode: mode.String(), Server: l.Server.String(), loadCounts: newLoadCounts(f.Counters, f.SendErrors),
			Learnt: o.asked.Cookies, Received: f.Received, Dropped: f.Dropped, DurationS: seconds(f.Elapsed), Rate: rate,
			LatencyUS: newLoadLatency(f.Latency), FirstByteUS: newLoadLatency(f.FirstByte), Clients: l.Clients.Len(), Seed: l.Seed,
			Method: f.Method,
		})
	}
	_, err := io.WriteString(l.cmd.OutOrStdout(), loadTable(l, mode, f))
	return err
}

// loadMissing says of which exchanges there are no times, if there are any: in an open
// loop of those that were reset, given up, or never begun; otherwise also of those that
// timed out.
func loadMissing(l *loader, f runner.Figures, n int64) string {
	planned := f.Sent + f.Unsent
	if uint64(n) >= planned && f.Timeouts == 0 {
		return ""
	}
	text := fmt.Sprintf(" (of %d of %d", n, planned)
	if l.Rate > 0 {
		text += " planned"
		if f.Timeouts > 0 {
			text += fmt.Sprintf(", %d of them timed out", f.Timeouts)
		}
	}
	return text + ")"
}

// loadTable is the result for people. What did not happen is left out, but for what
// everybody asks about.
func loadTable(l *loader, mode load.Mode, f runner.Figures) string {
	var b strings.Builder
	row := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-24s"+format+"\n", append([]any{name}, args...)...)
	}
	count := func(name string, n uint64, always bool) {
		if n > 0 || always {
			row(name, "%d", n)
		}
	}
	waits := mode != load.Syn && l.flags.pcapOut == ""
	exchanges := mode == load.Exchange && waits
	count("SYNs", f.Sent, true)
	count("not begun in time", f.Unsent, false)
	count("sent again", f.Retransmits, false)
	count("answered (SYN-ACK)", f.SynAcks, waits)
	count("data accepted", f.Accepted, exchanges)
	count("data not accepted", f.Rejected, exchanges && f.Accepted == 0)
	count("cookies received", f.Cookies, mode == load.Request && waits)
	count("answers without cookie", f.NoCookie, false)
	count("responses", f.Responses, exchanges)
	count("bytes of responses", f.ResponseBytes, false)
	count("completed", f.Completed, waits)
	count("reset by the server", f.Resets, false)
	count("timed out", f.Timeouts, false)
	count("given up at the end", f.Aborted, false)
	count("not sent (errors)", f.SendErrors, false)
	count("received and lost here", f.Dropped, false)
	row("time", "%.1f s", f.Elapsed.Seconds())
	what := map[load.Mode]string{load.Request: "cookies", load.Syn: "SYNs", load.Exchange: "exchanges"}[mode]
	if l.flags.pcapOut == "" { // nobody has sent anything
		row("rate", "%.0f %s/s (%s)", f.Rate(), what, f.Method)
	}
	latency := func(name string, t load.Latency) {
		if t.Count() > 0 {
			q := newLoadLatency(t)
			row(name, "50%% %.0f us, 90%% %.0f us, 99%% %.0f us, max %.0f us%s", q.P50, q.P90, q.P99, q.Max, loadMissing(l, f, t.Count()))
		}
	}
	latency("first byte after", f.FirstByte)
	latency(map[load.Mode]string{load.Request: "cookie after", load.Exchange: "whole response after"}[mode], f.Latency)
	return b.String()
}
