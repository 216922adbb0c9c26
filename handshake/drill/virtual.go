package drill

import (
	"time"

	"tfocraft/handshake/drill/socket"
	"tfocraft/wire"
)

// A venue is where a script is played: it makes time pass, and carries packets to
// the host under test. What the host sends meanwhile goes to player.take, and after
// every step player.tryCall goes on with the call under way.
type venue interface {
	// elapsed is the script's time now.
	elapsed() time.Duration
	// advance lets everything happen until a time.
	advance(to time.Duration) error
	// await does so until ready says so, or until a time if nothing is left to wait
	// for.
	await(until time.Duration, ready func() bool) error
	// input carries an IP packet to the host.
	input(ip []byte) error
}

// virtual is the venue of a host in virtual time.
type virtual struct {
	player *player
	host   *socket.Host
	now    time.Time
}

func (v *virtual) elapsed() time.Duration { return v.now.Sub(epoch) }

// maxSteps bounds what happens between two events: no script waits for so many
// timers.
const maxSteps = 100_000

func (v *virtual) advance(to time.Duration) error {
	until := epoch.Add(to)
	for range maxSteps {
		next := v.host.Deadline()
		if next.IsZero() || next.After(until) {
			if until.After(v.now) {
				return v.step(until)
			}
			return nil
		}
		if err := v.step(next); err != nil {
			return err
		}
	}
	return failf("something happens again and again and does not end")
}

func (v *virtual) await(until time.Duration, ready func() bool) error {
	for range maxSteps {
		if ready() {
			return nil
		}
		next := v.host.Deadline()
		if next.IsZero() || next.Sub(epoch) > until {
			return nil
		}
		if err := v.step(next); err != nil {
			return err
		}
	}
	return failf("something happens again and again and does not end")
}

// step moves the time on, never back.
func (v *virtual) step(to time.Time) error {
	if to.After(v.now) {
		v.now = to
	}
	v.host.Advance(v.now)
	return v.player.tryCall()
}

func (v *virtual) input(ip []byte) error {
	e := wire.Ethernet{EtherType: wire.EtherTypeIPv4}
	if v.player.config.IPv6 {
		e.EtherType = wire.EtherTypeIPv6
	}
	v.host.Input(v.now, append(e.Append(nil), ip...))
	return v.player.tryCall()
}
