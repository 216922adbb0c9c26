package link

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"tfocraft/wire"
)

const (
	// sendBatch is how many frames one system call gives.
	sendBatch = 64
	// A full queue (ENOBUFS) is waited for sendTries times, twice as long each
	// time: 12.8 ms together.
	sendTries     = 8
	firstSendWait = 50 * time.Microsecond
)

// A loader says where a frame goes: it returns what is sent of the frame and
// writes the address of the receiver, whose length it returns too; none is
// needed on a bound socket. The longest kind of address is the room for all.
type loader func(frame []byte, to *unix.RawSockaddrLinklayer) (data []byte, n uint32)

// An outbox is a run of messages for a socket, many with one system call.
type outbox struct {
	raw     syscall.RawConn
	call    func(fd uintptr) // kept, for a method value is an allocation
	at      int              // next message to send
	end     int
	err     error
	sleep   func(time.Duration)
	headers [sendBatch]mmsghdr
}

func (o *outbox) init(raw syscall.RawConn) { o.raw, o.call, o.sleep = raw, o.sendmmsg, time.Sleep }

// sendFirst sends the first n messages and returns how many went out.
func (o *outbox) sendFirst(n int) (int, error) {
	o.at, o.end = 0, n
	err := o.run()
	return o.at, err
}

func (o *outbox) run() error {
	for tries := 0; o.at < o.end; {
		before := o.at
		if err := o.raw.Control(o.call); err != nil {
			return err
		}
		if o.at > before {
			tries = 0
		}
		switch {
		case o.err == nil || errors.Is(o.err, unix.EAGAIN):
		case errors.Is(o.err, unix.ENOBUFS) && tries < sendTries:
			o.sleep(firstSendWait << tries)
			tries++
		default:
			return o.err
		}
	}
	return nil
}

// sendmmsg sends some messages. If the socket's buffer is full the error is EAGAIN,
// after a wait for room.
func (o *outbox) sendmmsg(fd uintptr) {
	for {
		n, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(&o.headers[o.at])), uintptr(o.end-o.at), unix.MSG_DONTWAIT, 0, 0)
		switch errno {
		case 0:
			o.at += int(n)
			o.err = nil
			return
		case unix.EINTR:
		case unix.EAGAIN:
			awaitRoom(fd)
			fallthrough
		default:
			o.err = errno
			return
		}
	}
}

// A sender gives whole frames to a socket.
type sender struct {
	outbox
	load    loader
	vectors [sendBatch]unix.Iovec
	to      [sendBatch]unix.RawSockaddrLinklayer
}

func newSender(raw syscall.RawConn, load loader) *sender {
	s := &sender{load: load}
	s.init(raw)
	for i := range sendBatch {
		s.headers[i].hdr.Iov = &s.vectors[i]
		s.headers[i].hdr.SetIovlen(1)
	}
	return s
}

// send sends at most sendBatch frames and returns how many went out.
func (s *sender) send(frames [][]byte) (int, error) {
	for i, frame := range frames {
		data, n := s.load(frame, &s.to[i])
		setVector(&s.vectors[i], data)
		h := &s.headers[i].hdr
		h.Name, h.Namelen = nil, n
		if n > 0 {
			h.Name = (*byte)(unsafe.Pointer(&s.to[i]))
		}
	}
	n, err := s.sendFirst(len(frames))
	for i := range frames {
		s.vectors[i].Base = nil // the frames are the caller's
	}
	return n, err
}

func setVector(v *unix.Iovec, data []byte) {
	v.Base = unsafe.SliceData(data)
	v.SetLen(len(data))
}

// loader returns how frames are given to the packet socket.
func (f form) loader(index int) loader {
	if f != formBare {
		return func(frame []byte, _ *unix.RawSockaddrLinklayer) ([]byte, uint32) { return frame, 0 }
	}
	return func(frame []byte, to *unix.RawSockaddrLinklayer) ([]byte, uint32) {
		n, _, _ := headerLen(frame)
		*to = unix.RawSockaddrLinklayer{
			Family: unix.AF_PACKET,
			// The EtherType is in network byte order, as the field is.
			Protocol: binary.NativeEndian.Uint16(frame[n-2:]),
			Ifindex:  int32(index),
		}
		return frame[n:], unix.SizeofSockaddrLinklayer
	}
}

// WriteFrames implements [Link]. A frame that finds the device's queue full is
// offered again for some milliseconds before the error, [syscall.ENOBUFS].
func (p *Packet) WriteFrames(batch [][]byte) (int, error) {
	p.sending.Lock()
	defer p.sending.Unlock()
	done := 0
	for done < len(batch) {
		if p.closed.Load() {
			return done, net.ErrClosed
		}
		s, run := p.run(batch[done:])
		if s == nil {
			return done, fmt.Errorf("link: %s: frame of %d bytes has no Ethernet header: %w", p.name, len(batch[done]), unix.EINVAL)
		}
		n, err := s.send(batch[done : done+run])
		done += n
		if err != nil {
			return done, p.writeError(len(batch[done]), err)
		}
	}
	return done, nil
}

// run returns the sender for the first frame, and how many frames from it on
// are for the same one. There is none for a frame without a header.
func (p *Packet) run(batch [][]byte) (s *sender, n int) {
	for _, frame := range batch[:min(len(batch), sendBatch)] {
		next := p.senderFor(frame)
		if n > 0 && next != s || next == nil {
			break
		}
		s = next
		n++
	}
	return s, n
}

func (p *Packet) senderFor(frame []byte) *sender {
	n, etherType, ok := headerLen(frame)
	switch {
	case !ok:
		return nil
	case p.packets != nil && etherType == wire.EtherTypeIPv4 && len(frame) >= n+wire.IPv4Len:
		return p.packets
	}
	return p.frames
}

// writeError says what became of a frame of this length.
func (p *Packet) writeError(length int, err error) error {
	if p.closed.Load() {
		return net.ErrClosed
	}
	return sendError(p.name, p.mtu, length, err)
}

func sendError(name string, mtu, length int, err error) error {
	switch {
	case errors.Is(err, unix.EMSGSIZE):
		return tooLong(name, length, mtu)
	case errors.Is(err, unix.ENXIO), errors.Is(err, unix.ENODEV):
		return fmt.Errorf("link: %s: %w: %w", name, ErrGone, err)
	case errors.Is(err, unix.EPERM):
		return fmt.Errorf("link: %s: a firewall rule of this host dropped the packet: %w", name, err)
	}
	return fmt.Errorf("link: %s: send: %w", name, err)
}
