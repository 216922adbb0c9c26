package handshake

// With Config.LinuxSender the congestion window, and all that is measured with it, is in
// segments as in Linux, however long they are; otherwise it is in bytes, as in the RFCs.

// unit is what a full segment is in the congestion window.
func (m *Machine) unit() int {
	if m.config.LinuxSender {
		return 1
	}
	return m.segmentSize()
}

// inUnits is bytes, or with Config.LinuxSender segments.
func (m *Machine) inUnits(bytes, segments int) int {
	if m.config.LinuxSender {
		return segments
	}
	return bytes
}

// inBytes is how many bytes a part of the congestion window has room for.
func (m *Machine) inBytes(units int) int {
	if m.config.LinuxSender {
		return units * m.segmentSize()
	}
	return units
}

// pipe is how much is in the network (RFC 6675, Section 4).
func (m *Machine) pipe() int {
	b := &m.send.board
	return max(m.inUnits(b.outstanding(), b.outstandingSegments())-int(m.recovery.arrived), 0)
}

// room is how many bytes the congestion window has room for.
func (m *Machine) room() int { return m.inBytes(m.cwnd.window - m.pipe()) }

// sentUnits is all that was sent and is not acknowledged.
func (m *Machine) sentUnits() int {
	return m.inUnits(m.send.inFlight(), int(m.send.board.segments.all))
}

// taken is how much an acknowledgement says has arrived.
func (m *Machine) taken(d *delivery) int { return m.inUnits(d.bytes, d.count+d.extra) }
