package scenario

import (
	"fmt"
	"time"

	"tfocraft/cmd/tfo/internal/story"
	"tfocraft/wire/bilingual"
)

// A Wait is how long a request takes, from the departure of the SYN: until the server has its first byte, and until the
// client has the first byte of the response.
type Wait struct{ Request, Response time.Duration }

// A Measurement compares the same request with a three-way handshake and with Fast Open.
type Measurement struct {
	Stack Side
	RTT   time.Duration
	Runs  int // exchanges of each kind
	// Trip is the round trip that the exchanges had, hosts included: from the departure of the SYN to the arrival of the
	// SYN-ACK at the same end, the median.
	Trip time.Duration
	// Plain and FastOpen are medians, taken from the frames at both ends of the path.
	Plain, FastOpen Wait
	// AppPlain and AppFastOpen are what the applications saw: from the client's call until the server's application had the
	// request, and until that of the client had the first byte of the response.
	AppPlain, AppFastOpen Wait
}

// Saved is what Fast Open saves.
func (m *Measurement) Saved() Wait { return m.Plain.less(m.FastOpen) }

// AppSaved is what the applications see of it.
func (m *Measurement) AppSaved() Wait { return m.AppPlain.less(m.AppFastOpen) }

func (w Wait) less(v Wait) Wait { return Wait{w.Request - v.Request, w.Response - v.Response} }

// within reports whether both times are as expected, give or take some.
func (w Wait) within(want, some time.Duration) bool {
	return (w.Request-want).Abs() <= some && (w.Response-want).Abs() <= some
}

// Saving is the measurement as a story has it.
func (m *Measurement) Saving() story.Saving {
	return story.Saving{
		Stack: m.Stack.String(), RTT: m.RTT, PlainRequest: m.Plain.Request, FastOpenRequest: m.FastOpen.Request,
		PlainResponse: m.Plain.Response, FastOpenResponse: m.FastOpen.Response,
	}
}

// What is expected: one round trip is saved at either side, give or take these shares of it. What the hosts do besides takes the
// same time on short paths, which are not judged therefore.
const (
	savesTolerance    = 0.03
	savesAppTolerance = 0.10
	savesJudged       = 10 * time.Millisecond
)

func share(d time.Duration, of float64) time.Duration { return time.Duration(of * float64(d)) }

func (m *Measurement) isJudged() bool { return m.RTT >= savesJudged }

// saves reports whether times are what is expected, within a share of a round trip.
func (m *Measurement) saves(saved Wait, tolerance float64) bool {
	return saved.within(m.Trip, share(m.Trip, tolerance))
}

func (m *Measurement) asExpected() bool {
	return m.saves(m.Saved(), savesTolerance) && m.saves(m.AppSaved(), savesAppTolerance)
}

// Checks judge the measurement. There are none for round-trip times below 10 ms.
func (m *Measurement) Checks() []story.Check {
	if !m.isJudged() {
		return nil
	}
	check := func(what bilingual.Text, saved Wait, tolerance float64) story.Check {
		return story.Check{
			What: bilingual.Format("%s, RTT %v: %s, within %.0f %%", "%s，RTT %v：%s，误差 %.0f %% 以内", m.Stack, m.RTT, what, 100*tolerance),
			Seen: fmt.Sprintf("%.3f, %.3f round trips", m.Trips(saved.Request), m.Trips(saved.Response)),
			OK:   m.saves(saved, tolerance),
		}
	}
	return []story.Check{
		check(bilingual.T("request and response arrive one round trip earlier", "请求和响应都早一个往返到达"), m.Saved(), savesTolerance),
		check(bilingual.T("and so the applications have them", "应用得到它们也是如此"), m.AppSaved(), savesAppTolerance),
	}
}

// Trips is a time in round trips of the exchanges.
func (m *Measurement) Trips(d time.Duration) float64 { return d.Seconds() / m.Trip.Seconds() }
