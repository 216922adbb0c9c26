package drill

import (
	"errors"
	"fmt"
	"slices"

	"tfocraft/handshake/drill/script"
	"tfocraft/wire"
)

// leaveOut passes over what a program does.
func (v *live) leaveOut(e *script.Event) {
	if listens(e) {
		v.player.listening = true
	}
	if e.Call != nil && sends(e.Call.Name) {
		v.acted = e.Call.Name
	}
}

// forgives reports whether an event may come later than the tolerance says: where
// that can only be because this host was busy.
func (p *player) forgives(t *script.Time) bool {
	return p.far != nil && t.Kind != script.Absolute && t.Kind != script.AbsoluteRange
}

// sends reports whether a call may make the host send something.
func sends(name string) bool {
	return slices.Contains([]string{"write", "writev", "send", "sendto", "sendmsg", "close", "shutdown", "connect"}, name)
}

// expect waits for a packet as [player.expect] does, and says what a live host is
// free to do.
func (v *live) expect(e *script.Packet, w *window) error {
	err := v.player.expect(e, w)
	f, ok := errors.AsType[*failure](err)
	if !ok {
		return err
	}
	if v.icmp != "" {
		f.detail = append(f.detail, "hint     "+v.icmp)
	}
	switch {
	case v.acted != "":
		f.detail = append(f.detail, fmt.Sprintf("hint     the script's program has called %s before; whether the program of a live host does so is its own affair", v.acted))
	case f.message == timeDiffers:
		f.detail = append(f.detail, "hint     the time on the way counts, too; --tolerance allows for more")
	case !v.heard():
		f.detail = append(f.detail, "hint     the host has not answered at all: is anybody there, and not farther away than --tolerance allows?")
	}
	return f
}

// timeDiffers is the message about a packet that is as expected but for its time.
var timeDiffers = fieldNames["time"] + " differs"

// refuses reports whether a segment says that nobody listens, where somebody
// should.
func refuses(want *script.Packet, got *wire.Segment) bool {
	return want.Segment.Flags.Has(wire.SYN|wire.ACK) && got.Flags.Has(wire.RST) && got.Seq == 0
}

// ExplainRemote is [Explain] for scripts that [RunRemote] plays.
func ExplainRemote(s *script.Script) []string {
	texts := Explain(s)
	for i := range s.Events {
		if e := &s.Events[i]; e.Call != nil && sends(e.Call.Name) {
			texts[i] += " Left out: the program of a live host decides whether it does that, and so whether what follows is sent."
		} else if isProgram(e) {
			texts[i] += " Left out against a live host."
		}
	}
	return texts
}
