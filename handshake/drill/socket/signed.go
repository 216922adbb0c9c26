package socket

import (
	"tfocraft/handshake"
	"tfocraft/wire"
)

// signed reports whether a segment has a signature (RFC 2385). Nobody here has
// a key, and Linux then takes no notice of it at all (tcp_inbound_hash), be it a SYN or a
// reset. A TCP without signatures would pass over the option.
func (h *Host) signed(p *wire.Packet) bool {
	if h.config.Profile != handshake.Linux {
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
