package handshake

import (
	"slices"

	"tfocraft/wire"
)

// early is what has come before its turn: runs of bytes in order, with gaps
// between them. The window bounds the bytes.
type early struct {
	runs   []run
	recent [wire.MaxSACKBlocks]wire.Seq // where the latest bytes begin, latest first, for SACK
}

type run struct {
	seq  wire.Seq
	data []byte // owned
}

func (r *run) end() wire.Seq { return r.seq.Add(len(r.data)) }

// maxRuns bounds what senders of single bytes can cost.
const maxRuns = 256

// end is the sequence number behind the last run; nxt if there is none.
func (e *early) end(nxt wire.Seq) wire.Seq {
	if len(e.runs) == 0 {
		return nxt
	}
	return e.runs[len(e.runs)-1].end()
}

// keep copies the bytes at seq, but for those that are there already, and
// reports whether there was room for them.
func (e *early) keep(seq wire.Seq, data []byte) bool {
	// i is the first run that ends at seq or later.
	i, _ := slices.BinarySearchFunc(e.runs, seq, func(r run, seq wire.Seq) int { return r.end().Diff(seq) })
	if i == len(e.runs) || seq.Less(e.runs[i].seq) {
		if i < len(e.runs) && e.runs[i].seq.Less(seq.Add(len(data))) || len(e.runs) < maxRuns {
			e.runs = slices.Insert(e.runs, i, run{seq: seq})
		} else {
			return false
		}
	}
	e.extend(i, seq, data)
	e.remember(seq)
	return true
}

// extend adds what is new in the bytes at seq to run i, which they touch, and
// joins it with the runs that they reach.
func (e *early) extend(i int, seq wire.Seq, data []byte) {
	r, last := &e.runs[i], i+1
	for {
		if known := r.end().Diff(seq); known < len(data) {
			r.data = append(r.data, data[known:]...)
		}
		if last == len(e.runs) || r.end().Less(e.runs[last].seq) {
			break
		}
		seq, data = e.runs[last].seq, e.runs[last].data
		last++
	}
	e.runs = slices.Delete(e.runs, i+1, last)
}

// has reports whether all of the n bytes at seq are there already.
func (e *early) has(seq wire.Seq, n int) bool {
	return slices.ContainsFunc(e.runs, func(r run) bool { return r.seq.LessEq(seq) && seq.Add(n).LessEq(r.end()) })
}

// remember puts the run with the latest bytes before the earlier ones.
func (e *early) remember(seq wire.Seq) {
	at, n := e.runAt(seq), 1
	recent := [wire.MaxSACKBlocks]wire.Seq{seq}
	for _, before := range e.recent {
		if n < len(recent) && e.runAt(before) != at {
			recent[n] = before
			n++
		}
	}
	e.recent = recent
}

// runAt returns the index of the run that has the byte at seq, or -1.
func (e *early) runAt(seq wire.Seq) int {
	return slices.IndexFunc(e.runs, func(r run) bool { return seq.In(r.seq, len(r.data)) })
}

// pop takes the first run away if it begins at nxt or before, and returns those
// of its bytes that are new.
func (e *early) pop(nxt wire.Seq) ([]byte, bool) {
	if len(e.runs) == 0 || nxt.Less(e.runs[0].seq) {
		return nil, false
	}
	data := e.runs[0].data
	data = data[min(nxt.Diff(e.runs[0].seq), len(data)):]
	e.runs = slices.Delete(e.runs, 0, 1)
	if len(e.runs) == 0 {
		e.runs = nil
	}
	return data, true
}

// blocks appends the SACK blocks, up to limit: the one with the latest bytes
// first, then those that were reported before it, then the lowest ones (RFC 2018,
// Section 4).
func (e *early) blocks(dst []wire.SACKBlock, limit int) []wire.SACKBlock {
	start := len(dst)
	add := func(r *run) {
		b := wire.SACKBlock{Left: r.seq, Right: r.end()}
		if len(dst)-start < limit && !slices.Contains(dst[start:], b) {
			dst = append(dst, b)
		}
	}
	for _, seq := range e.recent {
		if i := e.runAt(seq); i >= 0 {
			add(&e.runs[i])
		}
	}
	for i := range e.runs[:min(len(e.runs), limit)] {
		add(&e.runs[i])
	}
	return dst
}
