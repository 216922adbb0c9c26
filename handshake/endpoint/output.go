package endpoint

import (
	"context"
	"log/slog"
	"time"

	"tfocraft/handshake"
	"tfocraft/wire"
)

// apply carries out what a call of a machine has put out. The outputs alias
// the machine and, through it, the frame that was read; what is still borrowed
// from them in the end is sent before the loop does anything else.
// The caller holds c.mu.
func (l *loop) apply(now time.Time, c *Conn, out []handshake.Output) {
	l.outputs = out[:0]
	for i := range out {
		switch o := &out[i]; o.Kind {
		case handshake.Transmit:
			l.transmit(now, c, o)
		case handshake.Deliver:
			c.deliver(now, o.Data)
		case handshake.DeliverEOF:
			c.deliverEOF()
		case handshake.Learn, handshake.Block:
			c.learn(now, o)
		case handshake.ChangeState:
			l.changeState(now, c, o)
		case handshake.Drop:
			l.counters.dropped(c.machine.State(), o.Why)
		}
	}
	clear(out) // or it would keep the buffers of connections that have ended
	if l.queue.borrows {
		// What is borrowed stays as it is, whatever others do with the connection.
		c.mu.Unlock()
		l.flush()
		c.mu.Lock()
	}
	if c.machine.State() != handshake.Closed {
		l.timers.schedule(c)
		c.settle()
		if c.machine.PushDue() {
			l.mail.post(c)
			l.more = true
		}
	}
}

// transmit sends a segment of a connection.
func (l *loop) transmit(now time.Time, c *Conn, o *handshake.Output) {
	l.tx = wire.NewPacket(c.local, c.remote, o.Segment)
	l.tx.IPv6.FlowLabel = c.flow
	if o.ECT {
		l.tx.SetECN(wire.ECT0)
	}
	l.send(now, c.header[:c.headerLen], o.SegmentSize)
}

// send queues the packet in l.tx behind a link-layer header, for the link to cut
// into segments if there is a size for them.
func (l *loop) send(now time.Time, header []byte, segmentSize int) {
	l.counters.OutSegs += l.queue.push(header, &l.tx, segmentSize)
	if l.tx.TCP.Flags.Has(wire.RST) {
		l.counters.OutRsts++
	}
	l.stack.trace(now, true, &l.tx)
	if l.queue.full() {
		l.flush()
	}
}

// flush hands the queued frames to the link. One that it does not take is lost
// as on any path, and the rest follows.
func (l *loop) flush() {
	for l.queue.len() > 0 {
		if err := l.queue.write(l.link); err != nil {
			l.counters.SendErrors++
			if !l.sendFailed {
				l.sendFailed = true
				l.log.Warn("endpoint: frame not sent; more of the same is only counted", "error", err)
			}
		}
	}
}

// changeState follows a connection through its life.
func (l *loop) changeState(now time.Time, c *Conn, o *handshake.Output) {
	if l.log.Enabled(context.Background(), slog.LevelDebug) {
		l.log.Debug("endpoint: state", "local", c.local, "remote", c.remote, "from", o.From, "to", o.To)
	}
	if !o.From.Synchronized() && o.To.Synchronized() {
		l.established(now, c)
	}
	if o.To == handshake.Closed {
		l.remove(now, c, o.From, o.Err)
	}
}

// established marks the end of the handshake.
func (l *loop) established(now time.Time, c *Conn) {
	l.stack.mark(&c.timing.established, now)
	if c.listener == nil {
		l.dialEnded(c)
		return
	}
	if c.admitted {
		c.admitted = false
		c.listener.gate.Confirmed()
	}
	if c.waiting {
		c.waiting = false
		c.listener.halfOpen--
		l.counters.PassiveOpens++
		c.listener.announce(c)
	}
}

// dialEnded lets Dial go on.
func (l *loop) dialEnded(c *Conn) {
	if c.dial == nil || c.dial.over {
		return
	}
	c.dial.over = true
	info := c.machine.Info()
	l.counters.opened(&info.FastOpen)
	close(c.dial.opened)
}
