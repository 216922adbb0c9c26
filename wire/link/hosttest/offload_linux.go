package hosttest

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// DisableOffload makes an interface send what goes over a wire: every checksum
// finished, no frame longer than its MTU. What is longer the kernel cuts itself.
func (h *Host) DisableOffload(ifname string) {
	h.t.Helper()
	h.Do(func() error {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		for _, command := range []uint32{unix.ETHTOOL_SGSO, unix.ETHTOOL_STSO, unix.ETHTOOL_STXCSUM} {
			if err := ethtoolSet(fd, ifname, command, 0); err != nil {
				return err
			}
		}
		return nil
	})
}

// ethtoolSet gives struct ethtool_value to the ioctl of ethtool.
func ethtoolSet(fd int, ifname string, command, data uint32) error {
	value := &struct{ command, data uint32 }{command, data}
	request := struct { // struct ifreq
		name  [unix.IFNAMSIZ]byte
		value unsafe.Pointer
		_     [16]byte
	}{value: unsafe.Pointer(value)}
	copy(request.name[:unix.IFNAMSIZ-1], ifname)
	var pin runtime.Pinner // the kernel follows a pointer inside the request
	pin.Pin(value)
	defer pin.Unpin()
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&request))); errno != 0 {
		return errno
	}
	return nil
}
