package link

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/mdlayher/packet"
	"golang.org/x/sys/unix"
)

// A form is what a device's frames look like to a packet socket.
type form uint8

const (
	formEthernet form = iota
	formLoopback      // Ethernet with zero addresses
	formBare          // IP packets; the link makes the Ethernet header
)

// socketType returns the packet socket that yields the form. A datagram socket
// begins with IP whatever header the device has.
func (f form) socketType() packet.Type {
	if f == formBare {
		return packet.Datagram
	}
	return packet.Raw
}

// formOf asks the kernel for the hardware type of an interface.
func formOf(ifi *net.Interface) (form, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, fmt.Errorf("link: %s: %w", ifi.Name, err)
	}
	defer unix.Close(fd)
	req, err := unix.NewIfreq(ifi.Name)
	if err != nil {
		return 0, fmt.Errorf("link: %s: %w", ifi.Name, err)
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFHWADDR, req); err != nil {
		return 0, fmt.Errorf("link: %s: %w", ifi.Name, err)
	}
	return formOfType(ifi.Name, req.Uint16())
}

func formOfType(name string, hardware uint16) (form, error) {
	switch hardware {
	case unix.ARPHRD_ETHER:
		return formEthernet, nil
	case unix.ARPHRD_LOOPBACK:
		return formLoopback, nil
	case unix.ARPHRD_NONE, unix.ARPHRD_RAWIP, unix.ARPHRD_PPP, unix.ARPHRD_TUNNEL, unix.ARPHRD_TUNNEL6, unix.ARPHRD_SIT, unix.ARPHRD_IPGRE, unix.ARPHRD_IP6GRE:
		return formBare, nil
	}
	return 0, fmt.Errorf("link: %s: hardware type %d is neither Ethernet, loopback nor plain IP: %w", name, hardware, errors.ErrUnsupported)
}

// interfaceByName finds an interface in the calling thread's network namespace.
func interfaceByName(name string) (*net.Interface, error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("link: list of interfaces: %w", err)
	}
	names := make([]string, len(all))
	for i := range all {
		if all[i].Name == name {
			return &all[i], nil
		}
		names[i] = all[i].Name
	}
	return nil, noInterface(name, names)
}

func noInterface(name string, there []string) error {
	return fmt.Errorf("link: %w: %q; there are: %s", ErrNoInterface, name, strings.Join(there, ", "))
}
