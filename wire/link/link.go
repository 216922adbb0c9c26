// Package link moves frames in and out: over an interface of this host through
// AF_PACKET ([Open]), or between the two ends of an in-memory pair ([Pair]).
// It also knows where a packet has to go ([Resolver]) and which frames a
// program wants to see ([Filter]).
//
// Every link carries frames with an Ethernet header in front, whatever the
// device: loopback frames have one with zero addresses, and devices without a
// link-layer header (tun, IP tunnels) get such a one on receipt and lose it on
// sending. VLAN tags are where they were on the wire.
//
// The package does not look into TCP beyond ports, the checksum and what
// cutting a segment into several takes ([Offloader]). It keeps no connections
// and answers nothing by itself; that is package endpoint.
//
// Sockets belong to the network namespace of the thread that opens them, as in
// the kernel: [Open] and [NewResolver] do all of it before they return, on the
// calling thread, and what they return works from any goroutine afterwards.
package link

import (
	"net/netip"
	"time"
)

// A Link sends and receives frames. One goroutine at a time may read; writing,
// setting the deadline and closing may happen from any goroutine meanwhile.
type Link interface {
	// ReadFrames blocks until there is at least one frame and fills batch with
	// what is there, without waiting for more; some may be left for the next
	// call. An empty batch returns at once. After Close it returns [net.ErrClosed], after the read deadline
	// [os.ErrDeadlineExceeded].
	ReadFrames(batch []Frame) (int, error)

	// WriteFrames sends whole frames in order and returns how many were sent;
	// if it is not all of them, the error says why the next one was not. A
	// frame longer than the MTU permits is an error that wraps
	// [syscall.EMSGSIZE]; an interface that is down gives [syscall.ENETDOWN]
	// and the link stays usable. The frames are not kept.
	WriteFrames(batch [][]byte) (int, error)

	// SetReadDeadline makes a blocked and every later ReadFrames return at t;
	// the zero time takes the deadline away.
	SetReadDeadline(t time.Time) error

	// MTU returns the longest IP packet that may be sent, in bytes, as it was
	// when the link was opened.
	MTU() int

	// Close unblocks readers and writers. A second Close does nothing.
	Close() error
}

// A Poller is a link that can also be read without waiting.
type Poller interface {
	// Poll is ReadFrames that does not wait: without a frame it returns 0 and no
	// error, whatever the deadline.
	Poll(batch []Frame) (int, error)
}

// A FilterSetter is a link whose filter can change while it is open.
type FilterSetter interface {
	// SetFilter replaces the filter at one stroke: no frame meets none. Frames
	// that the old one let in may still be waiting to be read. A nil filter
	// lets every frame in.
	SetFilter(f *Filter) error
}

// A Taker is a link that can take frames before anybody else on this host sees them
// ([Config.XDP]); without a way to, Take does nothing.
type Taker interface {
	// Take says whether what comes for a local address and port is for the link alone. Of what
	// a filter lets in that is [Filter.Shared] nothing is until that is said, and nothing again
	// after the next SetFilter. An unspecified address stands for all addresses of its family. One
	// that the filter has only as part of a network is not taken by itself.
	Take(local netip.AddrPort, alone bool)
}

// Config says how [Open] opens a link. A nil Config means all defaults.
type Config struct {
	// Filter chooses the frames that are received; nil means all of them.
	Filter *Filter
	// Tap asks for frames that are not for this host, too: those on their way
	// out, and those for other hardware addresses that come past. Without it a
	// link receives what an endpoint should: frames for this host's hardware
	// address (RFC 1122, Section 3.3.6). On loopback, where every frame passes
	// in both directions, a tap sees each one once, as received.
	Tap bool
	// ReceiveBuffer is how much may wait to be read, in bytes as the kernel counts
	// them, overhead included; 0 means 8 MiB. Without CAP_NET_ADMIN the system's
	// net.core.rmem_max limits it. It is the size of the socket's queue, and half
	// of it that of the ring, whose memory is taken at once.
	ReceiveBuffer int
	// NoRing asks for every frame by a system call, out of the socket's queue.
	// Without it the kernel writes frames of up to 400 bytes or so to a ring in
	// shared memory, where the link finds them, and only longer ones are asked for;
	// if there is no ring to be had, [Stats] says so.
	NoRing bool
	// XDP takes short frames where the driver of the interface has them, before the kernel makes
	// packets of them and moves them to another processor: while the reader looks for frames
	// without sleeping ([Poller]), it has those of TCP, without VLAN tag, IP options,
	// extension headers and fragments, at once. That is for connections that come one after the
	// other and should be quick. Nobody else on this host gets such frames, neither taps nor the
	// kernel's stack: if some of what the filter lets in is theirs, see [Filter.Shared]. A VLAN
	// tag that the device has taken off is not seen, so that the frame looks as if it had had none:
	// this is not for an interface that has VLANs. Segments come in another order than they were
	// sent in if short ones overtake long ones. The interface changes: a network card may begin anew
	// when a program is attached, the other end of a veth pair cuts long segments
	// itself. It needs CAP_BPF and CAP_NET_ADMIN, Linux 5.18, a driver with room for
	// a program (veth, most network cards; else the error wraps [errors.ErrUnsupported]), and a
	// link that is neither a tap nor a shard; and there can be one of them on an interface.
	XDP bool
	// Answers prepares the link for many short frames at a time, which is what a server
	// with many clients sends: a BPF program sends runs of them ([MethodProgram]), for
	// less than the packet socket does. Where the kernel does not let us load it, which
	// takes CAP_BPF and CAP_NET_ADMIN, nothing changes.
	Answers bool
}

// Stats counts what a link did since it was opened, and says how it receives.
type Stats struct {
	Received uint64 // frames that passed the filter
	Dropped  uint64 // of these, lost because the receive buffer was full
	Oversize uint64 // of these, thrown away: longer than 64 KiB (BIG TCP)
	XDP      uint64 // of these, taken by the XDP program ([Config.XDP])
	Ring     int    // frames that the receive ring holds; 0 means that there is none
}
