package drill

import "tfocraft/handshake/drill/socket"

// tellsInfo makes a getsockopt check the fields of struct tcp_info that the script
// says.
func (a *args) tellsInfo(i int, c *pendingCall) *pendingCall {
	want := fieldsOf(a.at(i))
	for name := range want {
		if !socket.IsInfo(name) {
			a.fail(unsupportedf("the field %s of TCP_INFO is not supported", name))
		}
	}
	fd := a.fd(0)
	c.check = func(socket.Result) error {
		for name := range want {
			got, _ := a.player.host.Info(fd, name)
			if got == socket.UnknownInfo {
				return unsupportedf("what Linux tells of %s by now is not supported", name)
			}
			if err := a.sameField(want, name, int(got)); err != nil {
				return err
			}
		}
		return a.err
	}
	return c
}
