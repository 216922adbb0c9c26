//go:build !linux

package lab

import (
	"context"
	"net"
	"net/netip"
)

// KernelServer is for Linux.
type KernelServer struct{}

// ListenKernel is for Linux.
func ListenKernel(*Host, KernelServerConfig) (*KernelServer, error) { return nil, errUnsupported }

// ListenKernelNet is for Linux.
func ListenKernelNet(context.Context, *Host, KernelServerConfig) (net.Listener, error) {
	return nil, errUnsupported
}

// Addr is for Linux.
func (*KernelServer) Addr() netip.AddrPort { return netip.AddrPort{} }

// Memory is for Linux.
func (*KernelServer) Memory() (int, error) { return 0, errUnsupported }

// Close is for Linux.
func (*KernelServer) Close() error { return nil }

// Serve is for Linux.
func (*KernelServer) Serve(context.Context) error { return errUnsupported }

// Exchange is for Linux.
func (*KernelClient) Exchange(context.Context, netip.AddrPort, []byte) (KernelExchange, error) {
	return KernelExchange{}, errUnsupported
}
