package main

import (
	"errors"
	"net"

	"tfocraft/cmd/tfo/internal/lab"
	"tfocraft/wire/link"
)

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
		return nil, errors.Join(err, file.discard())
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

// close stops watching. Whatever is still to come has to be waited for before.
func (w *watch) close() error {
	return errors.Join(w.link.Close(), <-w.done, w.file.close())
}
