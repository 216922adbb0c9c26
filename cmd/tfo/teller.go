package main

import (
	"fmt"
	"io"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tfocraft/wire"
	"tfocraft/wire/follow"
)

// labConnections is how many connections a lab makes.
const labConnections = 2

// A teller tells the story of a lab from the frames on its cable.
type teller struct {
	w      io.Writer
	json   bool
	sides  string
	mu     sync.Mutex
	story  *follow.Follower
	last   int // number of the connection that was told of last
	failed error
	reply  [][]byte      // to each connection
	closed chan struct{} // when all connections have closed
	ended  bool
}

func newTeller(cmd *cobra.Command, l *labFlags) *teller {
	return &teller{
		w: cmd.OutOrStdout(), json: l.json, story: follow.New(), closed: make(chan struct{}),
		sides: fmt.Sprintf("client: %s, server: %s", whose(l.client), whose(l.server)),
	}
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
	t.checkClosed()
}

func (t *teller) checkClosed() {
	n := 0
	for _, c := range t.story.Connections() {
		if !c.Closed.IsZero() {
			n++
		}
	}
	if n == labConnections && !t.ended {
		t.ended = true
		close(t.closed)
	}
}

func (t *teller) tell(line *follow.Line) error {
	from, to := "client", "server"
	if !line.FromClient {
		from, to = to, from
	}
	if t.json {
		return printJSON(t.w, struct {
			Type       string `json:"type"`
			TimeUS     int64  `json:"time_us"`
			From       string `json:"from"`
			To         string `json:"to"`
			Connection int    `json:"connection"`
			Text       string `json:"text"`
			Reason     string `json:"reason"`
		}{"segment", line.At.Microseconds(), from, to, line.Connection, line.Text, line.Reason})
	}
	if line.Connection != t.last {
		t.last = line.Connection
		if err := t.heading(line.Connection); err != nil {
			return err
		}
	}
	_, err := io.WriteString(t.w, segmentLine(line, from+" > "+to))
	return err
}

// segmentLine is a segment for people: when, which way, what and why.
func segmentLine(line *follow.Line, way string) string {
	return fmt.Sprintf("%8.3f ms  %s  %s  // %s\n", float64(line.At.Microseconds())/1000, way, line.Text, line.Reason)
}

func (t *teller) heading(connection int) error {
	if connection == 1 {
		_, err := fmt.Fprintf(t.w, "TCP Fast Open between two hosts on this machine (%s)\n\nFirst connection\n", t.sides)
		return err
	}
	_, err := fmt.Fprintf(t.w, "\nSecond connection\n")
	return err
}

// replied keeps what the client got on a connection.
func (t *teller) replied(reply []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.reply = append(t.reply, reply)
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
		for i := range conns {
			r := resultFromWire(&conns[i])
			r.Type = "connection"
			if i < len(t.reply) {
				r.Reply = t.reply[i][:min(len(t.reply[i]), replyKept)]
			}
			if err := printJSON(t.w, r); err != nil {
				return err
			}
		}
		return nil
	}
	fmt.Fprintln(t.w)
	return printTable(t.w, follow.Table(conns))
}

func printTable(w io.Writer, rows [][]string) error {
	tw := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	for _, row := range rows {
		for i, cell := range row {
			if i > 0 {
				fmt.Fprint(tw, "\t")
			}
			fmt.Fprint(tw, cell)
		}
		fmt.Fprintln(tw)
	}
	return tw.Flush()
}
