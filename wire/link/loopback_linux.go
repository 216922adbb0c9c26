package link

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// openRaw4 opens the socket for IPv4 packets to this host. It is of protocol
// IPPROTO_RAW: the header comes with the packet, and it receives nothing.
func (p *Packet) openRaw4() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, unix.IPPROTO_RAW)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	p.raw4 = os.NewFile(uintptr(fd), "raw IPv4")
	raw, err := p.raw4.SyscallConn()
	if err != nil {
		return err
	}
	p.packets = newSender(raw, loadPacket4)
	return nil
}

// loadPacket4 takes the link-layer header off and sends to the destination
// that the IP header names. The caller has checked that there is one.
func loadPacket4(frame []byte, to *unix.RawSockaddrLinklayer) ([]byte, uint32) {
	n, _, _ := headerLen(frame)
	packet := frame[n:]
	*(*unix.RawSockaddrInet4)(unsafe.Pointer(to)) = unix.RawSockaddrInet4{
		Family: unix.AF_INET,
		Addr:   [4]byte(packet[16:20]),
	}
	return packet, unix.SizeofSockaddrInet4
}
