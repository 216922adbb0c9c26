package main

import (
	"time"

	"github.com/spf13/pflag"
)

// A pollFlag is how long a stack looks for frames before it sleeps; see
// [endpoint.Config.BusyPoll].
type pollFlag time.Duration

// defaultPoll is some wake-ups long: what is found by polling costs no more than
// sleeping would have taken.
const defaultPoll = 50 * time.Microsecond

func (p *pollFlag) add(f *pflag.FlagSet) {
	f.DurationVar((*time.Duration)(p), "busy-poll", defaultPoll,
		"while segments come as fast as that, look for the next one for `D` before sleeping;\nquicker answers for processor time, 0 for neither")
}

func (p pollFlag) check() error {
	if d := time.Duration(p); d < 0 || d > time.Second {
		return usagef("--busy-poll: %v is not between 0 and 1s", d)
	}
	return nil
}
