//go:build !linux

package link

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
)

// A Resolver finds the way to a destination; on this system there is none.
type Resolver struct{}

var errNoResolver = fmt.Errorf("link: routes: %w", errors.ErrUnsupported)

// NewResolver fails on this system.
func NewResolver() (*Resolver, error) { return nil, errNoResolver }

// Resolve fails on this system.
func (*Resolver) Resolve(context.Context, netip.Addr, netip.Addr, string) (Hop, error) {
	return Hop{}, errNoResolver
}

// Interface fails on this system.
func (*Resolver) Interface(string) (*net.Interface, error) { return nil, errNoResolver }

// ForAddr fails on this system.
func (*Resolver) ForAddr(netip.Addr) (*net.Interface, error) { return nil, errNoResolver }

// Close does nothing on this system.
func (*Resolver) Close() error { return nil }
