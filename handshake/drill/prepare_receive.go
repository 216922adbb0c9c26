package drill

func read(p *player, a *args) *pendingCall {
	return plain(p.host.Read(a.fd(0), a.int(2, 0), a.bufferFlag(1)))
}

func recv(p *player, a *args) *pendingCall {
	return plain(p.host.Receive(a.fd(0), a.int(2, 0), a.int(3, 0)|a.bufferFlag(1)))
}

func readv(p *player, a *args) *pendingCall {
	n, e := a.vectorOf(1, 2)
	if e != "" {
		return a.refused(e)
	}
	return plain(p.host.Read(a.fd(0), n, 0))
}
