package link

import (
	"encoding/binary"
	"slices"

	"tfocraft/wire"
)

// Where fields are in the headers that are cut.
const (
	ipv4Length   = 2
	ipv4ID       = 4
	ipv4Checksum = 10
	ipv6Length   = 4
	tcpSeq       = 4
	tcpFlags     = 13 // the lower eight of them
	tcpChecksum  = 16
)

// AppendFrames cuts o into the frames that a link which is an [Offloader] would
// send, byte by byte, with finished checksums: for a link that is none. The
// frames are appended to frames and lie one behind the other in buf, which is
// returned with them appended; with room in both nothing is allocated. A
// header that WriteSegments would refuse with [syscall.EINVAL] makes it panic.
func (o *Outgoing) AppendFrames(frames [][]byte, buf []byte) ([][]byte, []byte) {
	ip, _, _ := headerLen(o.Header)
	size, count := o.segmentSize(), o.Segments()
	buf = slices.Grow(buf, count*len(o.Header)+len(o.Payload)) // else the first frames stay in an old buffer
	for i := range count {
		start := len(buf)
		buf = append(buf, o.Header...)
		buf = append(buf, o.Payload[i*size:min((i+1)*size, len(o.Payload))]...)
		frame := buf[start:len(buf):len(buf)]
		if count > 1 {
			o.setLengths(frame, ip, i)
			o.setPlace(frame[o.Transport:], i, count)
		}
		o.finish(frame)
		frames = append(frames, frame)
	}
	return frames, buf
}

// appendWhole appends o uncut, with its TCP checksum finished.
func (o *Outgoing) appendWhole(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, o.Header...)
	dst = append(dst, o.Payload...)
	o.finish(dst[start:])
	return dst
}

// setLengths makes the IP header, at byte ip of the frame, that of segment i.
func (o *Outgoing) setLengths(frame []byte, ip, i int) {
	header, rest := frame[ip:o.Transport], len(frame)-ip
	if header[0]>>4 == 6 {
		binary.BigEndian.PutUint16(header[ipv6Length:], uint16(rest-wire.IPv6Len))
		return
	}
	binary.BigEndian.PutUint16(header[ipv4Length:], uint16(rest))
	id := binary.BigEndian.Uint16(header[ipv4ID:])
	binary.BigEndian.PutUint16(header[ipv4ID:], id+uint16(i))
	binary.BigEndian.PutUint16(header[ipv4Checksum:], 0)
	binary.BigEndian.PutUint16(header[ipv4Checksum:], wire.Sum(0).Add(header).Checksum())
}

// setPlace makes a TCP header that of segment i of count.
func (o *Outgoing) setPlace(tcp []byte, i, count int) {
	seq := wire.Seq(binary.BigEndian.Uint32(tcp[tcpSeq:]))
	binary.BigEndian.PutUint32(tcp[tcpSeq:], uint32(seq.Add(i*o.segmentSize())))
	if i > 0 {
		tcp[tcpFlags] &^= byte(wire.CWR)
	}
	if i < count-1 {
		tcp[tcpFlags] &^= byte(wire.FIN | wire.PSH)
	}
}

// finish completes the TCP checksum of a frame that was cut out of o. The field
// holds the sum of the pseudo-header with the length of the whole; that one is
// taken out and the frame's own one put in, as Linux does it, so that neither
// addresses nor extension headers need to be read.
func (o *Outgoing) finish(frame []byte) {
	tcp := frame[o.Transport:]
	whole := uint16(len(o.Header) - o.Transport + len(o.Payload))
	sum := wire.Sum(0).AddUint16(^whole).AddUint16(uint16(len(tcp))).Add(tcp)
	binary.BigEndian.PutUint16(tcp[tcpChecksum:], sum.Checksum())
}
