package socket

import (
	"tfocraft/handshake"
	"tfocraft/wire"
)

// signed reports whether a frame is a segment with a signature (RFC 2385). Nobody here has
// a key, and Linux then takes no notice of it at all (tcp_inbound_hash), be it a SYN or a
// reset. A TCP without signatures would pass over the option.
func (h *Host) signed(frame []byte) bool {
	if h.config.Profile != handshake.Linux {
		return false
	}
	p, err := wire.ParseFrame(frame)
	if err != nil {
		return false
	}
	for option, err := range p.TCP.Options.All() {
		if err != nil {
			return false
		}
		if option.Kind == wire.KindMD5 {
			return true
		}
	}
	return false
}
