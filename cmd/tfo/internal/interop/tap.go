package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"tfocraft/cmd/tfo/internal/lab"
	"tfocraft/wire"
	"tfocraft/wire/follow"
	"tfocraft/wire/link"
	"tfocraft/wire/pcapng"
)

// A tap sees every segment of the case on the client's interface, follows the
// connections and keeps the frames in a file.
type tap struct {
	link *link.Packet
	name string // of the file
	done chan struct{}

	mu     sync.Mutex
	story  *follow.Follower
	text   strings.Builder // the exchange, a segment a line
	resets int
	file   *os.File
	writer *pcapng.Writer
	failed error
}

func openTap(host *lab.Host, file string) (*tap, error) {
	t := &tap{name: file, done: make(chan struct{}), story: follow.New()}
	var err error
	if t.file, err = os.Create(file); err != nil {
		return nil, err
	}
	t.writer, err = pcapng.NewWriter(t.file, pcapng.Interface{Name: host.Interface, LinkType: wire.LinkEthernet})
	if err == nil {
		err = host.Do(func() (err error) {
			t.link, err = link.Open(host.Interface, &link.Config{
				Tap: true, Filter: &link.Filter{Ports: []link.PortRange{link.Port(wirePort)}, Either: true},
			})
			return err
		})
	}
	if err != nil {
		return nil, errors.Join(err, t.file.Close())
	}
	go t.read()
	return t, nil
}

func (t *tap) read() {
	defer close(t.done)
	batch := make([]link.Frame, 64)
	for {
		n, err := t.link.ReadFrames(batch)
		t.mu.Lock()
		for i := range batch[:n] {
			t.failed = errors.Join(t.failed, t.frame(&batch[i]))
		}
		if err != nil && !errors.Is(err, net.ErrClosed) {
			t.failed = errors.Join(t.failed, err)
		}
		t.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// frame takes the next frame; t.mu is held.
func (t *tap) frame(f *link.Frame) error {
	direction := pcapng.In
	if f.Outgoing {
		direction = pcapng.Out
	}
	if err := t.writer.Write(f.Data, f.Time, 0, direction); err != nil {
		return err
	}
	p, err := wire.ParseFrame(f.Data)
	if err != nil {
		return err
	}
	line := t.story.Frame(f.Time, &p)
	way := "<"
	if f.Outgoing {
		way = ">"
	}
	fmt.Fprintf(&t.text, "#%d %+.6f %s %s\n", line.Connection, line.At.Seconds(), way, line.Text)
	if p.TCP.Flags.Has(wire.RST) {
		t.resets++
	}
	return nil
}

// A seen is what a tap has seen.
type seen struct {
	conns  []follow.Connection
	resets int
	text   string
}

func (t *tap) seen() seen {
	t.mu.Lock()
	defer t.mu.Unlock()
	return seen{t.story.Connections(), t.resets, t.text.String()}
}

// awaitClosed waits until the connections seen have ended, and for a while if
// they do not.
func (t *tap) awaitClosed(patience time.Duration) {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		open := false
		for _, c := range t.seen().conns {
			open = open || c.Closed.IsZero()
		}
		if !open {
			return
		}
	}
}

// finish ends the capture; the file is whole then.
func (t *tap) finish() error {
	err := t.link.Close()
	<-t.done
	return errors.Join(t.failed, err, t.writer.Flush())
}

func (t *tap) close() error {
	t.link.Close() // may be the second time
	<-t.done
	return t.file.Close()
}
