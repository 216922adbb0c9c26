package link

import (
	"encoding/binary"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"github.com/mdlayher/packet"
	"golang.org/x/sys/unix"

	"tfocraft/wire"
)

const (
	// receiveBatch is how many frames one system call takes.
	receiveBatch = 32
	// headroom in front of a frame takes a VLAN tag that is put back, or an
	// Ethernet header that is made.
	headroom = 16
	// slotLen takes the longest IPv6 packet without a jumbo payload, 65575
	// bytes, with its link-layer header and two tags, in whole cache lines.
	slotLen = 65664
	// controlLen takes the auxiliary data and the time stamp.
	controlLen = 128
)

// An mmsghdr is struct mmsghdr of recvmmsg(2) and sendmmsg(2).
type mmsghdr struct {
	hdr unix.Msghdr
	len uint32
}

// A receiver takes frames from a packet socket, many with one system call, into
// buffers of its own.
type receiver struct {
	raw  syscall.RawConn
	form form
	// The ways of reading, kept, for a method value is an allocation.
	wait func(fd uintptr) bool
	poll func(fd uintptr)
	want int
	got  int
	err  error

	slots   []byte // receiveBatch times headroom and frame
	headers [receiveBatch]mmsghdr
	vectors [receiveBatch]unix.Iovec
	from    [receiveBatch]unix.RawSockaddrLinklayer
	control [receiveBatch][controlLen]byte

	mu    sync.Mutex
	stats Stats
}

func (r *receiver) init(raw syscall.RawConn, f form) {
	r.raw, r.form = raw, f
	r.wait, r.poll = r.recvmmsg, func(fd uintptr) { r.recvmmsg(fd) }
	r.slots = make([]byte, receiveBatch*slotLen)
	for i := range receiveBatch {
		slot := r.slot(i)[headroom:]
		r.vectors[i].Base = &slot[0]
		r.vectors[i].SetLen(len(slot))
		h := &r.headers[i].hdr
		h.Iov = &r.vectors[i]
		h.SetIovlen(1)
		h.Name = (*byte)(unsafe.Pointer(&r.from[i]))
		h.Control = &r.control[i][0]
	}
}

func (r *receiver) slot(i int) []byte { return r.slots[i*slotLen : (i+1)*slotLen] }

// next returns how many messages there are, at most want. Without any it waits, if
// it may.
func (r *receiver) next(want int, wait bool) (int, error) {
	r.want = min(want, receiveBatch)
	for i := range r.want {
		h := &r.headers[i].hdr
		h.Namelen = unix.SizeofSockaddrLinklayer
		h.SetControllen(controlLen)
		h.Flags = 0
	}
	var err error
	if wait {
		err = r.raw.Read(r.wait)
	} else {
		err = r.raw.Control(r.poll)
	}
	if err != nil {
		return 0, err
	}
	return r.got, r.err
}

// recvmmsg reports whether it is done; if not, there was nothing to read.
func (r *receiver) recvmmsg(fd uintptr) bool {
	for {
		n, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&r.headers[0])), uintptr(r.want), unix.MSG_DONTWAIT, 0, 0)
		switch errno {
		case 0:
			r.got, r.err = int(n), nil
			return true
		case unix.EINTR:
		case unix.EAGAIN:
			r.got, r.err = 0, nil
			return false
		default:
			r.got, r.err = 0, errno
			return true
		}
	}
}

// message returns what message i has, with headroom in front. A frame that did not fit
// is not ok.
func (r *receiver) message(i int) (b []byte, ok bool) {
	h := &r.headers[i]
	if h.hdr.Flags&unix.MSG_TRUNC != 0 {
		r.count(func(s *Stats) { s.Oversize++ })
		return nil, false
	}
	return r.slot(i)[:headroom+int(h.len)], true
}

// frame makes a Frame of message i, and returns its packet type.
func (r *receiver) frame(i int) (f Frame, pktType uint8, ok bool) {
	b, ok := r.message(i)
	if !ok {
		return Frame{}, 0, false
	}
	from := &r.from[i]
	f.Outgoing = from.Pkttype == unix.PACKET_OUTGOING
	tag, tagged := f.readControl(r.control[i][:r.headers[i].hdr.Controllen])
	f.Data = r.form.complete(b, headroom, from.Protocol, tag, tagged)
	return f, from.Pkttype, true
}

