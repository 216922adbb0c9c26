package lab

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Memory returns what the kernel has charged to the sockets of the connections that are being served (SO_MEMINFO), in bytes:
// packets that wait in either direction, with what they are wrapped in, and what is set aside for more. The sockets
// themselves are not among it.
func (s *KernelServer) Memory() (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.serving {
		m, err := conn.memory()
		if err != nil {
			return 0, err
		}
		n += m
	}
	return n, nil
}

// The figures of SO_MEMINFO, by their place (linux/sock_diag.h).
const (
	memReceived = 0 // waits to be read
	memAhead    = 4 // set aside
	memQueued   = 5 // waits to be sent or acknowledged
	memOptions  = 6
	memBacklog  = 7 // came while the socket was busy
	memFigures  = 9
)

func (s *kernelSocket) memory() (int, error) {
	var m [memFigures]uint32
	err := s.control("getsockopt", func(fd int) error {
		size := uint32(unsafe.Sizeof(m))
		_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_MEMINFO,
			uintptr(unsafe.Pointer(&m)), uintptr(unsafe.Pointer(&size)), 0)
		if errno != 0 {
			return errno
		}
		return nil
	})
	return int(m[memReceived]) + int(m[memAhead]) + int(m[memQueued]) + int(m[memOptions]) + int(m[memBacklog]), err
}
