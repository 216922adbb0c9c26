package main

import (
	"errors"
	"net"
	"time"

	"tfocraft/cmd/tfo/internal/lab"
	"tfocraft/wire/link"
)

// settleTime bounds the wait for the last segments of a story.
const settleTime = 2 * time.Second

// A watch reads everything that passes one end of a lab's cable.
type watch struct {
	link   link.Link
	teller *teller
	file   *observer
	done   chan error
}

// watchHost begins to watch before anything is sent.
func watchHost(host *lab.Host, pcap string, t *teller) (*watch, error) {
	flags := observeFlags{pcap: pcap}
	file, err := flags.open(nil, host.Interface)
	if err != nil {
		return nil, err
	}
	w := &watch{teller: t, file: file, done: make(chan error, 1)}
	err = host.Do(func() (err error) {
		w.link, err = link.Open(host.Interface, &link.Config{Tap: true})
		return err
	})
	if err != nil {
		return nil, errors.Join(err, file.close())
	}
	go func() { w.done <- w.read() }()
	return w, nil
}

func (w *watch) read() error {
	keep := w.file.frame()
	var batch [32]link.Frame
	var whole []byte
	for {
		n, err := w.link.ReadFrames(batch[:])
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, f := range batch[:n] {
			if keep != nil {
				data := f.Data
				if f.Partial {
					whole = link.Complete(whole[:0], data)
					data = whole
				}
				keep(data, f.Time, f.Outgoing)
			}
			w.teller.frame(f.Data, f.Time)
		}
	}
}

// close stops watching once the story is complete.
func (w *watch) close() error {
	select {
	case <-w.teller.closed:
	case <-time.After(settleTime):
	}
	return errors.Join(w.link.Close(), <-w.done, w.file.close())
}