// complete returns the frame that begins at byte at of b, with the link-layer header
// that a bare one does not have, or the tag that the kernel has taken out of it. Both
// go in front.
func (f form) complete(b []byte, at int, protocol uint16, tag wire.VLANTag, tagged bool) []byte {
	switch {
	case f == formBare:
		b = b[at-wire.EthernetLen:]
		clear(b[:wire.EthernetLen-2])
		// Already in network byte order.
		binary.NativeEndian.PutUint16(b[wire.EthernetLen-2:], protocol)
	case tagged && len(b)-at >= wire.EthernetLen:
		b = b[at-4:]
		putTag(b, tag)
	default:
		b = b[at:]
	}
	return b
}

// putTag moves the hardware addresses of a frame, which begins four bytes
// after b does, to the front and the tag behind them.
func putTag(b []byte, tag wire.VLANTag) {
	copy(b, b[4:16])
	binary.BigEndian.PutUint16(b[12:], tag.Protocol)
	binary.BigEndian.PutUint16(b[14:], tag.Control)
}

// readControl reads what the kernel says about a frame, and the VLAN tag that
// it has taken out of it.
func (f *Frame) readControl(b []byte) (tag wire.VLANTag, tagged bool) {
	for len(b) >= unix.SizeofCmsghdr {
		h, data, rest, err := unix.ParseOneSocketControlMessage(b)
		if err != nil {
			break
		}
		switch {
		case h.Level == unix.SOL_PACKET && h.Type == unix.PACKET_AUXDATA && len(data) >= int(unsafe.Sizeof(unix.TpacketAuxdata{})):
			aux := (*unix.TpacketAuxdata)(unsafe.Pointer(&data[0]))
			f.Partial = aux.Status&unix.TP_STATUS_CSUMNOTREADY != 0
			f.Valid = aux.Status&unix.TP_STATUS_CSUM_VALID != 0
			tag, tagged = tagOf(aux.Status, aux.Vlan_tci, aux.Vlan_tpid)
		case h.Level == unix.SOL_SOCKET && h.Type == unix.SO_TIMESTAMPNS && len(data) >= int(unsafe.Sizeof(unix.Timespec{})):
			f.Time = time.Unix((*unix.Timespec)(unsafe.Pointer(&data[0])).Unix())
		}
		b = rest
	}
	return tag, tagged
}

func tagOf(status uint32, tci, tpid uint16) (wire.VLANTag, bool) {
	if status&unix.TP_STATUS_VLAN_VALID == 0 {
		return wire.VLANTag{}, false
	}
	tag := wire.VLANTag{Protocol: wire.EtherTypeVLAN, Control: tci}
	if status&unix.TP_STATUS_VLAN_TPID_VALID != 0 {
		tag.Protocol = tpid
	}
	return tag, true
}

// count changes the counters.
func (r *receiver) count(change func(*Stats)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.stats)
}

// statistics adds what the kernel has counted since it was last asked.
func (r *receiver) statistics(conn *packet.Conn) (Stats, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, err := conn.Stats()
	if err != nil {
		return r.stats, err
	}
	r.stats.Received += uint64(s.Packets)
	r.stats.Dropped += uint64(s.Drops)
	return r.stats, nil
}

// ReadFrames implements [Link].
func (p *Packet) ReadFrames(batch []Frame) (int, error) { return p.read(batch, true) }

// Poll implements [Poller].
func (p *Packet) Poll(batch []Frame) (int, error) { return p.read(batch, false) }

func (p *Packet) read(batch []Frame, wait bool) (int, error) {
	if p.ring != nil {
		return p.readRing(batch, wait)
	}
	for len(batch) > 0 {
		if err := p.life.err(); err != nil {
			return 0, err
		}
		got, err := p.receive.next(len(batch), wait)
		if err != nil {
			if err = p.life.readError(err); err != nil {
				return 0, err
			}
			continue
		}
		n := 0
		for i := range got {
			f, pktType, ok := p.receive.frame(i)
			if ok && p.wants(pktType) {
				batch[n] = f
				n++
			}
		}
		if n > 0 || got == 0 {
			return n, nil
		}
	}
	return 0, nil
}
