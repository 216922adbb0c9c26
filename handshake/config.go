package handshake

import (
	"math"
	"time"

	"tfocraft/cookie"
	"tfocraft/handshake/ring"
	"tfocraft/wire"
)

// Config describes one connection. Only ports, ISS and MSS have no default.
// It is not changed after it was handed over.
type Config struct {
	LocalPort, RemotePort uint16
	IPv6                  bool     // decides the MSS assumed when the peer sends none
	ISS                   wire.Seq // initial send sequence number, see [ISNGenerator]

	// Profile says whose habits the connection has where stacks differ; Linux at
	// zero. Defaults named below are Linux's.
	Profile Profile

	// MSS is the largest payload that one segment without options may carry on
	// the way out and in: interface MTU less IP and TCP header. It is announced
	// in the SYN.
	MSS int

	// The buffers hold bytes that wait for the application, and for the peer. At
	// 0 they begin with 256 KiB and grow up to the maximum, which is 4 MiB at 0,
	// as the connection has use for more. A size that is set without a maximum
	// stays as it is.
	RecvBuffer, MaxRecvBuffer int
	SendBuffer, MaxSendBuffer int
	// Buffers lends the memory of the send buffer, which goes back when the buffer
	// is empty; nil means the heap.
	Buffers ring.Buffers
	// Burst is the most payload in bytes that one Transmit may carry for the
	// owner to cut into segments; see Output.SegmentSize. 0 means that every
	// Transmit is one segment.
	Burst int

	// The options of RFC 7323 and RFC 2018 are offered unless switched off.
	NoTimestamps    bool
	NoWindowScale   bool
	NoSACK          bool
	TimestampOffset uint32 // added to the millisecond clock of the Timestamps option
	// LaxTimestamps takes segments without Timestamps on a connection that has
	// agreed on them, as Linux and FreeBSD do. RFC 7323, Section 3.2, says to drop
	// them (SHOULD).
	LaxTimestamps bool
	// SoftErrorsEndOpen lets every ICMP error about the handshake of a client end it,
	// as in Linux (RFC 5461, Section 4.1). RFC 9293, Section 3.9.2.2, wants those that
	// may pass to end nothing (MUST).
	SoftErrorsEndOpen bool

	// ECN is off at zero. An owner that switches it on sends what has Output.ECT so
	// that it can be marked, and tells of the marks of what comes by [Machine.Mark].
	ECN ECN

	Congestion    CongestionControl
	InitialWindow int // segments; 0 means 10 (RFC 6928)
	// LinuxSender sends as Linux does where RFCs say otherwise. A loss lowers the
	// threshold from the window, in whole segments, and not from what is in flight
	// (RFC 5681, equation 4, MUST; RFC 9438, Section 4.6, allows it for CUBIC), and what a
	// repair may send meanwhile is rounded up to whole segments. An
	// acknowledgement that advances lets the window grow by what has arrived since the one before, also
	// after a timeout. Segments are no longer than half of the largest window that the peer
	// had, or the whole of a tiny one, and wait for a window that has room for them. Only a
	// segment that is alone gives the peer time to delay its acknowledgement before a tail loss probe.
	LinuxSender bool
	// NoSlowStartAfterIdle keeps the window over a pause; RFC 5681, Section 4.1, says to begin
	// anew (SHOULD).
	NoSlowStartAfterIdle bool
	NoTailProbes         bool // no tail loss probes (RFC 8985, Section 7)
	NoFRTO               bool // do not ask for a sign that a timeout was spurious before all goes again (RFC 5682)
	NoDSACK              bool // do not report what came twice (RFC 2883)
	// NoPathSearch takes the size of a path from ICMP alone: where it is lost, large
	// segments are, too (RFC 4821).
	NoPathSearch bool
	Nagle        bool // hold back small segments while data is unacknowledged (RFC 9293, Section 3.7.4)

	// KeepAlive is off at zero.
	KeepAlive KeepAlive
	// UserTimeout ends a connection whose peer has not taken anything for so long
	// although there was something for it (RFC 9293, Section 3.9.1.1; RFC 5482); 0
	// leaves it to Retries.
	UserTimeout time.Duration

	InitialRTO time.Duration // 0 means 1 s (RFC 6298)
	// MinRTO is the least time that the retransmission timeout leaves beyond the
	// round-trip time, for acknowledgements that are delayed; 200 ms at zero, as in
	// Linux. RFC 6298 asks for a timeout of at least 1 s (SHOULD).
	MinRTO        time.Duration
	MaxRTO        time.Duration // 0 means 60 s
	SynRetries    int           // retransmissions of a SYN before giving up; 0 means 7: 183 s; negative means none
	SynLinear     int           // timeouts of a SYN before the timeout doubles from one to the next (tcp_syn_linear_timeouts in Linux, 4 there); at 0 it doubles at once
	SynAckRetries int           // of a SYN-ACK; 0 means 5; negative means none
	Retries       int           // of data or FIN; 0 means 8; negative means none
	DelayedAck    time.Duration // 0 means 40 ms; negative means acknowledge at once
	// QuickAcks is how many segments of data are acknowledged at once when the
	// first ones come, and after a pause, unless the application answers them
	// meanwhile; in Linux it is 16. What is delayed after that is so for as long as
	// the peer lets pass between segments: DelayedAck at least, and 200 ms at most.
	// At 0 every second full segment is acknowledged at once from the start, and
	// the others after DelayedAck.
	QuickAcks int
	TimeWait  time.Duration // 0 means 60 s, as in Linux; negative means none
	// FinWait2 bounds FIN-WAIT-2 once nobody reads any more; 0 means 60 s. Negative
	// means that there is none: the acknowledgement of the FIN is answered by a reset.
	FinWait2 time.Duration

	FastOpen ClientFastOpen // client only

	// DeferAccept leaves a connection to a server half-open until data or a FIN has
	// come, for as many timeouts of the SYN-ACK (TCP_DEFER_ACCEPT in Linux); then an
	// ACK is enough. A client with it keeps the ACK of the SYN-ACK back for 200 ms, to
	// send it with data. At 0 nothing is waited for.
	DeferAccept uint8

	// SynAckHold lets a server whose Gate has admitted the SYN's data wait
	// this long for the application, to send its response in the SYN-ACK
	// (RFC 7413, Section 4.2.2). If the response is all, and the application has
	// closed, the FIN goes along. 0 sends the SYN-ACK at once, as Linux does; a
	// negative value leaves it to the next Push or CloseWrite, which the owner then
	// owes. With NoDataBeforeAck there is nothing to wait for.
	SynAckHold time.Duration
	// NoDataBeforeAck keeps a server from sending data to an address that has
	// not been confirmed by an ACK: the sure cure against amplified reflection
	// (RFC 7413, Section 5.2).
	NoDataBeforeAck bool
}

