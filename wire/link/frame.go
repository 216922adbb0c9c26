package link

import (
	"time"

	"tfocraft/wire"
)

// A Frame is one frame that a link has received.
type Frame struct {
	// Data is the frame from the Ethernet header on, VLAN tags included. It is
	// owned by the link and valid until the next ReadFrames. A frame that
	// another stack on this host has sent, or that was put together on receipt
	// (GSO, GRO), may be longer than the MTU: up to 64 KiB of IP packet.
	Data []byte
	// Time is when the kernel received the frame.
	Time time.Time
	// Partial means that the TCP or UDP checksum is unfinished, as in frames
	// that never leave this host: only the pseudo-header is in it. It must not
	// be verified; [Complete] finishes it for a capture.
	Partial bool
	// Valid means that the kernel or the device has verified the checksum.
	Valid bool
	// Outgoing means that the frame was seen on its way out, by a tap.
	Outgoing bool
}

// NeedsVerify reports whether the receiver has to verify the TCP checksum
// itself (RFC 9293, Section 3.1): nobody has done it and it is finished.
func (f *Frame) NeedsVerify() bool { return !f.Partial && !f.Valid }

// Complete appends the frame to dst with its TCP checksum finished, for a
// capture of a frame that is [Frame.Partial]. A frame that is not TCP over IP,
// or whose lengths contradict each other, is appended as it is.
func Complete(dst, frame []byte) []byte {
	p, err := wire.ParseFrame(frame)
	if err != nil {
		return append(dst, frame...)
	}
	p.TCP.Checksum = p.TCP.ComputeChecksum(p.Addrs())
	return p.Append(dst)
}
