package handshake

// checkMachine holds the variables of a machine against each other.
func (c *conversation) checkMachine() {
	m := c.m
	if at := m.Deadline(); m.state == Closed && !at.IsZero() {
		c.fail("closed, and a timer runs to %v", at.Sub(epoch))
	}
	if m.state != c.promises.state || (m.state == Closed) != (c.promises.ended || m.unopened()) {
		c.fail("in %v, and the outputs have said %v", m.state, c.promises.state)
	}
	c.checkSender()
	c.checkScoreboard()
	c.checkReceiver()
	c.checkChallenges()
}

// checkSender: SND.UNA, SND.NXT and the bytes in store are in order, and whatever
// waits has a timer.
func (c *conversation) checkSender() {
	m, s := c.m, &c.m.send
	end := s.dataEnd()
	if s.finQueued {
		end = end.Add(1)
	}
	if m.state != Closed && (s.una.Less(s.iss) || s.nxt.Less(s.una) || end.Less(s.nxt)) {
		c.fail("SND.UNA %d, SND.NXT %d, end %d", s.una.Diff(s.iss), s.nxt.Diff(s.iss), end.Diff(s.iss))
	}
	if most := max(2*s.most, 1<<10); s.store.Cap() > most || s.store.Len() > s.most {
		c.fail("%d bytes in a store of %d, %d are allowed", s.store.Len(), s.store.Cap(), most)
	}
	// A peer with the smallest segments has us send as many bytes of options as data.
	if most := 4*s.limit + 1<<16; cap(m.scratch) > most {
		c.fail("the outputs of a call have taken %d bytes, %d are allowed", cap(m.scratch), most)
	}
	waits := m.maySend() && m.state != SynReceived && (s.unsent() > 0 && !c.unpushed || s.inFlight() > 0)
	if waits && m.timers.retransmit.IsZero() && m.timers.persist.IsZero() {
		c.fail("in %v %d bytes unsent, %d in flight and no timer", m.state, s.unsent(), s.inFlight())
	}
	if m.state.Synchronized() && (m.cwnd.window < 0 || m.cwnd.threshold <= 0) || m.rtt.rto <= 0 || m.rtt.rto > m.rtt.ceiling {
		c.fail("congestion window %d, threshold %d, timeout %v", m.cwnd.window, m.cwnd.threshold, m.rtt.rto)
	}
}

// checkScoreboard: the spans are what is outstanding, without a gap, and the sums
// are theirs.
func (c *conversation) checkScoreboard() {
	m, b := c.m, &c.m.send.board
	sum, at := scoreboard{}, m.send.from()
	for i := range b.spans() {
		s := &b.spans()[i]
		if s.seq != at || s.n <= 0 {
			c.fail("a span of %d bytes at %d, want one at %d", s.n, s.seq.Diff(m.send.iss), at.Diff(m.send.iss))
		}
		if s.fate&fateSacked != 0 && !c.promises.saidSacked(s.seq, s.end()) {
			c.fail("%d to %d count as SACKed, and the peer has not said so", s.seq.Diff(m.send.iss), s.end().Diff(m.send.iss))
		}
		sum.count(s, 1)
		at = s.end()
	}
	if sum.sacked != b.sacked || sum.lost != b.lost || sum.again != b.again {
		c.fail("sums are %d, %d, %d, the spans have %d, %d, %d", b.sacked, b.lost, b.again, sum.sacked, sum.lost, sum.again)
	}
	// The data of a SYN is not on it: what the SYN-ACK leaves out was never sent.
	if m.state.Synchronized() && at != m.send.nxt {
		c.fail("the spans end at %d, SND.NXT is %d", at.Diff(m.send.iss), m.send.nxt.Diff(m.send.iss))
	}
	if len(b.spans()) > 2*maxSpans {
		c.fail("%d spans", len(b.spans()))
	}
}

// checkReceiver: RCV.NXT and what waits behind it are in order, within the window,
// and within the buffer.
func (c *conversation) checkReceiver() {
	m, r := c.m, &c.m.recv
	kept, at := 0, r.nxt
	for i := range r.early.runs {
		run := &r.early.runs[i]
		if len(run.data) == 0 || run.seq.Less(at) || run.seq == r.nxt {
			c.fail("a run of %d bytes at %d, after %d", len(run.data), run.seq.Diff(r.irs), at.Diff(r.irs))
		}
		if cap(run.data) > 2*maxRun {
			c.fail("a run of %d bytes takes %d", len(run.data), cap(run.data))
		}
		kept += len(run.data)
		at = run.end()
	}
	if kept > 0 && (r.edge.Less(at) || len(r.early.runs) > maxRuns) {
		c.fail("%d runs up to %d, the window ends at %d", len(r.early.runs), at.Diff(r.irs), r.edge.Diff(r.irs))
	}
	if r.unread+max(kept, r.window()) > r.limit || r.limit > r.most {
		c.fail("%d bytes unread, %d kept and a window of %d in a buffer of %d", r.unread, kept, r.window(), r.limit)
	}
	came := r.irs.Add(1 + c.promises.got)
	if c.promises.eof {
		came = came.Add(1)
	}
	if m.state >= SynReceived && r.nxt != came {
		c.fail("RCV.NXT is %d, delivered is up to %d", r.nxt.Diff(r.irs), came.Diff(r.irs))
	}
	c.checkEdge()
}

// checkEdge: no more is taken than was announced, but for what scaling rounds off.
func (c *conversation) checkEdge() {
	r, p := &c.m.recv, &c.promises
	if p.hasEdge && !c.m.active && r.edge.Diff(p.edge) >= max(1<<r.shift, 1) {
		c.fail("the window ends at %d, announced is %d", r.edge.Diff(r.irs), p.edge.Diff(r.irs))
	}
}

// checkChallenges: there is a limit on them (RFC 5961, Section 7).
func (c *conversation) checkChallenges() {
	p, n := &c.promises, c.m.count.Challenges
	if n == p.challenges {
		return
	}
	if n != p.challenges+1 || p.challenges > 0 && c.now.Sub(p.challengedAt) < challengeInterval {
		c.fail("%d challenge ACKs, the last %v after the one before", n, c.now.Sub(p.challengedAt))
	}
	p.challenges, p.challengedAt = n, c.now
}
