//go:build !linux

package endpoint

import (
	"errors"
	"fmt"
	"net/netip"

	"tfocraft/wire/link"
)

// KernelPorts reserves ports with the kernel; on this system it cannot.
type KernelPorts struct{}

var errNoKernelPorts = fmt.Errorf("endpoint: reserve ports: %w", errors.ErrUnsupported)

// OpenKernelPorts fails on this system.
func OpenKernelPorts() (*KernelPorts, error) { return nil, errNoKernelPorts }

// Reserve fails on this system.
func (*KernelPorts) Reserve(netip.AddrPort) (func() error, error) { return nil, errNoKernelPorts }

// Ephemeral returns no range.
func (*KernelPorts) Ephemeral() link.PortRange { return link.PortRange{} }

// Close does nothing on this system.
func (*KernelPorts) Close() error { return nil }
