package load

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// MaxSize is the most data in bytes that one exchange sends.
const MaxSize = 1 << 20

// ErrSize is wrapped by what is wrong with sizes of data.
var ErrSize = errors.New("load: bad size")

// Sizes say how many bytes of data exchanges have. The zero value is no data.
type Sizes struct {
	ranges []sizeRange
	total  uint64 // weight
	min    int
	max    int
}

type sizeRange struct {
	from, to int
	weight   uint64
}

// SizeOf returns a size that is always the same.
func SizeOf(n int) Sizes {
	return Sizes{ranges: []sizeRange{{n, n, 1}}, total: 1, min: n, max: n}
}

// ParseSizes reads a size (64), a range in which every size is as likely as the
// others (64-1024), or several of both with their weights (64:7,512:2,1000-1400:1).
func ParseSizes(text string) (Sizes, error) {
	s := Sizes{min: MaxSize}
	for part := range strings.SplitSeq(text, ",") {
		r, err := parseSize(strings.TrimSpace(part))
		if err != nil {
			return Sizes{}, err
		}
		s.ranges = append(s.ranges, r)
		s.total += r.weight
		s.min, s.max = min(s.min, r.from), max(s.max, r.to)
	}
	return s, nil
}

func parseSize(text string) (sizeRange, error) {
	size, weight, weighted := strings.Cut(text, ":")
	from, to, isRange := strings.Cut(size, "-")
	if !isRange {
		to = from
	}
	r := sizeRange{weight: 1}
	var errs [3]error
	r.from, errs[0] = strconv.Atoi(from)
	r.to, errs[1] = strconv.Atoi(to)
	if weighted {
		var w uint32
		w, errs[2] = parseWeight(weight)
		r.weight = uint64(w)
	}
	switch {
	case errors.Join(errs[:]...) != nil || r.from < 0:
		return r, fmt.Errorf("%w: %q is not N, N-M, or one of these with :WEIGHT", ErrSize, text)
	case r.to < r.from:
		return r, fmt.Errorf("%w: %s ends before it begins", ErrSize, text)
	case r.to > MaxSize:
		return r, fmt.Errorf("%w: %d bytes, %d at most", ErrSize, r.to, MaxSize)
	}
	return r, nil
}

func parseWeight(text string) (uint32, error) {
	w, err := strconv.ParseUint(text, 10, 20) // so that no sum of weights overflows
	if err == nil && w == 0 {
		err = ErrSize
	}
	return uint32(w), err
}

// Max returns the largest size.
func (s *Sizes) Max() int { return s.max }

// pick returns the size that a random value stands for.
func (s *Sizes) pick(random uint64) int {
	if s.min == s.max {
		return s.max
	}
	w := (random >> 32) * s.total >> 32
	for _, r := range s.ranges {
		if w < r.weight {
			return r.from + int((random&0xffffffff)*uint64(r.to-r.from+1)>>32)
		}
		w -= r.weight
	}
	return s.max
}
