package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"tfocraft/wire"
	"tfocraft/wire/follow"
)

// labConnections is how many connections a lab makes.
const labConnections = 2

// ordinals are the headings of the connections.
var ordinals = [labConnections]string{"First", "Second"}

// A teller tells the story of a lab from the frames on its cable.
type teller struct {
	w       io.Writer
	json    bool
	verbose bool
	sides   string
	remote  string // the server's address

	mu     sync.Mutex
	story  *follow.Follower
	last   int // number of the connection that was told of last
	told   int // the highest number so far
	failed error
	heard  []heard                       // of each connection
	closed [labConnections]chan struct{} // when it has closed
}

// heard is what the client got on a connection.
type heard struct {
	reply []byte
	err   error
}

func newTeller(w io.Writer, l *labFlags, remote string) *teller {
	t := &teller{
		w: w, json: l.json, verbose: l.verbose, remote: remote, story: follow.New(),
		sides: fmt.Sprintf("client: %s, server: %s", whose(l.client), whose(l.server)),
	}
	for i := range t.closed {
		t.closed[i] = make(chan struct{})
	}
	return t
}

func whose(side string) string {
	if side == "kernel" {
		return "Linux"
	}
	return "tfocraft"
}

// frame tells of one frame; those without TCP are no part of the story.
func (t *teller) frame(frame []byte, at time.Time) {
	p, err := wire.ParseFrame(frame)
	if err != nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	line := t.story.Frame(at, &p)
	if err := t.tell(&line); err != nil && t.failed == nil {
		t.failed = err
	}
	t.noteClosed()
}

func (t *teller) noteClosed() {
	for i, c := range t.story.Connections() {
		if i >= labConnections || c.Closed.IsZero() {
			continue
		}
		select {
		case <-t.closed[i]:
		default:
			close(t.closed[i])
		}
	}
}

// awaitClosed waits until a connection, counted from 0, is told to its end; not
// forever, since a side may leave it open.
func (t *teller) awaitClosed(ctx context.Context, connection int) {
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	select {
	case <-t.closed[connection]:
	case <-ctx.Done():
	}
}

func (t *teller) tell(line *follow.Line) error {
	from, to := "client", "server"
	if !line.FromClient {
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
		}{"segment", line.At.Microseconds(), from, to, line.Text, line.Reason.En})
	}
	if err := t.heading(line.Connection); err != nil {
		return err
	}
	layout := briefLine
	if t.verbose {
		layout = segmentLine
	}
	_, err := io.WriteString(t.w, layout(line, from+" > "+to))
	return err
}

// heading stands above the segments of a connection.
func (t *teller) heading(connection int) error {
	if connection == t.last {
		return nil
	}
	title, more := "", ""
	if t.last == 0 {
		title = fmt.Sprintf("TCP Fast Open between two hosts on this machine (%s)\n", t.sides)
		if !t.verbose {
			title += "Timestamps and padding are left out of the segments; -v shows them.\n"
		}
	}
	if connection <= t.told {
		more = ", continued"
	}
	t.last, t.told = connection, max(t.told, connection)
	_, err := fmt.Fprintf(t.w, "%s\n%s connection%s\n", title, ordinal(connection), more)
	return err
}

// ordinal names a connection. There are more of them than planned if a client
// tries again.
func ordinal(connection int) string {
	if connection <= len(ordinals) {
		return ordinals[connection-1]
	}
	return fmt.Sprintf("One more (%d)", connection)
}

// replied keeps what the client got on a connection.
func (t *teller) replied(reply []byte, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.heard = append(t.heard, heard{reply, err})
}

// finish compares the connections.
func (t *teller) finish() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.failed != nil {
		return t.failed
	}
	conns := t.story.Connections()
	if t.json {
		return t.finishJSON(conns)
	}
	if len(conns) == 0 {
		return nil
	}
	if _, err := fmt.Fprintln(t.w); err != nil {
		return err
	}
	return printTable(t.w, follow.Table(conns))
}

// finishJSON prints the connections that were seen, and those that somebody
// tried to make.
func (t *teller) finishJSON(conns []follow.Connection) error {
	for i := range max(len(conns), len(t.heard)) {
		r := newResult(i+1, t.remote)
		if i < len(conns) {
			r = resultFromWire(&conns[i])
		}
		if i < len(t.heard) {
			h := t.heard[i]
			r.Reply = append(r.Reply, h.reply[:min(len(h.reply), replyKept)]...)
			if h.err != nil {
				r.Error, _ = words(h.err)
			}
		}
		r.Type = "connection"
		if err := printJSON(t.w, r); err != nil {
			return err
		}
	}
	return nil
}
