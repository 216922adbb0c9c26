package socket

import (
	"math"
	"math/bits"
	"slices"

	"tfocraft/handshake"
)

// Linux counts a send buffer in packets of its own (sk_wmem_queued): a write fills the
// last one that has not left up to a size, whatever that costs, and begins another one
// only below the limit. So a write can take more than SO_SNDBUF, or nothing where there
// seems to be room.
const (
	skbOverhead = 832                          // what each costs beside its data: SKB_TRUESIZE of an empty one
	largestSkb  = 65536 - 1 - 320              // sk_gso_max_size
	roomBeyond  = 2 * largestSkb               // that the machine has to have, so that it is never its buffer that is full
	leastBurst  = 2                            // net.ipv4.tcp_min_tso_segs
	pacingShift = 10                           // sk_pacing_shift: what is sent in about a millisecond goes at once
	rttShift    = 9                            // net.ipv4.tcp_tso_rtt_log
	noLow       = math.MaxUint32 & math.MaxInt // tcp_notsent_lowat that is none, as far as an int goes
)

// An skbList is the packets of a send buffer, the bytes counted from the first of the
// connection.
type skbList struct {
	all  []skb
	sent uint64 // up to where they were cut to be sent
	most int    // the largest window that the peer had
	// While a write goes on that is too long for one packet, those that are full leave
	// one by one, until half a window has come together (forced_push).
	pushed uint64 // up to where all was sent that may be
	ahead  int    // bytes that have left since, in Linux
}

// An skb is one of them; it begins where the one before ends.
type skb struct {
	end   uint64
	whole bool // the end of a record: nothing is added
}

// metered reports whether what a write takes goes by packets: where a program has said
// how large the buffer is, or how much may wait in it.
func (s *socket) metered() bool {
	return s.options.profile == handshake.Linux && (s.sendLimit() > 0 || s.notSentLow() != noLow)
}

// sendLimit is sk_sndbuf: SO_SNDBUF, or what net.ipv4.tcp_wmem and the congestion window
// make of it (tcp_sndbuf_expand); 0 is as much as there is.
func (s *socket) sendLimit() int {
	n, c := s.options.get(SOL_SOCKET, SO_SNDBUF), &s.host.settings
	if n > 0 || c.sendFirst == 0 || s.conn == nil {
		return n
	}
	i := s.conn.Info()
	packet := i.MSS + headerRoom
	size := 1 << bits.Len(uint(packet-1))
	return max(c.sendFirst, min(2*max(i.CwndSegments, leastCwnd)*(size+skbHead), c.sendMost))
}

// What tcp_sndbuf_expand reckons with.
const (
	headerRoom = 320 + 320 // MAX_TCP_HEADER and struct skb_shared_info
	skbHead    = 256       // struct sk_buff
	leastCwnd  = 10
)

// sizeGoal is tcp_xmit_size_goal: how long a packet gets.
func (s *socket) sizeGoal(flags int) int {
	i := s.conn.Info()
	if flags&MSG_OOB != 0 {
		return i.MSS
	}
	goal := largestSkb
	switch most := s.skbs.most; {
	case most > firstMSS:
		goal = min(goal, most/2)
	case most > 0:
		goal = min(goal, most)
	}
	return max(goal/i.MSS*i.MSS, i.MSS)
}

// burst is tcp_tso_autosize: of how many segments the packets are that leave.
func burst(i *handshake.Info) int {
	bytes := 0
	if i.RTT > 0 {
		ratio := 2.0 // net.ipv4.tcp_pacing_ss_ratio
		if i.Cwnd >= i.Threshold/2 {
			ratio = 1.2
		}
		bytes = int(ratio*float64(i.Cwnd)/i.RTT.Seconds()) >> pacingShift
	}
	if r := i.MinRTT.Microseconds() >> rttShift; i.MinRTT > 0 && r < 32 {
		bytes += largestSkb >> r
	}
	return max(min(bytes, largestSkb)/i.MSS, leastBurst)
}

