package handshake

import (
	"time"

	"tfocraft/wire"
)

// A Machine is one TCP connection. See the package comment for how it is
// driven.
type Machine struct {
	config settings
	state  State
	active bool // opened by us: decides what a reset in SYN-RECEIVED means (RFC 9293, Section 3.10.7.4)
	closed bool // the application will neither read nor write any more
	held   bool // what there is to send waits for finishRun
	deaf   bool // see CloseRead
	err    error
	begun  time.Time // see clock

	handshake negotiated
	send      sender
	recv      receiver
	rtt       rttEstimator
	cwnd      congestion
	recovery  recovery
	rack      rack
	tail      tailProbe
	path      *pathSearch // nil unless large segments were lost without a word
	alive     keepAlive
	ts        timestamps
	ecn       ecn
	echo      uint32 // what the segment in hand echoes of our timestamps; 0 if nothing
	timers    timers

	challenge  instant
	fastOpen   *FastOpenInfo // see story
	spareStory *FastOpenInfo // of the machine's own, once it had one
	count      counts
	scratch    []byte // option bytes, and segments put together, of the outputs of the current call
}

// NewClient returns a machine in CLOSED. What is written to it before
// [Machine.Open] may travel in the SYN.
func NewClient(c Config) *Machine {
	m := newMachine(c)
	m.active = true
	m.config.FastOpen = &c.FastOpen
	return m
}

// NewServer returns a machine for a SYN that has reached a listener; the SYN
// goes to [Machine.Accept].
func NewServer(c Config) *Machine { return newMachine(c) }

func newMachine(c Config) *Machine {
	m := &Machine{}
	m.init(&c)
	return m
}

// Reset makes a machine in CLOSED what NewServer returns, without memory of its own. The
// one that it was is gone, and c has the defaults filled in.
func (m *Machine) Reset(c *Config) {
	*m = Machine{scratch: m.scratch[:0], spareStory: m.spareStory}
	m.init(c)
}

// init fills the defaults in, too.
func (m *Machine) init(c *Config) {
	c.setDefaults()
	c.settings(&m.config)
	m.send.init(c)
	m.recv.init(c)
	m.rtt.init(c)
	m.cwnd.control = c.Congestion
	if c.LinuxSender {
		m.cwnd.linux = newLinuxWindow(c)
	}
	m.recovery.undo.again = notReported
	m.handshake.pathMSS, m.handshake.deferAccept = c.MSS, c.DeferAccept
	m.begunStory(FastOpenInfo{})
}

// begin starts a call of the owner's. The outputs of the one before are gone.
func (m *Machine) begin(now time.Time) instant {
	m.scratch = m.scratch[:0]
	return m.clock(now)
}

// idleScratch is the most memory in bytes that a connection with nothing to send
// keeps for its outputs: the options of a few segments.
const idleScratch = 64

// State returns the state of the connection.
func (m *Machine) State() State { return m.state }

// Err returns why the connection ended, or nil while it lives and after an
// orderly close.
func (m *Machine) Err() error { return m.err }

// Deadline returns when [Machine.Advance] has to be called next; the zero time
// means that nothing is scheduled. It is read again after every call.
func (m *Machine) Deadline() time.Time { return m.time(m.timers.next()) }

// Open sends the SYN. What Fast Open puts in it is decided here: a request for
// a cookie, or the cookie with as much of the written data as may go along
// (RFC 7413, Section 4.2.1 and 4.2.2).
func (m *Machine) Open(now time.Time, out []Output) []Output {
	if !m.unopened() {
		panic("handshake: Open of a machine that is not a fresh client")
	}
	return m.open(m.begin(now), out)
}

// Accept takes the SYN that opens the connection, with what the listener's
// [Gate] says about it. If the Gate has admitted its data, as much of it as the
// receive buffer holds is delivered and acknowledged, and may be answered
// before the handshake ends (RFC 7413, Section 4.2.2).
func (m *Machine) Accept(now time.Time, syn wire.Segment, a Admission, out []Output) []Output {
	if m.active || m.send.started {
		panic("handshake: Accept on a machine that is not a fresh server")
	}
	return m.accept(m.begin(now), &syn, a, out)
}

