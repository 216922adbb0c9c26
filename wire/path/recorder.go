package path

import (
	"bytes"
	"slices"
	"sync"
)

// A Recorder keeps what an observer is told, for whoever looks at it later. Its methods may be called from any goroutine.
type Recorder struct {
	// Limit is how many passages are kept, the first ones; 0 means 10000.
	Limit int

	mu   sync.Mutex
	kept []Passage
	left int
}

const defaultLimit = 10_000

// Observe keeps a copy of a passage. It is what [Config.Observer] takes.
func (r *Recorder) Observe(p Passage) {
	r.mu.Lock()
	defer r.mu.Unlock()
	limit := r.Limit
	if limit == 0 {
		limit = defaultLimit
	}
	if len(r.kept) >= limit {
		r.left++
		return
	}
	p.Sent, p.Got = bytes.Clone(p.Sent), bytes.Clone(p.Got)
	r.kept = append(r.kept, p)
}

// Passages returns what was kept by now, in the order of departure, and how many were not.
func (r *Recorder) Passages() (kept []Passage, left int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	kept = slices.Clone(r.kept)
	slices.SortStableFunc(kept, func(a, b Passage) int {
		if c := a.Departed.Compare(b.Departed); c != 0 {
			return c
		}
		return int(a.Number) - int(b.Number)
	})
	return kept, r.left
}
