package handshake

import (
	"encoding/hex"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// randomSentence follows from the seed.
func randomSentence(seed uint64) []byte {
	rng := rand.New(rand.NewPCG(seed, 9293))
	sentence := make([]byte, frameLen*(2+rng.IntN(maxMoves)))
	for i := range sentence {
		// A choice is the first one more often than not.
		if i%frameLen < 2 || rng.IntN(2) == 0 {
			sentence[i] = byte(rng.Uint32())
		}
	}
	return sentence
}

// report says what went wrong, with all segments in the text form.
func (c *conversation) report(t *testing.T, what string, sentence []byte) {
	t.Helper()
	if c.failed != "" {
		t.Errorf("%s: %s\n%s\n%s", what, c.failed, strings.Join(c.log, "\n"), hex.EncodeToString(sentence))
	}
}

// The seeds keep the promises, and there is nothing in the grammar, no state and no
// reason to drop a segment that they leave out.
func TestConversations(t *testing.T) {
	seen := conversationTally{moves: map[string]int{}}
	for i := range seeds {
		sentence := seeds[i].sentence(t)
		c := converse(sentence)
		c.report(t, seeds[i].words, sentence)
		seen.add(&c.seen)
	}
	names := map[string]bool{}
	for _, m := range slices.Concat(openings, moves) {
		if seen.moves[m.name] == 0 || names[m.name] {
			t.Errorf("no seed uses %q, or there are two of them", m.name)
		}
		names[m.name] = true
	}
	for i, n := range seen.states {
		if n == 0 {
			t.Errorf("no seed leads to %v", State(i))
		}
	}
	for i, n := range seen.drops {
		if n == 0 && i > 0 {
			t.Errorf("in no seed a segment is dropped for this reason: %v", DropReason(i))
		}
	}
	for i, n := range seen.ends {
		if n == 0 {
			t.Errorf("no seed ends with %v", simErrors[i])
		}
	}
}

// Whatever is said in whatever order, and in whatever state, the promises hold.
func TestRandomConversations(t *testing.T) {
	sentences := uint64(2000)
	if testing.Short() || raceEnabled {
		sentences = 300
	}
	var next, failures atomic.Uint64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for failures.Load() < maxSimFailures {
				seed := next.Add(1) - 1
				if seed >= sentences {
					return
				}
				sentence := randomSentence(seed)
				if c := converse(sentence); c.failed != "" {
					failures.Add(1)
					c.report(t, "seed "+itoa(int(seed)), sentence)
				}
			}
		})
	}
	wg.Wait()
}

func FuzzConversation(f *testing.F) {
	for i := range seeds {
		f.Add(seeds[i].sentence(f))
	}
	f.Fuzz(func(t *testing.T, sentence []byte) {
		converse(sentence).report(t, "sentence", sentence)
	})
}