// Input takes a segment that has come for this connection: addresses, ports
// and checksum were right. Outputs may alias its payload.
func (m *Machine) Input(now time.Time, s wire.Segment, out []Output) []Output {
	return m.finishRun(m.clock(now), m.InputMore(now, s, out))
}

// InputMore is Input for a segment that has come together with others: it leaves
// the acknowledgement of a SYN-ACK, and of data and a FIN in order, to Settle, which is
// called when they have all been taken. One acknowledgement then does for them all. With Config.Burst, so
// it is with data that the segments make room for: long bursts take few calls.
func (m *Machine) InputMore(now time.Time, s wire.Segment, out []Output) []Output {
	at := m.begin(now)
	// What cannot be decoded behind a broken option is not there; RFC 9293,
	// Section 3.1, leaves no other way than to go on with the rest.
	set, _ := s.Options.Decode()
	out = m.endHolding(at, &s, &set, out)
	switch m.state {
	case Closed:
		return m.drop(DropClosed, out)
	case SynSent:
		return m.inputSynSent(at, &s, &set, out)
	case SynReceived:
		return m.inputSynReceived(at, &s, &set, out)
	}
	return m.inputSynchronized(at, &s, &set, out)
}

// Settle ends a run of InputMore.
func (m *Machine) Settle(now time.Time, out []Output) []Output {
	return m.finishRun(m.begin(now), out)
}

// ICMP takes an ICMP error that quotes a segment of this connection. One whose
// quoted sequence number is not outstanding is forged or late and changes
// nothing (RFC 5927, Section 4.1).
func (m *Machine) ICMP(now time.Time, e wire.ICMPError, out []Output) []Output {
	return m.inputICMP(m.begin(now), &e, out)
}

// Accepted tells that an application has a connection that was opened by the data
// of a SYN. From now on it counts as one that stands: before, an ICMP error ends it
// that quotes the SYN-ACK.
func (m *Machine) Accepted() { m.handshake.accepted = true }

// Advance tells the machine that time has come to now, and lets it do what was
// due by then. It may be called early or late.
func (m *Machine) Advance(now time.Time, out []Output) []Output {
	return m.fire(m.begin(now), out)
}

// Write is [Machine.Queue] and [Machine.Push] in one. Before [Machine.Open] it
// only queues.
func (m *Machine) Write(now time.Time, p []byte, out []Output) (int, []Output) {
	n := m.Queue(p)
	return n, m.Push(now, out)
}

// Queue copies bytes for the peer to the send buffer, and returns how many of
// them: it is bounded, see [Machine.SendSpace]. Nothing is taken once the sending
// side is closed. They are sent with the next Push at the latest.
func (m *Machine) Queue(p []byte) int {
	a, b := m.Reserve(len(p))
	n := len(a) + len(b)
	copy(b, p[copy(a, p):])
	m.Commit(n)
	return n
}

// Reserve returns room in the send buffer for up to n bytes, in two pieces where the
// buffer begins anew; without any, Queue would take nothing either. It is to be
// filled, which needs no lock against calls of the machine, and then queued by Commit.
// Nothing else is queued meanwhile, or taken back.
func (m *Machine) Reserve(n int) (a, b []byte) {
	if m.send.finQueued || m.err != nil || m.state == Closed && !m.unopened() {
		return nil, nil
	}
	return m.send.reserve(n)
}

// Commit ends what Reserve has begun, and queues the n bytes that were filled in, from
// the front of the room on. It reports false if the sending side was closed since: then
// they are lost.
func (m *Machine) Commit(n int) bool { return m.send.commit(n) }

// Unqueue forgets the bytes that were queued last, up to n of them, as far as they
// were not sent yet, and returns how many.
func (m *Machine) Unqueue(n int) int {
	n = min(n, m.send.unsent())
	m.send.store.Trim(m.send.buffers, n)
	return n
}

