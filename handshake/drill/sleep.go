package drill

import (
	"strconv"
	"strings"
	"time"
)

// sleepUnits are the suffixes of sleep(1).
var sleepUnits = map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}

// maxSleep is the longest sleep: more is a mistake.
const maxSleep = 30 * 24 * time.Hour

// sleep is sleep(1): the time of the script goes on. It does not before the first
// event that has a time, for packetdrill's clock starts there.
func (p *player) sleep(args []string) error {
	var total time.Duration
	for _, arg := range args {
		number, unit := arg, time.Second
		if n := len(arg) - 1; n > 0 && sleepUnits[arg[n:]] != 0 {
			number, unit = arg[:n], sleepUnits[arg[n:]]
		}
		n, err := strconv.ParseFloat(number, 64)
		if err != nil || !(n >= 0) || strings.HasPrefix(number, "-") || n > float64(maxSleep)/float64(unit) {
			return failf("sleep: %q is not a time up to %v", arg, maxSleep)
		}
		total += time.Duration(n * float64(unit))
	}
	switch {
	case len(args) == 0:
		return failf("sleep needs a time")
	case !p.started:
		return nil
	}
	return p.venue.advance(p.venue.elapsed() + min(total, maxSleep))
}
