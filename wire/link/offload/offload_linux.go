// Package offload switches off what makes the frames that an interface sends or
// receives differ from those on a wire. It is for Linux.
package offload

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ethtoolValue is the kernel's struct ethtool_value.
type ethtoolValue struct {
	cmd, data uint32
}

// ethtoolRequest is the kernel's struct ifreq with the pointer in its union, which is 24 bytes at most.
type ethtoolRequest struct {
	name  [unix.IFNAMSIZ]byte
	value *ethtoolValue
	_     [16]byte
}

// offloads are what makes a frame in a capture differ from the frame on a wire, in the order in which they go off:
// segmentation offload depends on checksum offload.
func offloads() []uint32 {
	return []uint32{unix.ETHTOOL_SGRO, unix.ETHTOOL_SGSO, unix.ETHTOOL_STSO, unix.ETHTOOL_STXCSUM}
}

// Disable makes the interface, of the calling thread's namespace, send whole checksums and no frame above its MTU.
func Disable(name string) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("interface %s: offload: %w", name, err)
	}
	defer unix.Close(fd)
	for _, cmd := range offloads() {
		err := setEthtool(fd, name, cmd, 0)
		if err != nil && !errors.Is(err, unix.EOPNOTSUPP) {
			return fmt.Errorf("interface %s: offload: ethtool command %#x: %w", name, cmd, err)
		}
	}
	return nil
}

func setEthtool(fd int, name string, cmd, data uint32) error {
	return ethtool(fd, name, &ethtoolValue{cmd: cmd, data: data})
}

func ethtool(fd int, name string, value *ethtoolValue) error {
	request := ethtoolRequest{value: value}
	copy(request.name[:unix.IFNAMSIZ-1], name)
	// The kernel follows a pointer inside the request, so the value must neither move nor go.
	var pin runtime.Pinner
	pin.Pin(value)
	defer pin.Unpin()
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&request)))
	if errno != 0 {
		return errno
	}
	return nil
}
