package handshake

import (
	"math/rand/v2"
	"time"

	"tfocraft/wire"
)

// simHost is a machine and its application.
type simHost struct {
	name   string
	index  int
	config Config
	m      *Machine // nil on a server before the SYN
	ended  bool     // the machine was there and is closed
	out    []Output

	stream  []byte // what it will write
	written int
	got     int // bytes delivered
	eof     bool
	eofAt   time.Time
	simApp
	end      simEnd
	gone     bool // the application has closed or aborted
	halfDone bool // CloseWrite was called
	reading  bool // it will read soon
	stopped  bool // it has stopped reading for a while, and will not again
	calls    int  // writes and reads so far
	// writeAfter is when the pause after a write is over.
	writeAfter time.Time
	admitted   bool // counts as pending at the gate
	inRun      bool // settle is to come
	pushing    bool // push is to come

	// What the checks remember. forged is set while a segment is not the peer's.
	edge, room, ack, high             wire.Seq
	hasEdge, hasRoom, hasAck, hasHigh bool
	again                             int               // segments with data that was sent before
	repeated                          map[int]time.Time // the last of them by their first byte
	forged                            bool
	challenges                        int
	challengedAt                      time.Time
}

// simApp is how an application reads and writes.
type simApp struct {
	chunk      int // it writes at most so much at once
	writePause time.Duration
	readPause  time.Duration
	readPart   bool          // it reads a part of what is there
	stopFor    time.Duration // it stops reading for so long, once
	stopAt     int           // after so many bytes
}

// simEnd is how an application ends.
type simEnd uint8

const (
	endHalf   simEnd = iota // CloseWrite, read to the end, Close
	endLast                 // read to the end first, then write the rest and Close
	endClose                // Close when all is written, whatever the peer does
	endAbort                // Abort at some time
	endUnread               // Close at some time, whatever is unread or unwritten
)

// polite reports whether it reads everything and writes everything.
func (e simEnd) polite() bool { return e <= endLast }

// prompt reports whether the application never lets the peer wait.
func (h *simHost) prompt() bool {
	return h.end.polite() && h.writePause == 0 && h.readPause == 0 && h.stopFor == 0 && !h.config.Nagle &&
		h.chunk >= 5000 && !h.readPart
}

// simBytes is what streams are cut from.
var simBytes = func() []byte {
	rng := rand.New(rand.NewPCG(1, 7413))
	b := make([]byte, 1<<20)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}()

func (s *sim) newHost(index int, name string) *simHost {
	rng := s.rng
	h := &simHost{name: name, index: index, config: s.config()}
	size := s.size()
	at := rng.IntN(len(simBytes) - size)
	h.stream = simBytes[at : at+size]
	h.chunk = pick(rng, 20000, 20000, 5000, 300, 20)
	if s.oneIn(2) {
		h.writePause = s.upTo(pick(rng, 20*time.Millisecond, 20*time.Millisecond, 500*time.Millisecond))
	}
	if h.chunk < 1000 {
		h.stream = h.stream[:min(size, 100*h.chunk)]
	}
	if s.oneIn(2) {
		h.readPause, h.readPart = s.upTo(50*time.Millisecond), true
	}
	if s.oneIn(8) {
		h.stopFor, h.stopAt = s.upTo(10*time.Second), rng.IntN(size+1)
	}
	if s.oneIn(4) {
		h.end = pick(rng, endClose, endClose, endAbort, endUnread)
	}
	return h
}

// size is mostly small, and sometimes far more than a window.
func (s *sim) size() int {
	switch s.rng.IntN(10) {
	case 0:
		return 0
	case 1:
		return s.rng.IntN(60000)
	case 2:
		return s.rng.IntN(300000)
	case 3, 4:
		return s.rng.IntN(5000)
	}
	return s.rng.IntN(1000)
}

func (s *sim) config() Config {
	rng := s.rng
	mss := pick(rng, 1460, 1460, 1460, 536, 200, 60, 8960)
	if s.ipv6 {
		mss = pick(rng, 1440, 1440, 1440, 1220, 1220, 200, 8940)
	}
	return Config{
		LocalPort: 1000, RemotePort: 80, IPv6: s.ipv6,
		ISS: wire.Seq(rng.Uint32() | pick[uint32](rng, 0, 0xfffff000)),
		MSS: mss, RecvBuffer: pick(rng, 0, 0, 0, 65535, 5000, 700, 50, 16<<20),
		SendBuffer: pick(rng, 0, 0, 0, 3000, 100, 4<<20), NoTimestamps: s.oneIn(3), NoSACK: s.oneIn(3),
		NoWindowScale: s.oneIn(3), TimestampOffset: rng.Uint32(), Nagle: s.oneIn(3),
		InitialWindow:   pick(rng, 0, 0, 1, 4),
		SynRetries:      pick(rng, 0, 0, 2),
		Retries:         pick(rng, 0, 0, 0, 3),
		DelayedAck:      pick[time.Duration](rng, 0, 0, -1, 200*time.Millisecond),
		TimeWait:        pick[time.Duration](rng, 0, 0, -1, time.Second),
		SynAckHold:      pick[time.Duration](rng, 0, 0, 30*time.Millisecond),
		NoDataBeforeAck: s.oneIn(6),
		Burst:           pick(s.marks, 0, 0, 3000, 20_000, 65_000),
		ECN:             pick(s.marks, ECNOff, ECNAnswer, ECNRequest, ECNRequest),
		Profile:         pick(rng, Linux, Linux, FreeBSD),
		QuickAcks:       pick(rng, 0, 0, 16),
		SynLinear:       pick(rng, 0, 0, 4),
		LaxTimestamps:   s.oneIn(6),
		LinuxSender:     s.oneIn(4),
		NoFRTO:          s.oneIn(6),
	}
}

