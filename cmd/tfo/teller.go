package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"tfocraft/cmd/tfo/internal/scenario"
	"tfocraft/wire/bilingual"
	"tfocraft/wire/follow"
)

// ordinals are the headings of the connections.
var ordinals = []string{"First", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh", "Eighth", "Ninth"}

// tableWidth is how many connections are compared side by side.
const tableWidth = 4

// pageWidth is how wide what is said between the segments may be.
const pageWidth = 100

// A teller prints a scenario as it is played.
type teller struct {
	w        io.Writer
	json     bool
	verbose  bool
	scenario *scenario.Scenario
	config   scenario.Config

	begun  bool
	last   int // number of the connection that was told of last
	told   int // the highest number so far
	failed error
}

func newTeller(w io.Writer, l *labFlags, sc *scenario.Scenario, cfg scenario.Config) *teller {
	return &teller{w: w, json: l.json, verbose: l.verbose, scenario: sc, config: cfg}
}

// event tells of one thing. Frames without TCP are no part of the story.
func (t *teller) event(e *scenario.Event) {
	if t.failed != nil {
		return
	}
	switch {
	case !e.Note.IsZero():
		t.failed = t.note(e.Note.En)
	case e.Line != nil:
		t.failed = t.segment(e)
	}
}

func (t *teller) segment(e *scenario.Event) error {
	from, to := "client", "server"
	if !e.Line.FromClient {
		from, to = to, from
	}
	if t.json {
		return printJSON(t.w, struct {
			Type   string `json:"type"`
			TimeUS int64  `json:"time_us"`
			From   string `json:"from"`
			To     string `json:"to"`
			Text   string `json:"text"`
			Reason string `json:"reason"`
			Fate   string `json:"fate,omitempty"`
		}{"segment", e.Line.At.Microseconds(), from, to, e.Line.Text, e.Line.Reason.En, e.Frame.Befell().En})
	}
	if err := t.heading(e.Line.Connection); err != nil {
		return err
	}
	line := *e.Line
	line.Reason = bilingual.Join(line.Reason, e.Frame.Befell())
	layout := briefLine
	if t.verbose {
		layout = segmentLine
	}
	_, err := io.WriteString(t.w, layout(&line, from+" > "+to))
	return err
}

// begin says what is to be seen.
func (t *teller) begin() error {
	if t.begun {
		return nil
	}
	t.begun = true
	sides := t.config.Sides
	text := fmt.Sprintf("%s: %s (client: %v, server: %v)\n", t.scenario.Name, t.scenario.Title.En, sides.Client, sides.Server)
	text += fold(strings.Fields(t.scenario.About.En), pageWidth) + "\n"
	if !t.verbose {
		text += "Timestamps and padding are left out of the segments; -v shows them.\n"
	}
	_, err := io.WriteString(t.w, text)
	return err
}

// note says something between the segments, line by line.
func (t *teller) note(text string) error {
	if t.json {
		return printJSON(t.w, struct {
			Type string `json:"type"`
			Text string `json:"text"`
		}{"note", text})
	}
	err := t.begin()
	t.last = 0
	_, werr := fmt.Fprintf(t.w, "\n  %s\n", strings.ReplaceAll(text, "\n", "\n  "))
	return errors.Join(err, werr)
}

// heading stands above the segments of a connection.
func (t *teller) heading(connection int) error {
	if err := t.begin(); err != nil || connection == t.last {
		return err
	}
	more := ""
	if connection <= t.told {
		more = ", continued"
	}
	t.last, t.told = connection, max(t.told, connection)
	_, err := fmt.Fprintf(t.w, "\n%s connection%s\n", ordinal(connection), more)
	return err
}

// ordinal names a connection.
func ordinal(connection int) string {
	if connection <= len(ordinals) {
		return ordinals[connection-1]
	}
	return fmt.Sprintf("%dth", connection)
}

// finish compares the connections, and says what was expected and whether it was seen.
func (t *teller) finish(r *scenario.Result) error {
	if t.failed != nil {
		return t.failed
	}
	if t.json {
		return errors.Join(t.connectionsJSON(r), t.checksJSON(r))
	}
	if r.Hidden > 0 {
		if _, err := fmt.Fprintf(t.w, "\n  %d segments of more connections of the same kind are not shown.\n", r.Hidden); err != nil {
			return err
		}
	}
	return errors.Join(t.compare(r), t.checks(r))
}

// compare puts the connections side by side, those of exchanges if there are very many, as many as the page holds.
func (t *teller) compare(r *scenario.Result) error {
	conns := r.Connections
	if len(conns) > 2*tableWidth {
		conns = nil
		for _, x := range r.Exchanges {
			conns = append(conns, x.Connection)
		}
	}
	for len(conns) > 0 {
		n := min(len(conns), tableWidth)
		if _, err := fmt.Fprintln(t.w); err != nil {
			return err
		}
		if err := printTable(t.w, follow.Table(conns[:n])); err != nil {
			return err
		}
		conns = conns[n:]
	}
	return nil
}

// checks are printed with a mark each.
func (t *teller) checks(r *scenario.Result) error {
	var text strings.Builder
	for i, c := range r.Checks {
		if i == 0 {
			text.WriteString("\nExpected, and seen:\n")
		}
		mark := "ok"
		if !c.OK {
			mark = "NOT SEEN"
		}
		fmt.Fprintf(&text, "  %-8s  %s (%s)\n", mark, c.What.En, c.Seen)
	}
	_, err := io.WriteString(t.w, text.String())
	return err
}

func (t *teller) checksJSON(r *scenario.Result) error {
	for _, c := range r.Checks {
		err := printJSON(t.w, struct {
			Type string `json:"type"`
			What string `json:"what"`
			Seen string `json:"seen"`
			OK   bool   `json:"ok"`
		}{"check", c.What.En, c.Seen, c.OK})
		if err != nil {
			return err
		}
	}
	return nil
}

// connectionsJSON prints the connections that were seen, and exchanges of which nothing was.
func (t *teller) connectionsJSON(r *scenario.Result) error {
	for i := range r.Connections {
		line := resultFromWire(&r.Connections[i])
		for _, x := range r.Exchanges {
			if x.Number == line.Attempt {
				line.setExchange(&x)
			}
		}
		if err := t.connectionJSON(&line); err != nil {
			return err
		}
	}
	for _, x := range r.Exchanges {
		if x.Number != 0 {
			continue
		}
		line := newResult(0, "")
		line.setExchange(&x)
		if err := t.connectionJSON(&line); err != nil {
			return err
		}
	}
	return nil
}

func (t *teller) connectionJSON(line *result) error {
	line.Type = "connection"
	return printJSON(t.w, line)
}

// setExchange takes what the client got on a connection.
func (r *result) setExchange(x *scenario.Exchange) {
	r.Reply = append(r.Reply, x.Reply[:min(len(x.Reply), replyKept)]...)
	if x.Err != nil {
		r.Error, _ = words(x.Err)
	}
}
