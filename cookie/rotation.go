package cookie

import (
	"slices"
	"time"
)

// A Rotation says when keys expire. RFC 7413, Section 4.1.2, wants cookies to; how soon is a trade between what a stolen
// cookie is good for and how many clients have to ask anew. The zero Rotation changes keys by hand only and keeps one.
type Rotation struct {
	// Every is how long a key mints. With zero or less, keys change only by [Keyring.Rotate]. FreeBSD's default is
	// 120 s.
	Every time.Duration
	// Keep is how many replaced keys are still accepted: a cookie lives for Keep to Keep+1 periods. Zero means 1, a
	// negative number none; at most [MaxKeys]-1 count.
	Keep int
}

func (p Rotation) keep() int {
	if p.Keep == 0 {
		return 1
	}
	return min(max(p.Keep, 0), MaxKeys-1)
}

// SetRotation makes p the policy of r and starts a period of the minting key at now. Older keys that p does not keep
// are refused from now on.
func (r *Keyring) SetRotation(now time.Time, p Rotation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keep, r.every, r.due = p.keep(), p.Every, time.Time{}
	if p.Every > 0 {
		r.due = now.Add(p.Every)
	}
	r.storeTrimmed(slices.Clone(*r.keys.Load()))
}

// Deadline returns when the minting key is to be replaced, or the zero time if only by hand.
func (r *Keyring) Deadline() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.due
}

// Due reports whether the minting key is to be replaced.
func (r *Keyring) Due(now time.Time) bool {
	deadline := r.Deadline()
	return !deadline.IsZero() && !now.Before(deadline)
}

// RotateAt makes next the minting key if that is due at now, and reports whether it did; of several callers at once only
// one does. A call that comes whole periods late counts them: a key that would have expired by now is dropped, and the
// periods keep their phase. Until the call comes, the ring accepts what it did before.
func (r *Keyring) RotateAt(now time.Time, next Key) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.due.IsZero() || now.Before(r.due) {
		return false
	}
	missed := now.Sub(r.due) / r.every
	r.due = r.due.Add(missed * r.every).Add(r.every)
	r.advance(next, int64(missed)+1)
	return true
}
