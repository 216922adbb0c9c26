package wire

// Seq is a TCP sequence number. It wraps at 2^32 (RFC 9293, Section 3.4), so
// it is compared by its methods only, never with < or >.
type Seq uint32

// Add returns the number n bytes after s; n may be negative.
func (s Seq) Add(n int) Seq { return s + Seq(n) }

// Diff returns how many bytes s is ahead of t; negative when it is behind. It
// is meaningful for numbers less than 2^31 apart.
func (s Seq) Diff(t Seq) int { return int(int32(s - t)) }

// Less reports whether s comes before t.
func (s Seq) Less(t Seq) bool { return s.Diff(t) < 0 }

// LessEq reports whether s comes before t or is t.
func (s Seq) LessEq(t Seq) bool { return s.Diff(t) <= 0 }

// In reports whether s lies in the n bytes that begin at start.
func (s Seq) In(start Seq, n int) bool { return int64(uint32(s-start)) < int64(n) }
