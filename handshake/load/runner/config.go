package runner

import (
	"time"

	"tfocraft/handshake/load"
)

// Config describes a run.
type Config struct {
	// Load is what the engines do. Share and Shares are set for each.
	Load      load.Config
	Interface string
	// CPUs are the processors that engines run on, each on one of its own; without any
	// there is one engine, wherever the system puts it.
	CPUs []int
	// Deaf takes nothing in: for [load.Syn] as fast as it goes.
	Deaf bool
	// Method is the way to send, by the names of package link; empty means the fastest.
	Method string
	// Neighbours answers questions for the hardware addresses of the clients.
	Neighbours bool
	// Capture sees every frame; nil for nobody. Engines call it at the same time.
	Capture func(frame []byte, at time.Time, outgoing bool)
	// Opened is called once everything is open, before the first frame; nil for nobody.
	Opened func()
	// Report is told each second how it goes, and once more in the end of what is left;
	// nil for nobody.
	Report func(Second)
	// Warn is told what is wrong and does not end the run, once for each kind; nil for nobody.
	Warn func(error)
}

// Figures say what a run did.
type Figures struct {
	load.Counters
	FirstByte  load.Latency
	Latency    load.Latency
	InFlight   int
	SendErrors uint64        // frames that were not sent
	Received   uint64        // frames that came
	Dropped    uint64        // of these, lost since nobody took them in time
	Elapsed    time.Duration // until everything was over
	Rated      uint64        // what Rate counts
	RatedTime  time.Duration
	Method     string // how frames were sent
	GaveUp     bool   // an engine has stopped early since the server did not answer
}

// Rate is what was completed in a second, in mode Syn sent.
func (f *Figures) Rate() float64 {
	if f.RatedTime <= 0 {
		return 0
	}
	return float64(f.Rated) / f.RatedTime.Seconds()
}

// A Second is what happened since the last one.
type Second struct {
	At time.Duration // since the beginning
	In time.Duration // how long it was
	load.Counters
	Total      load.Counters // since the beginning
	Latency    load.Latency
	InFlight   int
	SendErrors uint64
}

func newFigures() Figures { return Figures{Latency: load.NewLatency(), FirstByte: load.NewLatency()} }
