package drill

import (
	"slices"
	"strings"
)

// ignore notes what the script asks for and does not get. It goes on all the same,
// for what it is about need not depend on that; if it fails later it is unsupported.
func (p *player) ignore(what string) {
	if !slices.Contains(p.result.Ignored, what) {
		p.result.Ignored = append(p.result.Ignored, what)
	}
}

// foreign deals with a command that is not interpreted.
func (p *player) foreign(command string) error {
	command = strings.TrimSpace(command)
	if p.config.Command == nil {
		p.ignore("the command `" + command + "` was not run")
		return nil
	}
	if err := p.config.Command(command); err != nil {
		return failf("the command `%s`: %v", command, err)
	}
	return nil
}

// excuse makes a failure behind something that was ignored unsupported: it is not known
// whose fault it is.
func (r *Result) excuse() {
	if r.Verdict == Fail && len(r.Ignored) > 0 {
		r.Verdict = Unsupported
		r.Message = r.Ignored[0] + "; without that: " + r.Message
	}
}
