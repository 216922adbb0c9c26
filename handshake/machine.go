package handshake

import (
	"time"

	"tfocraft/wire"
)

// A Machine is one TCP connection. See the package comment for how it is
// driven.
type Machine struct {
	config Config
	state  State
	active bool // opened by us: decides what a reset in SYN-RECEIVED means (RFC 9293, Section 3.10.7.4)
	err    error

	handshake negotiated
	send      sender
	recv      receiver
	rtt       rttEstimator
	cwnd      congestion
	ts        timestamps
	timers    timers

	closed    bool // the application will neither read nor write any more
	challenge time.Time
	info      Info
	scratch   []byte // option bytes of the outputs of the current call
}

// NewClient returns a machine in CLOSED. What is written to it before
// [Machine.Open] may travel in the SYN.
func NewClient(c Config) *Machine {
	m := newMachine(c)
	m.active = true
	return m
}

// NewServer returns a machine for a SYN that has reached a listener; the SYN
// goes to [Machine.Accept].
func NewServer(c Config) *Machine { return newMachine(c) }

func newMachine(c Config) *Machine {
	m := &Machine{config: c.withDefaults()}
	m.send.init(&m.config)
	m.recv.init(&m.config)
	m.rtt.init(&m.config)
	m.handshake.pathMSS = m.config.MSS
	return m
}

// State returns the state of the connection.
func (m *Machine) State() State { return m.state }

// Err returns why the connection ended, or nil while it lives and after an
// orderly close.
func (m *Machine) Err() error { return m.err }

// Deadline returns when [Machine.Advance] has to be called next; the zero time
// means that nothing is scheduled. It is read again after every call.
func (m *Machine) Deadline() time.Time { return m.timers.next() }

// Input takes a segment that has come for this connection: addresses, ports
// and checksum were right. Outputs may alias its payload.
func (m *Machine) Input(now time.Time, s wire.Segment, out []Output) []Output {
	m.scratch = m.scratch[:0]
	// What cannot be decoded behind a broken option is not there; RFC 9293,
	// Section 3.1, leaves no other way than to go on with the rest.
	set, _ := s.Options.Decode()
	switch m.state {
	case Closed:
		return m.drop(DropClosed, out)
	case SynSent:
		return m.inputSynSent(now, &s, &set, out)
	case SynReceived:
		return m.inputSynReceived(now, &s, &set, out)
	}
	return m.inputSynchronized(now, &s, &set, out)
}

// Advance tells the machine that time has come to now, and lets it do what was
// due by then. It may be called early or late.
func (m *Machine) Advance(now time.Time, out []Output) []Output {
	m.scratch = m.scratch[:0]
	return m.fire(now, out)
}

// Write queues bytes for the peer and returns how many of them were taken: the
// send buffer is bounded, see [Machine.SendSpace]. It copies p. Before
// [Machine.Open] it only queues. Nothing is taken once the sending side is
// closed.
func (m *Machine) Write(now time.Time, p []byte, out []Output) (int, []Output) {
	m.scratch = m.scratch[:0]
	if m.send.finQueued || m.err != nil || m.state == Closed && !m.unopened() {
		return 0, out
	}
	n := m.send.queue(p)
	if m.state == Closed {
		return n, out
	}
	return n, m.afterWrite(now, out)
}

// SendSpace returns how many bytes Write would take now.
func (m *Machine) SendSpace() int { return m.send.space() }

// Unsent returns how many bytes were written and not yet acknowledged.
func (m *Machine) Unsent() int { return m.send.unacked() }

// Unread returns how many delivered bytes the application has not consumed.
func (m *Machine) Unread() int { return m.recv.unread }

// Consume tells that the application has read n of the delivered bytes, which
// makes room in the receive window.
func (m *Machine) Consume(now time.Time, n int, out []Output) []Output {
	m.scratch = m.scratch[:0]
	m.recv.consume(n)
	return m.updatePeer(now, out)
}

// CloseWrite says that nothing more will be written: a FIN follows the last
// byte. Reading goes on. Before [Machine.Open] it is only noted.
func (m *Machine) CloseWrite(now time.Time, out []Output) []Output {
	m.scratch = m.scratch[:0]
	return m.closeWrite(now, out)
}

// Close says that the application is done with the connection. If it has left
// bytes unread the peer gets a reset (RFC 9293, Section 3.6.1), otherwise the
// connection closes in order.
func (m *Machine) Close(now time.Time, out []Output) []Output {
	m.scratch = m.scratch[:0]
	return m.closeBoth(now, out)
}

// Abort resets the connection.
func (m *Machine) Abort(now time.Time, out []Output) []Output {
	m.scratch = m.scratch[:0]
	return m.abort(now, ErrAborted, out)
}

// Info returns a snapshot.
func (m *Machine) Info() Info {
	i := m.info
	i.State = m.state
	i.RTT, i.RTO = m.rtt.srtt, m.rtt.rto
	i.MSS = m.segmentSize()
	i.Cwnd = m.cwnd.window
	i.SendWindow = m.send.window
	i.RecvWindow = m.recv.window()
	i.Sent = m.send.confirmed
	i.Received = m.recv.delivered
	return i
}

func (m *Machine) unopened() bool {
	return m.active && m.state == Closed && m.err == nil && !m.send.started
}

// setState moves to a state and says so.
func (m *Machine) setState(to State, out []Output) []Output {
	from := m.state
	m.state = to
	return append(out, Output{Kind: ChangeState, From: from, To: to, Err: m.err})
}

// end closes the connection for the reason err, nil for an orderly end.
func (m *Machine) end(err error, out []Output) []Output {
	m.err = err
	m.timers.clear()
	return m.setState(Closed, out)
}

func (m *Machine) drop(why DropReason, out []Output) []Output {
	m.info.Dropped++
	return append(out, Output{Kind: Drop, Why: why})
}
