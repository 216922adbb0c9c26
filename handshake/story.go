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
	if f.SynOption == OptionNone || f.SynOption == "" {
		for i := range plainStories {
			if plainStories[i] == f {
				m.fastOpen = &plainStories[i]
				return
			}
		}
	}
	m.ownStory(f)
}

// ownStory begins a story of the machine's own.
func (m *Machine) ownStory(f FastOpenInfo) {
	if m.spareStory == nil {
		m.spareStory = new(FastOpenInfo)
	}
	*m.spareStory = f
	m.fastOpen = m.spareStory
}

// story returns what there is to tell, to be changed.
func (m *Machine) story() *FastOpenInfo {
	if m.fastOpen != m.spareStory {
		m.ownStory(*m.fastOpen)
	}
	return m.fastOpen
}
