package endpoint

// SoftError returns an ICMP error that has come and ended nothing, as an errno, and
// forgets it; nil if there is none, or something has come from the peer since. See
// [handshake.Machine.SoftError].
func (c *Conn) SoftError() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return errno(c.machine.SoftError())
}
