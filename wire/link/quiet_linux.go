package link

import (
	"net"
	"os"
	"syscall"
	"time"

	"github.com/mdlayher/packet"
	"golang.org/x/sys/unix"
)

// A quietSocket is a packet socket for sending that is not in Go's poller. There
// each frame that has gone would wake a thread that waits on behalf of the whole
// program, and finds nothing to do; on a virtual machine that costs more than the
// frame.
type quietSocket struct {
	file *os.File // keeps the descriptor while it is in use; without O_NONBLOCK, which is what keeps it out of the poller
	raw  syscall.RawConn
}

// openQuiet opens a packet socket on an interface. It receives nothing, as it has no
// protocol.
func openQuiet(ifi *net.Interface) (*quietSocket, error) {
	conn, err := packet.Listen(ifi, packet.Raw, 0, nil)
	if err != nil {
		return nil, err
	}
	defer conn.Close() // takes its own descriptor out of the poller
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	s := &quietSocket{}
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = s.adopt(fd) }); err != nil {
		return nil, err
	}
	return s, failed
}

// adopt makes a descriptor of its own for the socket behind fd.
func (s *quietSocket) adopt(fd uintptr) error {
	own, err := unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("fcntl F_DUPFD_CLOEXEC", err)
	}
	if err := unix.SetNonblock(own, false); err != nil {
		unix.Close(own)
		return os.NewSyscallError("fcntl F_SETFL", err)
	}
	s.file = os.NewFile(uintptr(own), "packet")
	s.raw, err = s.file.SyscallConn()
	return err
}

// Close implements [io.Closer].
func (s *quietSocket) Close() error { return s.file.Close() }

// roomWait is how long awaitRoom waits at most, which is how late it may notice
// that the link was closed.
const roomWait = 50 * time.Millisecond

// awaitRoom waits until there is room in the send buffer, or for roomWait.
func awaitRoom(fd uintptr) {
	fds := [1]unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
	_, _ = unix.Poll(fds[:], int(roomWait.Milliseconds())) // whoever called sees by its next try
}

// namespaceCookie returns the number of the network namespace of the socket, which no
// other one has had since the machine was started.
func (s *quietSocket) namespaceCookie() (cookie uint64, err error) {
	if failed := s.raw.Control(func(fd uintptr) { cookie, err = unix.GetsockoptUint64(int(fd), unix.SOL_SOCKET, unix.SO_NETNS_COOKIE) }); failed != nil {
		return 0, failed
	}
	return cookie, os.NewSyscallError("getsockopt SO_NETNS_COOKIE", err)
}

// sleep blocks the thread: the runtime's timers wait in whole milliseconds, the
// kernel's sleep is exact to its timer slack of 50 µs. A signal may end it early.
func sleep(d time.Duration) {
	ts := unix.NsecToTimespec(int64(d))
	_ = unix.Nanosleep(&ts, nil)
}
