package drill

// labels turn the flow label of the script into the one on the wire. A script cannot
// know which one the host takes, so that it can only say that a label stays, or that
// another one comes.
type labels struct{ script, live uint32 }

// fits takes a label that was sent where the script has said one. 0 says nothing.
func (l *labels) fits(script, live uint32) bool {
	switch {
	case script == 0:
		return true
	case live == 0:
		return false
	case script == l.script:
		return live == l.live
	case l.script != 0 && live == l.live:
		return false
	}
	*l = labels{script, live}
	return true
}
