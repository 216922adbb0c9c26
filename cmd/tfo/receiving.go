package main

import (
	"time"

	"github.com/spf13/pflag"

	"tfocraft/handshake/endpoint"
)

// receiveFlags say how a stack waits for frames, and where it takes them from.
type receiveFlags struct {
	poll time.Duration // [endpoint.Config.BusyPoll]
	xdp  bool          // [endpoint.Config.XDP]
}

// defaultPoll is some wake-ups long, and as long as Linux polls for a guest that waits
// (kvm.halt_poll_ns).
const defaultPoll = 200 * time.Microsecond

func (r *receiveFlags) add(f *pflag.FlagSet) {
	f.DurationVar(&r.poll, "busy-poll", defaultPoll,
		"while segments come as fast as that, look for the next one for `D` before sleeping;\nquicker answers for processor time, 0 for neither")
	f.BoolVar(&r.xdp, "xdp", false,
		"while looking, take short segments from the driver of the interface (XDP): quicker answers still,\nbut tcpdump on it does not see these segments")
}

func (r *receiveFlags) check() error {
	switch {
	case r.poll < 0 || r.poll > time.Second:
		return usagef("--busy-poll: %v is not between 0 and 1s", r.poll)
	case r.xdp && r.poll == 0:
		return usagef("--xdp takes segments while the stack looks for them, which it does not with --busy-poll 0")
	}
	return nil
}

// set puts the flags into the configuration of a stack.
func (r *receiveFlags) set(c *endpoint.Config) { c.BusyPoll, c.XDP = r.poll, r.xdp }
