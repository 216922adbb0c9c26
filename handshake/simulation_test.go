package handshake

import (
	"errors"
	"flag"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tfocraft/cookie"
)

var (
	simSeed  = flag.Int64("seed", -1, "TestSimulation: run this seed alone and print its segments")
	simSeeds = flag.Uint64("seeds", 0, "TestSimulation: run so many seeds")
	simFirst = flag.Uint64("first", 0, "TestSimulation: the first of them")
)

func newSim(seed uint64) *sim {
	rng := rand.New(rand.NewPCG(seed, 7413))
	s := &sim{rng: rng, marks: rand.New(rand.NewPCG(seed, 3168)), now: epoch, progress: epoch, ring: simKeyring}
	s.ipv6 = s.oneIn(3)
	s.twoOpens = s.oneIn(20)
	s.gate = NewGate(GateConfig{Enabled: !s.oneIn(8), Keyring: s.ring, CookieNotNeeded: s.oneIn(8)})
	c, srv := s.newHost(0, "client"), s.newHost(1, "server")
	s.hosts = [2]*simHost{c, srv}
	// If both waited for the other's end, none would come.
	if waits := s.rng.IntN(6); waits < 2 && c.end.polite() && srv.end.polite() {
		s.hosts[waits].end = endLast
	}
	c.fit(srv)
	srv.fit(c)
	s.newPath()
	return s
}

var simKeyring = cookie.NewKeyring(cookie.RFC7413, cookie.Key{1})

// run ends when nothing is scheduled any more. An application whose peer is
// lost without a word has nothing to wake it; it then gives up.
func (s *sim) run() {
	for s.failed == "" {
		if !s.step() && !s.giveUp() {
			break
		}
	}
	if s.failed == "" {
		s.judge()
	}
}

func (s *sim) giveUp() bool {
	for i, h := range s.hosts {
		if h.m == nil || h.ended {
			continue
		}
		other := s.hosts[1-i]
		if !other.ended && other.m != nil {
			s.fail("%s in %v is stuck while %s is in %v", h.name, h.m.State(), other.name, other.m.State())
			return false
		}
		s.logf("%s gives up", h.name)
		h.gone = true
		s.take(h, h.m.Abort(s.now, h.out[:0]))
		return true
	}
	return false
}

// simTally counts what has happened, to tell whether it does.
type simTally struct {
	faults [faultCount]int
	drops  [len(dropNames)]int
	states [len(stateNames)]int
	ends   [6]int // by errorName
	held   int    // segments that left what they made room for to the end of the run
	cuts   int    // calls that stopped at the quota
}

var simErrors = [...]error{nil, ErrRefused, ErrReset, ErrTimeout, ErrUnreachable, ErrAborted}

func errorName(err error) int {
	for i, e := range simErrors {
		if errors.Is(err, e) {
			return i
		}
	}
	panic(err)
}

func (t *simTally) add(u *simTally) {
	for i, n := range u.faults {
		t.faults[i] += n
	}
	for i, n := range u.drops {
		t.drops[i] += n
	}
	for i, n := range u.states {
		t.states[i] += n
	}
	for i, n := range u.ends {
		t.ends[i] += n
	}
	t.held += u.held
	t.cuts += u.cuts
}

// Whatever the path does, every byte arrives once and in its place, or both
// sides end; and no timer is left behind. T-13, T-87, C-20, C-90 and others.
//
// A seed that fails is run again and printed; so is any other with -v and
// -run TestSimulation$ -seed N. A long run is -seeds N, from -first N on.
func TestSimulation(t *testing.T) {
	if *simSeed >= 0 {
		printSim(t, uint64(*simSeed))
		return
	}
	seeds := uint64(20000)
	switch {
	case *simSeeds > 0:
		seeds = *simSeeds
	case testing.Short(), raceEnabled:
		seeds = 1000
	}
	tally := runSims(t, *simFirst, seeds)
	if seeds >= 20000 {
		tally.complete(t)
	}
}

// maxSimFailures is how many seeds may fail until the rest is left out.
const maxSimFailures = 3

// runSims runs seeds on every processor.
func runSims(t *testing.T, first, seeds uint64) simTally {
	var next, failures atomic.Uint64
	var total simTally
	var mu sync.Mutex
	var wg sync.WaitGroup
	began := time.Now()
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			var tally simTally
			for failures.Load() < maxSimFailures {
				seed := first + next.Add(1) - 1
				if seed >= first+seeds {
					break
				}
				s := newSim(seed)
				s.start()
				s.run()
				tally.add(&s.seen)
				if s.failed != "" {
					failures.Add(1)
					mu.Lock()
					printSim(t, seed)
					mu.Unlock()
				}
			}
			mu.Lock()
			total.add(&tally)
			mu.Unlock()
		})
	}
	wg.Wait()
	t.Logf("%d seeds in %v", min(next.Load(), seeds), time.Since(began))
	return total
}

// printSim runs a seed and writes down what happens.
func printSim(t *testing.T, seed uint64) {
	s := newSim(seed)
	s.logging = true
	s.start()
	s.run()
	t.Logf("seed %d: path %+v", seed, s.path)
	for _, h := range s.hosts {
		t.Logf("%s: %d bytes, %+v, end %d, %+v", h.name, len(h.stream), h.simApp, h.end, h.config)
	}
	for _, line := range s.log {
		t.Log(line)
	}
	if s.failed != "" {
		t.Errorf("seed %d: %s", seed, s.failed)
	}
}

// complete says what never happened: then the simulation is not what it should
// be.
func (t *simTally) complete(tb testing.TB) {
	for i, n := range t.faults[1:] {
		if n == 0 {
			tb.Errorf("no segment had this fate: %s", faultNames[i+1])
		}
	}
	for i, n := range t.drops[1:] {
		// What comes for a closed machine does not reach it here, and the 257th gap
		// is in TestReassemblyBound.
		if why := DropReason(i + 1); n == 0 && why != DropClosed && why != DropNoRoom {
			tb.Errorf("no segment was dropped for this reason: %v", DropReason(i+1))
		}
	}
	for i, n := range t.states {
		if n == 0 {
			tb.Errorf("no machine was in %v", State(i))
		}
	}
	for i, n := range t.ends {
		if n == 0 {
			tb.Errorf("no machine ended with %v", simErrors[i])
		}
	}
	if t.held == 0 || t.cuts == 0 {
		tb.Errorf("%d segments left something to the end of a run, %d calls stopped at the quota", t.held, t.cuts)
	}
}