// fit takes from a stream what a tiny buffer or segment would take ages for.
func (h *simHost) fit(peer *simHost) {
	least := min(h.config.MSS, peer.config.MSS)
	for _, n := range []int{peer.config.RecvBuffer, h.config.SendBuffer} {
		if n > 0 {
			least = min(least, n)
		}
	}
	h.stream = h.stream[:min(len(h.stream), 200*least)]
	h.stopAt = min(h.stopAt, len(peer.stream))
	if peer.stopFor > 0 {
		// The timeouts have to outlast the pause: once the application has closed,
		// it is not kept waiting for the peer's window (RFC 6429).
		h.config.Retries = 0
	}
}

// app writes as much as there is room for, and closes when that is done.
func (s *sim) app(h *simHost) {
	if h.m == nil || h.gone || h.m.State() == Closed && !h.m.unopened() {
		return
	}
	if h.written < len(h.stream) && !h.halfDone && !(h.end == endLast && !h.eof) {
		s.write(h)
	}
	if h.written < len(h.stream) {
		return
	}
	switch {
	case h.end == endClose || h.eof && h.m.Unread() == 0:
		if h.m.unopened() {
			return
		}
		h.gone = true
		s.logf("%s: Close", h.name)
		s.take(h, h.m.Close(s.now, h.out[:0]))
	case !h.halfDone && (h.end != endLast || h.eof):
		h.halfDone = true
		s.logf("%s: CloseWrite", h.name)
		s.take(h, h.m.CloseWrite(s.now, h.out[:0]))
	}
}

func (s *sim) write(h *simHost) {
	if s.now.Before(h.writeAfter) {
		return
	}
	chunk := h.stream[h.written:]
	chunk = chunk[:min(len(chunk), 1+s.rng.IntN(h.chunk))]
	// What is written has to be known before its segments are checked.
	space := min(h.m.SendSpace(), len(chunk))
	if space == 0 {
		return
	}
	h.written += space
	h.calls++
	n, out := h.m.Write(s.now, chunk, h.out[:0])
	if n != space {
		s.fail("%s: Write took %d bytes, SendSpace was %d", h.name, n, space)
	}
	s.take(h, out)
	if h.written < len(h.stream) {
		pause := s.upTo(h.writePause)
		h.writeAfter = s.now.Add(pause)
		s.after(pause, h, (*sim).app)
	}
}

// readSoon has the application read after its pause.
func (s *sim) readSoon(h *simHost) {
	if h.reading {
		return
	}
	h.reading = true
	pause := s.upTo(h.readPause)
	if !h.stopped && h.stopFor > 0 && h.got >= h.stopAt {
		h.stopped = true
		pause = h.stopFor
	}
	s.after(pause, h, (*sim).read)
}

func (s *sim) read(h *simHost) {
	h.reading = false
	n := h.m.Unread()
	if n == 0 || h.gone {
		return
	}
	h.calls++
	if h.readPart {
		n = 1 + s.rng.IntN(n)
	}
	s.take(h, h.m.Consume(s.now, n, h.out[:0]))
	if h.m.Unread() > 0 {
		s.readSoon(h)
	}
	s.app(h)
}

// planEnd sets the time of an end that does not wait for anything.
func (s *sim) planEnd(h *simHost) {
	switch h.end {
	case endAbort:
		s.after(s.upTo(3*time.Second), h, func(s *sim, h *simHost) {
			h.gone = true
			s.logf("%s: Abort", h.name)
			s.take(h, h.m.Abort(s.now, h.out[:0]))
		})
	case endUnread:
		s.after(s.upTo(3*time.Second), h, (*sim).closeUnread)
	}
}

// closeUnread closes without a look at what is there. The peer has to learn
// that some of what it has sent is read by nobody (RFC 9293, Section 3.6.1).
func (s *sim) closeUnread(h *simHost) {
	unread, alive := h.m.Unread(), !h.gone && !h.ended
	h.gone = true
	s.logf("%s: Close with %d bytes unread", h.name, unread)
	s.take(h, h.m.Close(s.now, h.out[:0]))
	if alive && unread > 0 && h.m.Err() != ErrAborted {
		s.fail("%s was closed with %d bytes unread and has not reset the connection", h.name, unread)
	}
}

func (s *sim) start() {
	c := s.hosts[0]
	client, server := s.addrs()
	fo := &c.config.FastOpen
	fo.Mode = pick(s.rng, ClientOn, ClientOn, ClientOn, ClientNoCookie, ClientOff)
	fo.MSS = pick[uint16](s.rng, 0, 536, 1460)
	fo.Experimental = s.oneIn(5)
	switch s.rng.IntN(5) {
	case 0: // none: ask
	case 1:
		fo.Cookie = mustCookie("0102030405060708")
	default:
		fo.Cookie = s.ring.Mint(client, server)
	}
	s.open(c)
	if s.twoOpens {
		other := s.hosts[1]
		other.config.FastOpen = c.config.FastOpen
		s.open(other)
	}
}

func (s *sim) open(h *simHost) {
	h.m = NewClient(h.config)
	if !s.oneIn(4) {
		s.app(h)
	}
	s.take(h, h.m.Open(s.now, h.out[:0]))
	s.after(s.upTo(20*time.Millisecond), h, (*sim).app)
	s.planEnd(h)
}
