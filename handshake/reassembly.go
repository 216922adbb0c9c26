package handshake

import (
	"math"
	"slices"

	"tfocraft/wire"
)

// early is what has come before its turn: runs of bytes in order. Those that
// follow each other without a gap are an island. They are not made one run, since
// that would have to be copied again and again for a peer that sends backwards.
// The window bounds the bytes.
type early struct {
	runs   []run
	recent [wire.MaxSACKBlocks]wire.Seq // where the latest bytes begin, latest first, for SACK
}

type run struct {
	seq  wire.Seq
	data []byte // owned
}

func (r *run) end() wire.Seq { return r.seq.Add(len(r.data)) }

const (
	// maxRun is how long a run grows, in bytes: what is copied for a segment that
	// fills a gap is bounded by it.
	maxRun = 16 << 10
	// maxRuns bounds what senders of single bytes can cost. It is enough for a
	// window of 4 MiB with a thousand gaps.
	maxRuns = 1280
)

// end is the sequence number behind the last run; nxt if there is none.
func (e *early) end(nxt wire.Seq) wire.Seq {
	if len(e.runs) == 0 {
		return nxt
	}
	return e.runs[len(e.runs)-1].end()
}

// after returns the index of the first run that ends behind seq.
func (e *early) after(seq wire.Seq) int {
	i, found := slices.BinarySearchFunc(e.runs, seq, func(r run, seq wire.Seq) int { return r.end().Diff(seq) })
	if found {
		i++
	}
	return i
}

// keep copies the bytes at seq, but for those that are there already, and
// reports whether there was room for them.
func (e *early) keep(seq wire.Seq, data []byte) bool {
	first := seq
	for len(data) > 0 {
		i, n := e.after(seq), len(data)
		if i < len(e.runs) {
			if gap := e.runs[i].seq.Diff(seq); gap > 0 {
				n = min(n, gap)
			} else {
				known := min(e.runs[i].end().Diff(seq), n)
				seq, data = seq.Add(known), data[known:]
				continue
			}
		}
		if n = min(n, maxRun); !e.insert(i, seq, data[:n]) {
			return false
		}
		seq, data = seq.Add(n), data[n:]
	}
	e.remember(first)
	return true
}

// insert adds new bytes in front of run i: to the run that ends where they begin,
// or as a run of their own. It joins two short runs where they close a gap.
func (e *early) insert(i int, seq wire.Seq, data []byte) bool {
	if before := i - 1; before >= 0 && e.runs[before].end() == seq && len(e.runs[before].data)+len(data) <= maxRun {
		e.runs[before].data = append(e.runs[before].data, data...)
		i = before
	} else {
		if len(e.runs) >= maxRuns {
			return false
		}
		e.runs = slices.Insert(e.runs, i, run{seq, slices.Clone(data)})
	}
	r := &e.runs[i]
	if next := i + 1; next < len(e.runs) && r.end() == e.runs[next].seq && len(r.data)+len(e.runs[next].data) <= maxRun {
		r.data = append(r.data, e.runs[next].data...)
		e.runs = slices.Delete(e.runs, next, next+1)
	}
	return true
}

// has reports whether all of the n bytes at seq are there already.
func (e *early) has(seq wire.Seq, n int) bool {
	island, ok := e.islandAt(seq)
	return ok && seq.Add(n).LessEq(island.Right)
}

// islandAt returns the island that has the byte at seq.
func (e *early) islandAt(seq wire.Seq) (island wire.SACKBlock, ok bool) {
	i := e.after(seq)
	if i == len(e.runs) || seq.Less(e.runs[i].seq) {
		return island, false
	}
	first := i
	for first > 0 && e.runs[first-1].end() == e.runs[first].seq {
		first--
	}
	island, _ = e.islandFrom(first)
	return island, true
}

// islandFrom returns the island that begins with run i, and the index of the run
// behind it.
func (e *early) islandFrom(i int) (island wire.SACKBlock, next int) {
	island = wire.SACKBlock{Left: e.runs[i].seq, Right: e.runs[i].end()}
	for i++; i < len(e.runs) && e.runs[i].seq == island.Right; i++ {
		island.Right = e.runs[i].end()
	}
	return island, i
}

// islands counts the islands, up to limit.
func (e *early) islands(limit int) (n int) {
	for i := 0; i < len(e.runs) && n < limit; n++ {
		_, i = e.islandFrom(i)
	}
	return n
}

// remember puts the island with the latest bytes before the earlier ones.
func (e *early) remember(seq wire.Seq) {
	at, _ := e.islandAt(seq)
	n := 1
	recent := [wire.MaxSACKBlocks]wire.Seq{seq}
	for _, before := range e.recent {
		if island, ok := e.islandAt(before); n < len(recent) && ok && island != at {
			recent[n] = before
			n++
		}
	}
	e.recent = recent
}

// gap is how many bytes are missing between nxt and the first run.
func (e *early) gap(nxt wire.Seq) int {
	if len(e.runs) == 0 {
		return math.MaxInt
	}
	return e.runs[0].seq.Diff(nxt)
}

// pop takes the first run away if it begins at nxt, and returns its bytes.
func (e *early) pop(nxt wire.Seq) ([]byte, bool) {
	if len(e.runs) == 0 || e.runs[0].seq != nxt {
		return nil, false
	}
	data := e.runs[0].data
	e.runs[0] = run{}
	if e.runs = e.runs[1:]; len(e.runs) == 0 {
		e.runs = nil
	}
	return data, true
}

// blocks appends the SACK blocks, up to limit: the one with the latest bytes
// first, then those that were reported before it, then the lowest ones (RFC 2018,
// Section 4).
func (e *early) blocks(dst []wire.SACKBlock, limit int) []wire.SACKBlock {
	start := len(dst)
	add := func(b wire.SACKBlock) {
		if len(dst)-start < limit && !slices.Contains(dst[start:], b) {
			dst = append(dst, b)
		}
	}
	for _, seq := range e.recent {
		if island, ok := e.islandAt(seq); ok {
			add(island)
		}
	}
	for i := 0; i < len(e.runs) && len(dst)-start < limit; {
		var island wire.SACKBlock
		island, i = e.islandFrom(i)
		add(island)
	}
	return dst
}
