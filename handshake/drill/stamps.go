package drill

import (
	"encoding/binary"
	"time"

	"tfocraft/wire"
)

// stamps turn the timestamps of the script into those on the wire. A script cannot
// know where the clock of the host begins, so that the first value that it
// expects stands for the first one that comes.
type stamps struct {
	begun        bool
	script, live uint32
	exact        map[uint32]uint32 // script -> wire, of what was sent
}

// sent takes a value that was sent where the script says val. It reports false if
// the time that has passed since the first one is not the script's; a tick of 0
// does not look at that.
func (s *stamps) sent(val, live uint32, tick, tolerance time.Duration) bool {
	if !s.begun {
		s.begun, s.script, s.live = true, val, live
		s.exact = make(map[uint32]uint32)
	}
	s.exact[val] = live
	if tick == 0 {
		return true
	}
	passed := time.Duration(int32(live-s.live)) * time.Millisecond
	said := time.Duration(int32(val-s.script)) * tick
	return (passed - said).Abs() <= tolerance
}

// echo returns what stands on the wire for an echo of the script: what was sent
// where the script says that, or, with --tcp_ts_ecr_scaled, what the host's clock says
// at that time. An echo of 0 is otherwise none, and stays. It reports false if the
// script can mean none of that.
func (s *stamps) echo(ecr uint32, scaled bool) (live uint32, ok bool) {
	if live, ok = s.exact[ecr]; ok {
		return live, true
	}
	if scaled && s.begun {
		return ecr - s.script + s.live, true
	}
	return 0, ecr == 0
}

// told is the script's value for one on the wire.
func (s *stamps) told(live uint32) uint32 {
	if !s.begun {
		return live
	}
	return live - s.live + s.script
}

// rewriteStamps changes a Timestamps option in place, if there is one.
func rewriteStamps(o wire.Options, change func(t wire.Timestamps) wire.Timestamps) {
	for option, err := range o.All() {
		if err != nil {
			return
		}
		if option.Kind == wire.KindTimestamps && len(option.Data) == 8 {
			t := change(wire.Timestamps{Val: binary.BigEndian.Uint32(option.Data), Ecr: binary.BigEndian.Uint32(option.Data[4:])})
			binary.BigEndian.PutUint32(option.Data, t.Val)
			binary.BigEndian.PutUint32(option.Data[4:], t.Ecr)
			return
		}
	}
}