// Push sends what was queued, as far as that may be now. See also PushDue.
func (m *Machine) Push(now time.Time, out []Output) []Output {
	if m.state == Closed {
		return out
	}
	return m.afterWrite(m.begin(now), out)
}

// PushDue reports whether the last call has sent as many bursts as one call does, with
// more to be sent now: the owner, who hears the peer in between, calls Push again. It
// is only with Config.Burst.
func (m *Machine) PushDue() bool { return m.send.more }

// SendSpace returns how many bytes Queue would take now.
func (m *Machine) SendSpace() int { return m.send.space() }

// WorthWriting reports whether there is room for enough to wake somebody who
// waits for some: a quarter of the send buffer, or 64 KiB of a large one, whose
// writer should not have to wait long for a sign that the peer is reading.
func (m *Machine) WorthWriting() bool { return m.send.space() >= min(m.send.limit/4, 64<<10) }

// Unsent returns how many bytes were written and not yet acknowledged.
func (m *Machine) Unsent() int { return m.send.unacked() }

// Unread returns how many delivered bytes the application has not consumed.
func (m *Machine) Unread() int { return m.recv.unread }

// LeavesUnread reports whether there is something that the application has not read, or
// could not yet, so that [Machine.Close] is a reset.
func (m *Machine) LeavesUnread() bool { return m.recv.unread > 0 || len(m.recv.early.runs) > 0 }

// Consume tells that the application has read n of the delivered bytes, which
// makes room in the receive window.
func (m *Machine) Consume(now time.Time, n int, out []Output) []Output {
	at := m.begin(now)
	m.recv.consume(n)
	m.tuneReceive(at, n)
	return m.updatePeer(at, out)
}

// ConsumeDue reports whether the peer should hear at once that the application
// has read n bytes of which the machine was not told yet.
func (m *Machine) ConsumeDue(n int) bool {
	m.recv.unread -= n
	due := m.updateDue()
	m.recv.unread += n
	return due
}

// CloseWrite says that nothing more will be written: a FIN follows the last
// byte. Reading goes on. Before [Machine.Open] it is only noted.
func (m *Machine) CloseWrite(now time.Time, out []Output) []Output {
	return m.closeWrite(m.begin(now), out)
}

// Close says that the application is done with the connection. If it has left
// bytes unread the peer gets a reset (RFC 9293, Section 3.6.1), otherwise the
// connection closes in order.
func (m *Machine) Close(now time.Time, out []Output) []Output {
	return m.closeBoth(m.begin(now), out)
}

// Orphan says that nobody will read any more, while there is something left to
// write before Close. From then on the peer cannot keep the connection open with
// a closed window (RFC 6429).
func (m *Machine) Orphan() { m.closed = true }

// CloseRead says that nobody reads any more. As with shutdown(2) in Linux that counts
// once the sending side is closed, too: data that comes then is answered with a reset,
// and the connection has ended by one. Before, data is taken as ever.
func (m *Machine) CloseRead() { m.deaf = true }

// Abort resets the connection.
func (m *Machine) Abort(now time.Time, out []Output) []Output {
	return m.abort(m.begin(now), ErrAborted, out)
}

// SetNagle switches the holding back of small segments, see Config.Nagle. When it is
// switched off what waits goes out, for once behind a cork, too.
func (m *Machine) SetNagle(now time.Time, on bool, out []Output) []Output {
	corked := m.config.cork
	m.config.Nagle, m.config.cork = on, corked && on
	out = m.Push(now, out)
	m.config.cork = corked
	return out
}

// SetMore says whether more follows what is queued now (MSG_MORE in Linux). As long as
// it is on segments that are not full wait, and what is queued is not pushed. When it is
// off again they go as others do: with the next Push, acknowledgement or timeout.
func (m *Machine) SetMore(on bool) { m.send.moreComes = on }