// ClientMode says what a client does about Fast Open.
type ClientMode uint8

// The modes. A connection that does not ask for Fast Open gets none (RFC 7413,
// Section 2).
//
// What is in a SYN may reach the server's application twice, and more than once
// on different servers of one address: a network can repeat it after the first
// connection is gone. Only an application that tolerates this may ask for Fast
// Open (RFC 7413, Section 6.1): a GET or a TLS ClientHello can be repeated, an
// order without a number of its own cannot.
const (
	ClientOff      ClientMode = iota // a plain SYN
	ClientOn                         // a cookie with data, or a request for one
	ClientNoCookie                   // data without an option (RFC 7413, Section 7.3)
)

// ClientFastOpen is what a client brings along for Fast Open.
type ClientFastOpen struct {
	Mode ClientMode
	// OffBecause is the cache's negative entry, when that is why Mode is
	// ClientOff; it ends up in Info.
	OffBecause   cookie.Reason
	Cookie       cookie.Cookie // zero asks for one
	MSS          uint16        // the server's, from the cache; 0 if not known
	Experimental bool          // send the option as kind 254 with 0xF989
}

func (c *Config) setDefaults() {
	c.Profile.setDefaults(c)
	c.KeepAlive.setDefaults()
	setDefault(&c.InitialWindow, 10)
	setDefault(&c.InitialRTO, time.Second)
	setDefault(&c.MinRTO, 200*time.Millisecond)
	setDefault(&c.MaxRTO, 60*time.Second)
	setDefault(&c.SynRetries, 7)
	setDefault(&c.SynAckRetries, 5)
	setDefault(&c.Retries, 8)
	setDefault(&c.DelayedAck, 40*time.Millisecond)
	setDefault(&c.TimeWait, 60*time.Second)
	setDefault(&c.FinWait2, 60*time.Second)
	if c.MSS <= 0 {
		panic("handshake: Config.MSS is not set")
	}
}

