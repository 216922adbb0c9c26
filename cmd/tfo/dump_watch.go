package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"tfocraft/wire"
	"tfocraft/wire/link"
	"tfocraft/wire/pcapng"
)

// dumpBuffer holds what comes while a slow terminal is printed to, in bytes.
const dumpBuffer = 32 << 20

// A dumpWatch explains what passes an interface.
type dumpWatch struct {
	link   *link.Packet
	e      *explainer
	keep   *observer
	stderr io.Writer
	count  int // of frames to be shown; 0 for any number
	seen   int
	whole  []byte // a frame whose checksum was finished
}

func (d *dumpFlags) open(cmd *cobra.Command, e *explainer, filter *link.Filter) (*dumpWatch, error) {
	l, err := link.Open(d.ifname, &link.Config{Tap: true, Filter: filter, ReceiveBuffer: dumpBuffer})
	if err != nil {
		return nil, err
	}
	observe := observeFlags{pcap: d.pcap}
	keep, err := observe.open(nil, l.Name())
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return &dumpWatch{link: l, e: e, keep: keep, stderr: cmd.ErrOrStderr(), count: d.count}, nil
}

// run watches until the context ends or enough was shown, and then sums up.
func (w *dumpWatch) run(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, w.link.Close(), w.keep.close()) }()
	// A reader who has gone away, as behind "| head", is an error of the next write, so that what is
	// kept in a file is not lost.
	gone := make(chan os.Signal, 1)
	signal.Notify(gone, syscall.SIGPIPE)
	defer signal.Stop(gone)

	stop := context.AfterFunc(ctx, func() { w.link.SetReadDeadline(longAgo) })
	defer stop()
	complain(w.stderr, "watching %s; an interrupt (Ctrl-C) ends it", w.link.Name())
	err = w.watch(ctx)
	if errors.Is(err, syscall.EPIPE) {
		return &failure{code: exitFailed, err: errSilent}
	}
	return errors.Join(err, w.e.finish(), w.lost(), w.e.writePage())
}

func (w *dumpWatch) watch(ctx context.Context) error {
	var batch [64]link.Frame
	for {
		n, err := w.link.ReadFrames(batch[:])
		for i := range batch[:n] {
			if err := w.take(&batch[i]); err != nil {
				return err
			}
			if w.count > 0 && w.e.shown >= w.count {
				return nil
			}
		}
		switch {
		case ctx.Err() != nil, errors.Is(err, net.ErrClosed):
			return nil
		case err != nil:
			return err
		}
	}
}

// take explains a frame, and keeps it if it is shown.
func (w *dumpWatch) take(f *link.Frame) error {
	data := f.Data
	if f.Partial {
		w.whole = link.Complete(w.whole[:0], data)
		data = w.whole
	}
	direction := pcapng.In
	if f.Outgoing {
		direction = pcapng.Out
	}
	w.seen++
	shown := w.e.shown
	err := w.e.take(w.seen, &pcapng.Frame{
		Data: data, Length: len(data), Time: f.Time, LinkType: wire.LinkEthernet, Direction: direction,
	})
	if keep := w.keep.frame(); keep != nil && w.e.shown > shown {
		keep(data, f.Time, f.Outgoing)
	}
	return err
}

// lost says how much was seen, and how much was not.
func (w *dumpWatch) lost() error {
	stats, err := w.link.Stats()
	if err != nil {
		return err
	}
	more := ""
	if stats.Oversize > 0 {
		more = fmt.Sprintf(", %d longer than 64 KiB left out", stats.Oversize)
	}
	complain(w.stderr, "%d frames seen, %d shown, %d dropped by the kernel%s", w.seen, w.e.shown, stats.Dropped, more)
	return nil
}