// follow brings the packets up to date: what is acknowledged is gone, and what has left
// was cut for that.
func (s *socket) follow() {
	q := &s.skbs
	i := s.conn.Info()
	q.most = max(q.most, i.SendWindow)
	acked, sent := s.progress()
	n := 0
	for n < len(q.all) && q.all[n].end <= acked {
		n++
	}
	q.all = q.all[n:]
	for q.sent = max(q.sent, acked); q.sent < sent; {
		at := slices.IndexFunc(q.all, func(p skb) bool { return p.end > q.sent })
		if at < 0 {
			q.sent = sent
			return
		}
		step := min(q.sent+uint64(burst(&i)*i.MSS), q.all[at].end, sent)
		if step < q.all[at].end {
			q.all = slices.Insert(q.all, at, skb{end: step})
		}
		q.sent = step
	}
}

// tail is how long the last packet is that has not left; 0 if there is none that
// something could be added to.
func (q *skbList) tail() int {
	n := len(q.all)
	if n == 0 || q.all[n-1].whole || q.all[n-1].end <= q.sent {
		return 0
	}
	start := q.sent
	if n > 1 {
		start = max(start, q.all[n-2].end)
	}
	return int(q.all[n-1].end - start)
}

// charged is sk_wmem_queued.
func (s *socket) charged() int { return s.conn.Unsent() + skbOverhead*len(s.skbs.all) }

// takes is how much a write may add before it is looked at again: what fits the last
// packet, or a fresh one if there may be one (sk_stream_memory_free).
func (s *socket) takes(flags int) (n int, fresh bool) {
	s.follow()
	goal := s.sizeGoal(flags)
	if tail := s.skbs.tail() - s.skbs.ahead; tail > 0 && tail < goal {
		return goal - tail, false
	}
	if limit := s.sendLimit(); limit > 0 && s.charged() >= limit || limit == 0 && s.conn.Room() == 0 {
		return 0, true
	}
	if s.conn.Info().Unsent-s.skbs.ahead >= s.notSentLow() {
		return 0, true
	}
	return goal, true
}

// added notes what was written last, in a fresh packet or the last one.
func (s *socket) added(fresh, whole bool) {
	q := &s.skbs
	if fresh {
		q.all = append(q.all, skb{})
	}
	q.all[len(q.all)-1] = skb{s.written(), whole}
}

// writeMetered is tcp_sendmsg_locked.
func (s *socket) writeMetered(data []byte, flags int) (n int, e Errno) {
	defer func() { _ = s.conn.SetMore(false) }()
	for n < len(data) {
		room, fresh := s.takes(flags)
		k := min(room, len(data)-n)
		if k == 0 {
			s.chrono.full = true // before the rest is pushed
			break
		}
		last := n+k == len(data)
		_ = s.conn.SetMore(flags&MSG_MORE != 0 || !last)
		took, err := s.conn.TryWrite(data[n : n+k])
		if err != nil {
			return n, errnoOf(err)
		}
		n += took
		s.added(fresh, last && flags&MSG_EOR != 0)
		if last {
			s.markEnd(flags)
		}
		if last || !s.leavesOne(room == k) {
			s.push()
		}
	}
	s.push()
	if n == 0 && len(data) > 0 {
		return 0, EAGAIN
	}
	return n, ""
}

// push sends what may be sent.
func (s *socket) push() {
	s.skbs.pushed, s.skbs.ahead = s.written(), 0
	s.host.settle()
}

// leavesOne reports whether what was written lets just one packet leave, or none, and
// makes room for it in the last one.
func (s *socket) leavesOne(full bool) bool {
	q := &s.skbs
	if full && s.written() > q.pushed+uint64(q.most/2) {
		return false
	}
	i := s.conn.Info()
	flight := s.conn.Unsent() - i.Unsent
	head := len(q.all) < 2 || q.all[len(q.all)-2].end <= q.sent
	if room := min(i.Cwnd, i.SendWindow) - flight - q.ahead; full && head && room > 0 {
		q.ahead += min(burst(&i)*i.MSS, room)
	}
	return true
}

// full reports whether a write would take nothing.
func (s *socket) full() bool {
	n, _ := s.takes(0)
	return n == 0
}

// writableMetered is sk_stream_is_writeable: a third of the buffer is free.
func (s *socket) writableMetered() bool {
	s.follow()
	charged, limit := s.charged(), s.sendLimit()
	return limit == 0 && s.conn.Room() > 0 || charged < limit && limit-charged >= charged/2
}
