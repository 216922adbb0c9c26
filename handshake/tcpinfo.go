package handshake

// CongestionState says what congestion control makes of the path, in the words of
// Linux (tcpi_ca_state).
type CongestionState uint8

// The states, with Linux's numbers.
const (
	CongestionOpen     CongestionState = iota
	CongestionDisorder                 // something has arrived out of order
	CongestionCWR                      // the window shrinks without a loss; only with Config.LinuxSender
	CongestionRecovery                 // a loss that acknowledgements have shown is repaired
	CongestionLoss                     // a loss that a timeout has shown, or data of the SYN that goes again
)

var congestionNames = [...]string{
	CongestionOpen: "Open", CongestionDisorder: "Disorder", CongestionCWR: "CWR",
	CongestionRecovery: "Recovery", CongestionLoss: "Loss",
}

func (s CongestionState) String() string { return congestionNames[s] }

// ClientFail says why a client's Fast Open did not carry its data, as
// tcpi_fastopen_client_fail of Linux does. [FastOpenInfo] tells more.
type ClientFail uint8

// The reasons, with Linux's numbers.
const (
	ClientFailNone             ClientFail = iota
	ClientFailNoCookie                    // there was none to show
	ClientFailDataNotAcked                // the server has left data of the SYN out
	ClientFailSynRetransmitted            // and the SYN had been sent again
)

// reportSegments tells what is in flight, in segments.
func (m *Machine) reportSegments(i *Info) {
	i.CwndSegments = m.cwnd.window / m.unit()
	if m.state == SynSent {
		i.Unacked = 1
	}
	for _, s := range m.send.board.spans() {
		n := s.segments(s.n)
		i.Unacked += n
		switch {
		case s.fate&fateSacked != 0:
			i.Sacked += n
		case s.fate&fateLost != 0:
			i.Lost += n
		case s.fate&fateRepair != 0:
			i.Resent, i.Lost = i.Resent+n, i.Lost+n
		case s.fate&fateResent != 0 && !m.config.LinuxSender: // for a probe Linux does not count it
			i.Resent += n
		default:
			i.Resent += m.sentInSyn(&s)
		}
	}
	i.Sacked += m.duplicateSegments()
	i.CongestionState = m.congestionState(i)
}

// sentInSyn is how many segments of a span went for the first time in the SYN.
func (m *Machine) sentInSyn(s *span) int {
	if !m.active || m.handshake.synData == 0 {
		return 0
	}
	return s.segments(max(min(m.synDataEnd().Diff(s.seq), s.n), 0))
}

func (m *Machine) congestionState(i *Info) CongestionState {
	b := &m.send.board
	switch {
	case m.recovery.phase == phaseRecovery:
		return CongestionRecovery
	case m.recovery.phase == phaseLoss, m.state == SynReceived && m.handshake.fastOpened && m.handshake.lost:
		return CongestionLoss
	case !b.empty() && m.sentInSyn(&b.spans()[0]) > 0:
		return CongestionLoss
	case m.shrinks():
		return CongestionCWR
	case i.Sacked > 0 || m.recovery.duplicates > 0:
		return CongestionDisorder
	}
	return CongestionOpen
}

// reportFastOpen tells of Fast Open what Linux does.
func (m *Machine) reportFastOpen(i *Info) {
	fo := m.fastOpen
	if !m.active {
		i.SynDataAcked = m.handshake.fastOpened && fo.SynAcked > 0
		return
	}
	answered := m.handshake.peerMSS > 0
	switch {
	case fo.SynOption == OptionRequest:
		i.ClientFail = ClientFailNoCookie
	case fo.SynData == 0 || !answered:
	case fo.SynAcked == fo.SynData:
		i.SynDataAcked = true
	case i.SynRetransmits > 0:
		i.ClientFail = ClientFailSynRetransmitted
	default:
		i.ClientFail = ClientFailDataNotAcked
	}
}
