package handshake

// plainStories are what there is to tell of Fast Open on connections without it.
// They are many, and share them: a story takes more room than all that a
// connection knows of its path. Nobody writes to them.
var plainStories = [...]FastOpenInfo{
	{}, // not begun
	{Outcome: Disabled, Why: WhyNotAsked, SynOption: OptionNone, SynAckOption: OptionNone},
	{Outcome: OutcomeNotAsked, SynOption: OptionNone, SynAckOption: OptionNone}, // answered by a SYN cookie
	{Outcome: OutcomeNotAsked, Why: WhyGateOff, SynOption: OptionNone, SynAckOption: OptionNone},
	{Outcome: OutcomeNotAsked, Why: WhyNoOption, SynOption: OptionNone, SynAckOption: OptionNone},
}

// begunStory sets what there is to tell.
func (m *Machine) begunStory(f FastOpenInfo) {
	for i := range plainStories {
		if plainStories[i] == f {
			m.fastOpen, m.ownStory = &plainStories[i], false
			return
		}
	}
	own := new(FastOpenInfo)
	*own = f
	m.fastOpen, m.ownStory = own, true
}

// story returns what there is to tell, to be changed.
func (m *Machine) story() *FastOpenInfo {
	if !m.ownStory {
		own := new(FastOpenInfo)
		*own = *m.fastOpen
		m.fastOpen, m.ownStory = own, true
	}
	return m.fastOpen
}
