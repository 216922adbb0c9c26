package path

import (
	"encoding/binary"
	"net/netip"

	"tfocraft/wire"
)

// A segment is a frame with TCP at a middlebox, which changes it in place and may make others. What it becomes is never
// longer, and a checksum that was wrong stays wrong.
type segment struct {
	wire.Packet        // aliases frame
	frame       []byte // whole
	header      []byte // of TCP, options included
	forward     bool   // it goes from the near end to the far one
	to          Place
	touched     bool // it was changed, or may have been
	maker       maker
	room        [wire.MaxOptionsLen]byte // where options are put together
}

// read reports whether a frame has TCP, and makes it the segment if so.
func (s *segment) read(frame []byte) bool {
	p, err := wire.ParseFrame(frame)
	if err != nil {
		return false
	}
	s.Packet, s.frame = p, frame
	end := len(frame) - len(p.Trailer) - len(p.TCP.Payload)
	s.header = frame[end-wire.HeaderLen-len(p.TCP.Options) : end]
	return true
}

// opens reports whether this is the SYN of a client.
func (s *segment) opens() bool { return s.TCP.Flags&(wire.SYN|wire.ACK|wire.RST) == wire.SYN }

// accepts reports whether this is the SYN-ACK of a server.
func (s *segment) accepts() bool {
	return s.TCP.Flags&(wire.SYN|wire.ACK|wire.RST) == wire.SYN|wire.ACK
}

// changed updates the checksum after a change of the TCP header in place, of which the sum was taken before, incrementally
// (RFC 1624).
func (s *segment) changed(before uint16) {
	s.TCP.Checksum = wire.Sum(0).AddUint16(^s.TCP.Checksum).AddUint16(^before).AddUint16(s.sum()).Checksum()
	binary.BigEndian.PutUint16(s.header[16:], s.TCP.Checksum)
	s.touched = true
}

func (s *segment) sum() uint16 { return wire.Sum(0).Add(s.header).Fold() }

// rebuild changes fields of the packet and writes the frame anew. Options and payload must not become longer, nor be
// others than parts of the frame or memory outside of it.
func (s *segment) rebuild(edit func(p *wire.Packet)) {
	p := &s.Packet
	wasTCP, wasIP := rightChecksums(p)
	edit(p)
	p.SetLengths()
	isTCP, isIP := rightChecksums(p)
	p.TCP.Checksum = moved(p.TCP.Checksum, wasTCP, isTCP)
	p.IPv4.Checksum = moved(p.IPv4.Checksum, wasIP, isIP)
	// Each field is written where it was read or before, so that it may alias the frame.
	s.frame = p.Append(s.frame[:0])
	s.read(s.frame)
	s.touched = true
}

// rightChecksums returns what they should be; that of IP is 0 if it has none.
func rightChecksums(p *wire.Packet) (tcp, ip uint16) {
	if p.IPVersion == 4 {
		ip = p.IPv4.ComputeChecksum()
	}
	return p.TCP.ComputeChecksum(p.Addrs()), ip
}

// answer sends a segment to the sender of this one, as if it came from the receiver.
func (s *segment) answer(t wire.Segment) {
	p := wire.NewPacket(s.Dst(), s.Src(), t)
	p.HasEthernet, p.Ethernet = true, s.Ethernet.Reversed()
	s.maker.packet(!s.forward, p)
}

// onward sends a segment to the receiver of this one, as if it came from the sender.
func (s *segment) onward(t wire.Segment) {
	p := wire.NewPacket(s.Src(), s.Dst(), t)
	p.HasEthernet, p.Ethernet = true, s.Ethernet
	s.maker.packet(s.forward, p)
}

// readdress changes address and port of the sender or the receiver, and the checksums by the difference that this makes.
func (s *segment) readdress(sender bool, to netip.AddrPort) {
	ip := s.frame[s.Ethernet.WireLen():]
	addr, port := ip[12:16], s.header[0:2] // of the sender in IPv4
	if s.IPVersion == 6 {
		addr = ip[8:24]
	}
	if !sender {
		addr, port = ip[12+4:16+4], s.header[2:4]
		if s.IPVersion == 6 {
			addr = ip[24:40]
		}
	}
	wasAddr := wire.Sum(0).Add(addr).Fold()
	was := wire.Sum(0).AddUint16(wasAddr).Add(port).Fold()
	if s.IPVersion == 6 {
		b := to.Addr().As16()
		copy(addr, b[:])
	} else {
		b := to.Addr().As4()
		copy(addr, b[:])
	}
	binary.BigEndian.PutUint16(port, to.Port())
	isAddr := wire.Sum(0).Add(addr).Fold()
	is := wire.Sum(0).AddUint16(isAddr).Add(port).Fold()
	binary.BigEndian.PutUint16(s.header[16:], moved(s.TCP.Checksum, ^was, ^is))
	if s.IPVersion == 4 {
		binary.BigEndian.PutUint16(ip[10:], moved(s.IPv4.Checksum, ^wasAddr, ^isAddr))
	}
	s.read(s.frame)
	s.touched = true
}

// moved returns a checksum after a change from a packet with the first right checksum to one with the second: as wrong as
// it was.
func moved(checksum, right, next uint16) uint16 {
	return wire.Sum(0).AddUint16(^checksum).AddUint16(right).AddUint16(^next).Checksum()
}

// overwrite puts NOPs in the place of options.
func (s *segment) overwrite(which func(wire.Option) bool) {
	if !s.has(which) {
		return
	}
	before, at := s.sum(), 0
	for opt, err := range s.TCP.Options.All() {
		if err != nil {
			break
		}
		next := at + optionLen(opt)
		if which(opt) {
			wire.AppendNOP(s.TCP.Options[at:at], next-at)
		}
		at = next
	}
	s.changed(before)
}

// has reports whether there is such an option before the first that is broken.
func (s *segment) has(which func(wire.Option) bool) bool {
	for opt, err := range s.TCP.Options.All() {
		if err == nil && which(opt) {
			return true
		}
	}
	return false
}

func optionLen(opt wire.Option) int {
	if opt.Kind == wire.KindEOL || opt.Kind == wire.KindNOP {
		return 1
	}
	return 2 + len(opt.Data)
}

func isFastOpen(opt wire.Option) bool {
	return opt.Kind == wire.KindFastOpen || opt.Kind == wire.KindExperiment2 &&
		len(opt.Data) >= 2 && binary.BigEndian.Uint16(opt.Data) == wire.FastOpenExID
}

func isSACK(opt wire.Option) bool {
	return opt.Kind == wire.KindSACKPermitted || opt.Kind == wire.KindSACK
}

func isTimestamps(opt wire.Option) bool { return opt.Kind == wire.KindTimestamps }

func isWindowScale(opt wire.Option) bool { return opt.Kind == wire.KindWindowScale }
