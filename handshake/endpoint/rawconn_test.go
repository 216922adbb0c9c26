package endpoint_test

import (
	"testing"
	"testing/synctest"
	"time"

	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
	"tfocraft/wire"
	"tfocraft/wire/link"
)

// rawMSS is the payload of the largest segments of a rawConn, in both directions.
const rawMSS = 1460

// A rawConn is a connection that the peer, which is the test, has opened to a
// listener of the stack. The peer announces no option but its MSS.
type rawConn struct {
	*rawPeer
	conn     *endpoint.Conn
	seq, ack wire.Seq // SND.NXT and RCV.NXT of the peer
	window   int      // that the peer announces
	got      []byte   // what the peer has taken
}

func openRaw(t *testing.T, machine handshake.Config, window int) *rawConn {
	t.Helper()
	c := &rawConn{rawPeer: newRawPeer(t, nil), seq: 1000, window: window}
	ln := c.listen(endpoint.ListenConfig{Machine: machine})
	c.sendSegment(wire.Segment{Seq: c.seq, Flags: wire.SYN, Options: wire.AppendMSS(nil, rawMSS)})
	c.ack = c.next().TCP.Seq.Add(1)
	c.seq = c.seq.Add(1)
	c.sendAck()
	c.conn = accept(t, ln)
	return c
}

func (c *rawConn) sendSegment(s wire.Segment) {
	c.t.Helper()
	c.send(c.frame(s))
}

// frame returns a segment with the acknowledgement and the window of the peer.
func (c *rawConn) frame(s wire.Segment) []byte {
	c.t.Helper()
	s.Window = uint16(c.window)
	if !s.Flags.Has(wire.SYN) {
		s.Flags |= wire.ACK
		s.Ack = c.ack
	}
	p := c.fromPeer(". 0:0(0)", "")
	s.SrcPort, s.DstPort = p.TCP.SrcPort, p.TCP.DstPort
	p.TCP = s
	p.TCP.SetDataOffset()
	p.SetLengths()
	p.SetChecksums()
	return p.Append(nil)
}

func (c *rawConn) sendAck() { c.sendSegment(wire.Segment{Seq: c.seq}) }

// sendAt sends data at an offset from SND.NXT.
func (c *rawConn) sendAt(offset int, data []byte) {
	c.sendSegment(wire.Segment{Seq: c.seq.Add(offset), Flags: wire.PSH, Payload: data})
}

// within returns the next segment from the stack, if there is one soon enough. Its
// payload is valid until the next call.
func (c *rawConn) within(d time.Duration) (wire.Segment, bool) {
	c.t.Helper()
	c.link.SetReadDeadline(time.Now().Add(d))
	defer c.link.SetReadDeadline(time.Time{})
	var frames [1]link.Frame
	if n, _ := c.link.ReadFrames(frames[:]); n == 0 {
		return wire.Segment{}, false
	}
	p, err := wire.ParseFrame(frames[0].Data)
	if err != nil {
		c.t.Fatal(err)
	}
	return p.TCP, true
}

// drain returns what the stack has sent, without payloads.
func (c *rawConn) drain() (all []wire.Segment) {
	c.t.Helper()
	for {
		synctest.Wait()
		s, ok := c.within(time.Nanosecond)
		if !ok {
			return all
		}
		s.Options = nil
		all = append(all, s)
	}
}

// take takes of a segment what is next and in the window.
func (c *rawConn) take(s *wire.Segment) {
	before := c.ack.Diff(s.Seq)
	if before < 0 || before >= len(s.Payload) {
		return
	}
	fresh := s.Payload[before:]
	fresh = fresh[:min(len(fresh), c.window)]
	c.got = append(c.got, fresh...)
	c.ack = c.ack.Add(len(fresh))
	c.window -= len(fresh)
}
