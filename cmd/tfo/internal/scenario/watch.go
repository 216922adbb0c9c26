package scenario

import (
	"errors"
	"net"
	"slices"

	"tfocraft/wire/link"
)

// watch reads everything that passes the client's end of the cable.
func (s *Scene) watch() {
	var l link.Link
	err := s.lab.Client.Do(func() (err error) {
		l, err = link.Open(s.lab.Client.Interface, &link.Config{Tap: true})
		return err
	})
	if err != nil {
		s.fail(err)
		return
	}
	done := make(chan error, 1)
	go func() { done <- read(l, s.record) }()
	s.atEnd(func() error { return errors.Join(l.Close(), <-done) })
}

func read(l link.Link, r *recorder) error {
	var batch [32]link.Frame
	for {
		n, err := l.ReadFrames(batch[:])
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, f := range batch[:n] {
			data := slices.Clone(f.Data)
			if f.Partial {
				data = link.Complete(nil, f.Data)
			}
			r.frame(Frame{FromClient: f.Outgoing, Bytes: data, Departed: f.Time, Arrived: f.Time})
		}
	}
}
