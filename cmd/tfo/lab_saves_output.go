package main

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"

	"tfocraft/cmd/tfo/internal/scenario"
	"tfocraft/cmd/tfo/internal/story"
)

// A savesBar shows on a terminal how far a measurement is.
type savesBar struct{ bar *progressbar.ProgressBar } // nil without a terminal

func newSavesBar(w io.Writer, exchanges int) *savesBar {
	if !isTerminal(w) {
		return &savesBar{}
	}
	bar := newBar(w)
	bar.ChangeMax(exchanges)
	return &savesBar{bar}
}

// done counts an exchange. What cannot be drawn is only on the screen.
func (b *savesBar) done() {
	if b.bar != nil {
		_ = b.bar.Add(1)
	}
}

func (b *savesBar) end() {
	if b.bar != nil {
		_ = b.bar.Clear()
	}
}

// savesLine is a measurement in JSON.
type savesLine struct {
	Type              string  `json:"type"` // saving
	Stack             string  `json:"stack"`
	RTTUS             int64   `json:"rtt_us"`
	MeasuredRTTUS     int64   `json:"measured_rtt_us"`
	Runs              int     `json:"runs"`
	PlainRequestUS    int64   `json:"plain_request_us"`
	FastOpenRequestUS int64   `json:"fast_open_request_us"`
	SavedRequestUS    int64   `json:"saved_request_us"`
	SavedRequest      float64 `json:"saved_request_round_trips"`

	PlainResponseUS    int64   `json:"plain_response_us"`
	FastOpenResponseUS int64   `json:"fast_open_response_us"`
	SavedResponseUS    int64   `json:"saved_response_us"`
	SavedResponse      float64 `json:"saved_response_round_trips"`

	AppPlainRequestUS     int64 `json:"app_plain_request_us"`
	AppFastOpenRequestUS  int64 `json:"app_fast_open_request_us"`
	AppPlainResponseUS    int64 `json:"app_plain_response_us"`
	AppFastOpenResponseUS int64 `json:"app_fast_open_response_us"`
}

func newSavesLine(m *scenario.Measurement) savesLine {
	saved := m.Saved()
	return savesLine{
		Type: "saving", Stack: m.Stack.String(), RTTUS: m.RTT.Microseconds(), MeasuredRTTUS: m.Trip.Microseconds(), Runs: m.Runs,
		PlainRequestUS: m.Plain.Request.Microseconds(), FastOpenRequestUS: m.FastOpen.Request.Microseconds(),
		SavedRequestUS: saved.Request.Microseconds(), SavedRequest: m.Trips(saved.Request),
		PlainResponseUS: m.Plain.Response.Microseconds(), FastOpenResponseUS: m.FastOpen.Response.Microseconds(),
		SavedResponseUS: saved.Response.Microseconds(), SavedResponse: m.Trips(saved.Response),
		AppPlainRequestUS: m.AppPlain.Request.Microseconds(), AppFastOpenRequestUS: m.AppFastOpen.Request.Microseconds(),
		AppPlainResponseUS: m.AppPlain.Response.Microseconds(), AppFastOpenResponseUS: m.AppFastOpen.Response.Microseconds(),
	}
}

// print prints what was measured, and how it compares with what was expected.
func (s *savesFlags) print(w io.Writer, all []scenario.Measurement, checks []story.Check) error {
	judge := teller{w: w, json: s.json}
	result := scenario.Result{Checks: checks}
	if s.json {
		for i := range all {
			if err := printJSON(w, newSavesLine(&all[i])); err != nil {
				return err
			}
		}
		return judge.checksJSON(&result)
	}
	if err := s.printTables(w, all); err != nil {
		return err
	}
	return judge.checks(&result)
}

// printTables prints the same in milliseconds and in round trips.
func (s *savesFlags) printTables(w io.Writer, all []scenario.Measurement) error {
	for _, t := range []struct {
		title string
		cell  func(*scenario.Measurement, time.Duration) string
	}{
		{"Milliseconds since the SYN left, until the server has the request and until the client has the response (medians):\n\n", func(_ *scenario.Measurement, d time.Duration) string {
			return fmt.Sprintf("%.2f", d.Seconds()*1000)
		}},
		{"\nThe same in round trips, as long as that from SYN to SYN-ACK:\n\n", func(m *scenario.Measurement, d time.Duration) string {
			if m.RTT == 0 {
				return "-"
			}
			return fmt.Sprintf("%.2f", m.Trips(d))
		}},
	} {
		if _, err := io.WriteString(w, t.title); err != nil {
			return err
		}
		if err := printTable(w, savesRows(all, t.cell)); err != nil {
			return err
		}
	}
	return nil
}

// savesRows are a table of times as cell prints them.
func savesRows(all []scenario.Measurement, cell func(*scenario.Measurement, time.Duration) string) [][]string {
	rows := [][]string{
		{"", "", "", "request", "", "", "response", "", ""},
		{"RTT", "stack", "SYN to SYN-ACK", "handshake", "Fast Open", "saved", "handshake", "Fast Open", "saved"},
	}
	for i := range all {
		m := &all[i]
		row := []string{m.RTT.String(), m.Stack.String()}
		saved := m.Saved()
		for _, d := range []time.Duration{
			m.Trip, m.Plain.Request, m.FastOpen.Request, saved.Request, m.Plain.Response, m.FastOpen.Response, saved.Response,
		} {
			row = append(row, cell(m, d))
		}
		rows = append(rows, row)
	}
	return rows
}
