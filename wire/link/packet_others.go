//go:build !linux

package link

import (
	"errors"
	"fmt"
	"time"
)

// A Packet is a link over an interface of this host; on this system there is none.
type Packet struct{}

var (
	_ Link         = (*Packet)(nil)
	_ FilterSetter = (*Packet)(nil)
	_ Offloader    = (*Packet)(nil)
)

var errNoPacket = fmt.Errorf("link: packet sockets: %w", errors.ErrUnsupported)

// Open fails on this system.
func Open(string, *Config) (*Packet, error) { return nil, errNoPacket }

// OpenShards fails on this system.
func OpenShards(string, int, *Config) ([]*Packet, error) { return nil, errNoPacket }

// CheckXDP fails on this system.
func CheckXDP() error { return errNoPacket }

// ReadFrames fails on this system.
func (*Packet) ReadFrames([]Frame) (int, error) { return 0, errNoPacket }

// Poll fails on this system.
func (*Packet) Poll([]Frame) (int, error) { return 0, errNoPacket }

// WriteFrames fails on this system.
func (*Packet) WriteFrames([][]byte) (int, error) { return 0, errNoPacket }

// WriteSegments fails on this system.
func (*Packet) WriteSegments([]Outgoing) (int, error) { return 0, errNoPacket }

// MaxPayload returns 0 on this system.
func (*Packet) MaxPayload() int { return 0 }

// SetReadDeadline fails on this system.
func (*Packet) SetReadDeadline(time.Time) error { return errNoPacket }

// SetFilter fails on this system.
func (*Packet) SetFilter(*Filter) error { return errNoPacket }

// Stats fails on this system.
func (*Packet) Stats() (Stats, error) { return Stats{}, errNoPacket }

// MTU returns 0 on this system.
func (*Packet) MTU() int { return 0 }

// Name returns nothing on this system.
func (*Packet) Name() string { return "" }

// Loopback reports false on this system.
func (*Packet) Loopback() bool { return false }

// Close does nothing on this system.
func (*Packet) Close() error { return nil }