// SetCork makes segments that are not full wait until they are, until the cork is
// taken out again, or for a retransmission timeout once everything before them was
// acknowledged (TCP_CORK in Linux). A FIN ends the waiting.
func (m *Machine) SetCork(now time.Time, on bool, out []Output) []Output {
	m.config.cork = on
	if on || m.unopened() {
		return out
	}
	return m.Push(now, out)
}

// SetSynRetries changes Config.SynRetries (TCP_SYNCNT in Linux), also while the SYN
// is on its way.
func (m *Machine) SetSynRetries(n int) {
	c := Config{Profile: m.config.Profile, MSS: m.config.MSS, SynRetries: n}
	c.setDefaults()
	m.config.SynRetries = tries(c.SynRetries)
}

// SetQuickAck says whether data is acknowledged at once from now on, or the
// connection is taken for one that answers soon; see Config.QuickAcks. As with
// TCP_QUICKACK in Linux neither lasts: what the connection does later decides.
func (m *Machine) SetQuickAck(now time.Time, on bool, out []Output) []Output {
	return m.setQuickAck(m.begin(now), on, out)
}

// SetKeepAlive changes when a silent connection is probed, from now on.
func (m *Machine) SetKeepAlive(now time.Time, k KeepAlive) {
	m.setKeepAlive(m.begin(now), k)
}

// KeepAlive returns when a silent connection is probed.
func (m *Machine) KeepAlive() KeepAlive { return m.config.KeepAlive }

// SetUserTimeout changes Config.UserTimeout. It counts from when the peer last
// took something.
func (m *Machine) SetUserTimeout(d time.Duration) { m.config.UserTimeout = d }

// FastOpen tells what became of Fast Open; it is a part of Info.
func (m *Machine) FastOpen() FastOpenInfo { return *m.fastOpen }

// Transferred returns how many bytes the peer has acknowledged, and how many were
// delivered; they are a part of Info.
func (m *Machine) Transferred() (sent, received uint64) {
	return m.send.confirmed, m.recv.delivered
}

// Uneventful reports whether there is nothing to tell of the connection in the counters of
// Info: nothing was sent again, dropped or challenged.
func (m *Machine) Uneventful() bool { return m.count == counts{Delivered: m.count.Delivered} }

// SetCongestion changes Config.Congestion; the window stays what it is.
func (m *Machine) SetCongestion(c CongestionControl) { m.cwnd.control, m.cwnd.cubic = c, nil }

// Info returns a snapshot.
func (m *Machine) Info() Info {
	i := Info{State: m.state, FastOpen: *m.fastOpen}
	m.count.report(&i)
	m.reportSegments(&i)
	m.reportFastOpen(&i)
	i.RTT, i.RTTVariation, i.RTO = m.rtt.srtt, m.rtt.rttvar, m.rtt.rto
	i.Unanswered, i.WindowProbes = int(m.send.timeouts), int(m.send.probes)
	if !m.state.Synchronized() {
		i.Unanswered = int(m.handshake.retries)
	}
	i.MinRTT, i.Reordering = m.rack.least.last(), m.rack.reordering
	if l := m.cwnd.linux; l != nil {
		i.ReorderingReach, i.ReorderingSeen = l.late.reach, l.late.seen
	}
	i.MSS = m.segmentSize()
	i.Cwnd, i.Threshold = m.inBytes(m.cwnd.window), min(m.inBytes(m.cwnd.threshold), 1<<30)
	i.SendWindow = m.send.window
	i.RecvWindow = m.recv.window()
	i.ECN, i.ECNSeen = m.ecn.on, m.ecn.seen
	i.Sent, i.Unsent = m.send.confirmed, m.send.unsent()
	i.Received = m.recv.delivered
	i.Timestamps, i.SACK, i.WindowScale = m.ts.on, m.handshake.sack, m.handshake.scale
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
	m.send.release()
	m.recv.release()
	return m.setState(Closed, out)
}

func (m *Machine) drop(why DropReason, out []Output) []Output {
	m.count.Dropped++
	return append(out, Output{Kind: Drop, Why: why})
}