// settings are what a Machine keeps of its Config beyond the handshake.
type settings struct {
	LocalPort, RemotePort        uint16
	ISS                          wire.Seq
	TimestampOffset              uint32
	Profile                      Profile
	ECN                          ECN
	QuickAcks                    uint8
	IPv6, Nagle, NoDataBeforeAck bool
	cork                         bool // small segments wait, see SetCork
	NoTimestamps, LaxTimestamps  bool
	SoftErrorsEndOpen            bool
	NoWindowScale                bool
	NoSACK                       bool
	MSS, Burst                   int
	SynRetries, SynLinear        int16
	SynAckRetries                int16
	Retries, InitialWindow       int16
	LinuxSender, NoTailProbes    bool
	NoSlowStartAfterIdle, NoFRTO bool
	NoDSACK, NoPathSearch        bool
	DelayedAck                   time.Duration
	TimeWait, FinWait2           time.Duration
	SynAckHold, UserTimeout      time.Duration
	KeepAlive                    KeepAlive
	FastOpen                     *ClientFastOpen // of a client, until the handshake is over
}

// settings fills s in; c has its defaults.
func (c *Config) settings(s *settings) {
	*s = settings{
		LocalPort: c.LocalPort, RemotePort: c.RemotePort, ISS: c.ISS, TimestampOffset: c.TimestampOffset,
		Profile: c.Profile, ECN: c.ECN, QuickAcks: uint8(max(min(c.QuickAcks, math.MaxUint8), 0)),
		IPv6: c.IPv6, Nagle: c.Nagle, NoDataBeforeAck: c.NoDataBeforeAck,
		NoTimestamps: c.NoTimestamps, LaxTimestamps: c.LaxTimestamps, SoftErrorsEndOpen: c.SoftErrorsEndOpen,
		NoWindowScale: c.NoWindowScale, NoSACK: c.NoSACK,
		MSS: c.MSS, Burst: c.Burst, InitialWindow: tries(c.InitialWindow),
		LinuxSender: c.LinuxSender, NoTailProbes: c.NoTailProbes, NoSlowStartAfterIdle: c.NoSlowStartAfterIdle,
		NoFRTO: c.NoFRTO, NoDSACK: c.NoDSACK, NoPathSearch: c.NoPathSearch,
		SynRetries: tries(c.SynRetries), SynLinear: tries(c.SynLinear), SynAckRetries: tries(c.SynAckRetries), Retries: tries(c.Retries),
		DelayedAck: c.DelayedAck, TimeWait: c.TimeWait, FinWait2: c.FinWait2,
		SynAckHold: c.SynAckHold, UserTimeout: c.UserTimeout, KeepAlive: c.KeepAlive,
	}
}

// tries takes a number that is more than any timer lives to see, or any window, for that.
func tries(n int) int16 { return int16(max(min(n, math.MaxInt16), -1)) }

// setBuffer lets a buffer for which nothing is set begin with a size and grow to a
// limit.
func setBuffer(size, most *int, begin, limit int) {
	if *size == 0 {
		setDefault(most, limit)
		*size = min(begin, *most)
	}
	*most = max(*size, *most)
}

func setDefault[T int | time.Duration](v *T, def T) {
	if *v == 0 {
		*v = def
	}
}

// The MSS to assume when the peer announces none (RFC 9293, Section 3.7.1),
// and with it the limit on data in a SYN to a server of unknown MSS (RFC 7413,
// Section 4.1.3).
const (
	defaultMSS4 = 536
	defaultMSS6 = 1220
)

func defaultMSS(ipv6 bool) int {
	if ipv6 {
		return defaultMSS6
	}
	return defaultMSS4
}
