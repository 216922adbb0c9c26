package link

import (
	"errors"
	"fmt"
	"net"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"tfocraft/wire"
)

// A vnetHeader is struct virtio_net_hdr, in host byte order: what a packet
// socket with PACKET_VNET_HDR takes in front of a frame.
type vnetHeader struct {
	flags, gsoType        uint8
	headerLen, gsoSize    uint16
	csumStart, csumOffset uint16
}

const vnetLen = int(unsafe.Sizeof(vnetHeader{}))

// vnetHeaderOf says what the kernel has to do with o.
func vnetHeaderOf(o *Outgoing) vnetHeader {
	h := vnetHeader{
		flags:      unix.VIRTIO_NET_HDR_F_NEEDS_CSUM,
		headerLen:  uint16(len(o.Header)),
		csumStart:  uint16(o.Transport),
		csumOffset: tcpChecksum,
	}
	if o.Segments() == 1 {
		return h
	}
	h.gsoType = unix.VIRTIO_NET_HDR_GSO_TCPV4
	if _, etherType, _ := headerLen(o.Header); etherType == wire.EtherTypeIPv6 {
		h.gsoType = unix.VIRTIO_NET_HDR_GSO_TCPV6
	}
	if o.Header[o.Transport+tcpFlags]&byte(wire.CWR) != 0 {
		h.gsoType |= unix.VIRTIO_NET_HDR_GSO_ECN
	}
	h.gsoSize = uint16(o.SegmentSize)
	return h
}

// A segmentSender gives a packet socket what the kernel has to finish.
type segmentSender struct {
	outbox
	socket  *quietSocket
	vnet    [sendBatch]vnetHeader
	vectors [sendBatch][3]unix.Iovec // the header for the kernel, ours, the payload
	short   [sendBatch][]byte        // of a short frame all three, as one
}

// shortFrame is how long a frame is at most that is finished here: to add up its bytes
// takes less than what the kernel does for a checksum that it has to finish, and for data
// in several pieces.
const shortFrame = 256

// openSegmentSender opens a second packet socket, for every frame that goes
// through one with PACKET_VNET_HDR has that header. It receives nothing, as it
// has no protocol. A kernel without the option is not an error: then there is
// no sender.
func openSegmentSender(ifi *net.Interface) (*segmentSender, error) {
	own, err := openQuiet(ifi)
	if err != nil {
		return nil, err
	}
	var refused, failed error
	err = own.raw.Control(func(fd uintptr) {
		refused = unix.SetsockoptInt(int(fd), unix.SOL_PACKET, unix.PACKET_VNET_HDR, 1)
		failed = setSendBuffer(int(fd))
	})
	if err = errors.Join(err, failed); err != nil || refused != nil {
		return nil, errors.Join(err, own.Close())
	}
	return newSegmentSender(own), nil
}

func newSegmentSender(own *quietSocket) *segmentSender {
	s := &segmentSender{socket: own}
	s.init(own.raw)
	for i := range sendBatch {
		s.short[i] = make([]byte, vnetLen, vnetLen+shortFrame)
		s.headers[i].hdr.Iov = &s.vectors[i][0]
	}
	return s
}

// send sends at most sendBatch of batch and returns how many went out.
func (s *segmentSender) send(batch []Outgoing) (int, error) {
	for i := range batch {
		s.load(i, &batch[i])
	}
	n, err := s.sendFirst(len(batch))
	for i := range batch {
		s.vectors[i][1].Base, s.vectors[i][2].Base = nil, nil // they are the caller's
	}
	return n, err
}

// load makes o message i.
func (s *segmentSender) load(i int, o *Outgoing) {
	v, h := &s.vectors[i], &s.headers[i].hdr
	if len(o.Header)+len(o.Payload) <= shortFrame && o.Segments() == 1 {
		// The header for the kernel, in front, asks for nothing.
		s.short[i] = o.appendWhole(s.short[i][:vnetLen])
		setVector(&v[0], s.short[i])
		h.SetIovlen(1)
		return
	}
	s.vnet[i] = vnetHeaderOf(o)
	v[0].Base = (*byte)(unsafe.Pointer(&s.vnet[i]))
	v[0].SetLen(vnetLen)
	setVector(&v[1], o.Header)
	setVector(&v[2], o.Payload)
	h.SetIovlen(len(v))
}

// WriteSegments implements [Offloader]. A frame that finds the device's queue
// full is treated as in [Packet.WriteFrames].
func (p *Packet) WriteSegments(batch []Outgoing) (int, error) {
	if p.segments == nil {
		return 0, fmt.Errorf("link: %s: segmentation offload: %w", p.name, errors.ErrUnsupported)
	}
	p.sending.Lock()
	defer p.sending.Unlock()
	done := 0
	for done < len(batch) {
		if p.closed.Load() {
			return done, net.ErrClosed
		}
		good, refusal := p.checked(batch[done:min(len(batch), done+sendBatch)])
		send := p.segments.send
		if run := p.answers.run(good); run >= leastRun {
			good, send = good[:run], p.answers.send
			refusal = nil
		}
		n, err := send(good)
		done += n
		if err != nil {
			o := &batch[done]
			return done, p.writeError(len(o.Header)+o.segmentSize(), err)
		}
		if refusal != nil {
			return done, refusal
		}
	}
	return done, nil
}

// checked returns what may be sent of batch, and why the next one may not.
func (p *Packet) checked(batch []Outgoing) ([]Outgoing, error) {
	for i := range batch {
		if err := batch[i].check(p.name, p.mtu); err != nil {
			return batch[:i], err
		}
	}
	return batch, nil
}

// MaxPayload implements [Offloader]. It is 0 on loopback, where a plain frame
// may have 64 KiB and IPv4 does not go through a packet socket; on devices
// without a link-layer header; on a tap, which would see what it sends itself;
// and where the kernel has no PACKET_VNET_HDR.
func (p *Packet) MaxPayload() int {
	if p.segments == nil {
		return 0
	}
	return maxPayload
}

// sendBuffer, in bytes as the kernel counts them, overhead included, holds some
// thirty of the longest frames while a device is busy. The system's default is
// full with three, which means a wait for each two or three at line rate; a
// larger one only adds to the time that a frame stands in the queue.
const sendBuffer = 2 << 20

// setSendBuffer makes the send buffer of a packet socket larger. Without
// CAP_NET_ADMIN the system's limit holds.
func setSendBuffer(fd int) error {
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, sendBuffer/2) == nil {
		return nil
	}
	return os.NewSyscallError("setsockopt SO_SNDBUF", unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, sendBuffer/2))
}
