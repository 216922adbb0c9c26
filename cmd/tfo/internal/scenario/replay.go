package scenario

import (
	"fmt"
	"time"

	"tfocraft/wire"
	"tfocraft/wire/follow"
	"tfocraft/wire/link"
	"tfocraft/wire/path"
)

// Replay sends the SYN of an exchange again, byte for byte, from the client's host, and returns what was seen of the
// connection that it opens, if it opens one.
func (s *Scene) Replay(x Exchange) Exchange {
	if s.over() {
		return Exchange{}
	}
	syn := s.record.syn(x.Number)
	if syn == nil {
		s.fail(fmt.Errorf("no SYN of connection %d was seen", x.Number))
		return Exchange{}
	}
	// A copy within copyWindow of package follow would pass for one that the path has made.
	s.wait(200 * time.Millisecond)
	before := s.last()
	s.inject(syn)
	return s.settled(before, x.Client)
}

// inject sends frames from the client's host.
func (s *Scene) inject(frames ...[]byte) {
	if s.over() {
		return
	}
	var l link.Link
	err := s.lab.Client.Do(func() (err error) {
		l, err = link.Open(s.lab.Client.Interface, &link.Config{Filter: &link.Filter{Ports: []link.PortRange{link.Port(1)}}})
		return err
	})
	if err != nil {
		s.fail(err)
		return
	}
	defer l.Close()
	_, err = l.WriteFrames(frames)
	s.fail(err)
}

// wait lets time go by.
func (s *Scene) wait(d time.Duration) {
	select {
	case <-time.After(d):
	case <-s.ctx.Done():
	}
}

// until waits until something holds, or too long.
func (s *Scene) until(holds func() bool) {
	for deadline := time.Now().Add(s.settle()); !holds() && time.Now().Before(deadline) && s.ctx.Err() == nil; {
		s.wait(10 * time.Millisecond)
	}
}

// syn returns the first frame of a connection as the client has sent it.
func (r *recorder) syn(connection int) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	story := follow.New()
	for i := range r.frames {
		frame, at := r.frames[i].AtClient()
		if p, err := wire.ParseFrame(frame); err == nil && story.Frame(at, &p).Connection == connection {
			return frame
		}
	}
	return nil
}

// plural counts things in English.
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// synOptions reports whether the SYN of an exchange left its client with the Fast Open option, and whether it came to the
// server with it.
func (s *Scene) synOptions(x Exchange) (left, came bool) {
	for _, f := range s.record.between(x) {
		sent, err := wire.ParseFrame(f.Sent)
		if err != nil || sent.TCP.Flags&(wire.SYN|wire.ACK) != wire.SYN {
			continue
		}
		got, err := wire.ParseFrame(f.Got)
		return sent.TCP.Options.FastOpen().Present, err == nil && got.TCP.Options.FastOpen().Present
	}
	return false, true
}

// between returns the frames between the two ends of an exchange, as its client's end had them.
func (r *recorder) between(x Exchange) (frames []Frame) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range r.frames {
		data, _ := f.AtClient()
		if p, err := wire.ParseFrame(data); err == nil && (p.Src() == x.Client || p.Dst() == x.Client) {
			frames = append(frames, f)
		}
	}
	return frames
}

// sourceAtServer is the address that the SYN of an exchange came to the server from.
func (s *Scene) sourceAtServer(x Exchange) string {
	for _, f := range s.record.between(x) {
		if got, err := wire.ParseFrame(f.Got); err == nil && got.TCP.Flags&(wire.SYN|wire.ACK) == wire.SYN {
			return got.Src().Addr().String()
		}
	}
	return "nothing seen"
}

// lost says what of an exchange did not arrive.
func (s *Scene) lost(x Exchange) (what []string) {
	s.record.mu.Lock()
	defer s.record.mu.Unlock()
	for _, f := range s.record.frames {
		p, err := wire.ParseFrame(f.Sent)
		if err != nil || f.Fate == path.Arrived || p.Src() != x.Client && p.Dst() != x.Client {
			continue
		}
		switch p.TCP.Flags & (wire.SYN | wire.ACK) {
		case wire.SYN:
			what = append(what, "SYN")
		case wire.SYN | wire.ACK:
			what = append(what, "SYN-ACK")
		default:
			what = append(what, "segment")
		}
	}
	return what
}
