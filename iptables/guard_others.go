//go:build !linux

package iptables

import (
	"context"
	"errors"
	"fmt"
)

var errUnsupported = fmt.Errorf("iptables: the guard is for Linux only: %w", errors.ErrUnsupported)

// Guard holds the rules of one user of the packet filter.
type Guard struct{}

// Open returns an error wrapping errors.ErrUnsupported.
func Open(context.Context, Config) (*Guard, error) { return nil, errUnsupported }

// Backend returns BackendAuto.
func (*Guard) Backend() Backend { return BackendAuto }

// Tag returns the zero Tag.
func (*Guard) Tag() Tag { return Tag{} }

// Scopes returns nil.
func (*Guard) Scopes() []Scope { return nil }

// Add returns an error wrapping errors.ErrUnsupported.
func (*Guard) Add(Scope) error { return errUnsupported }

// Remove returns an error wrapping errors.ErrUnsupported.
func (*Guard) Remove(Scope) error { return errUnsupported }

// Close does nothing.
func (*Guard) Close() error { return nil }

// List returns an error wrapping errors.ErrUnsupported.
func List(context.Context, Backend) ([]Installed, error) { return nil, errUnsupported }

// Sweep returns an error wrapping errors.ErrUnsupported.
func Sweep(context.Context, Backend) (int, error) { return 0, errUnsupported }

// SweepAll returns an error wrapping errors.ErrUnsupported.
func SweepAll(context.Context, Backend) (int, error) { return 0, errUnsupported }

// Install returns an error wrapping errors.ErrUnsupported.
func Install(_ context.Context, b Backend, _ Scope) (Backend, error) { return b, errUnsupported }

// Uninstall returns an error wrapping errors.ErrUnsupported.
func Uninstall(context.Context, Backend, Scope) error { return errUnsupported }

// Available reports both backends with an error wrapping errors.ErrUnsupported.
func Available(context.Context) []BackendStatus {
	return []BackendStatus{{Backend: BackendNFT, Err: errUnsupported}, {Backend: BackendIPTables, Err: errUnsupported}}
}
