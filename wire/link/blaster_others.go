//go:build !linux

package link

// OpenBlaster fails on this system.
func OpenBlaster(string, *BlasterConfig) (Blaster, error) { return nil, errNoPacket }
