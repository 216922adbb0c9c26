package follow

import (
	"cmp"
	"container/list"
	"net/netip"
	"slices"
	"time"

	"tfocraft/cookie"
	"tfocraft/wire"
	"tfocraft/wire/bilingual"
)

// DefaultLimit is how many connections a [Follower] remembers.
const DefaultLimit = 1 << 14

// A Line is what there is to say about one frame.
type Line struct {
	Number     int           // of the frame
	At         time.Duration // since the first frame
	Connection int           // its number, from 1
	FromClient bool
	// Text is the segment in the form of [wire.AppendText], with sequence
	// numbers relative to the initial one of each side: the SYN is 0.
	Text string
	// Reason says in plain words what the segment is for.
	Reason bilingual.Text
	// Facts are what the follower knew before, and what it concludes; After are both ends behind the segment.
	Facts Facts
	After Ends
}

// A Sighting says when a frame was seen, and what became of it.
type Sighting struct {
	// At is when the frame was seen. Arrived is when its receiver had it, if that is known; the zero Time means At.
	At, Arrived time.Time
	// Number is that of the frame; 0 means the one after the frame before.
	Number int
	// Connection is the number of the frame's connection where somebody else has followed more of them, to be the same here;
	// 0 means that they are counted here. A number above that of the connection that is open between the ends begins another.
	Connection int
	// Lost tells that the frame is known not to have reached its receiver, which then knows nothing of it.
	Lost bool
}

// A Follower follows all TCP connections among the frames that it is given. The
// zero value has seen nothing.
type Follower struct {
	// Limit bounds the connections that are remembered; the one that was silent
	// for longest is forgotten. 0 means DefaultLimit. It is set before the first
	// frame.
	Limit int
	// Keyring, if there is one, has the servers' keys: it decides whether a cookie is right. It is set before the first frame.
	Keyring *cookie.Keyring
	// Done, if there is one, is given each connection that is forgotten, in the order in which that happens. With those that
	// Connections returns at the end these are all. It must not call methods of the Follower. It is set before the first frame.
	Done func(Connection)

	start    time.Time // of the first frame, once begun
	begun    bool
	frame    int                     // number of the last frame
	count    int                     // connections so far, forgotten ones included
	highest  int                     // number that one of them has
	open     map[tuple]*list.Element // the newest connection of each tuple
	recent   list.List               // of *conn, the one seen last in front
	numbered map[int]*conn           // those of recent by their numbers

	cookies cookies
	cache   cache
}

// tuple are the two ends of a connection, the lower one first.
type tuple struct{ low, high netip.AddrPort }

func tupleOf(a, b netip.AddrPort) tuple {
	if a.Compare(b) > 0 {
		a, b = b, a
	}
	return tuple{a, b}
}

// New returns a Follower that has seen nothing.
func New() *Follower { return new(Follower) }

// Frame takes the next frame, seen at the given time. It keeps nothing of p.
func (f *Follower) Frame(at time.Time, p *wire.Packet) Line { return f.See(Sighting{At: at}, p) }

// See takes the next frame, of which more is known than when it was seen. It keeps nothing of p.
func (f *Follower) See(s Sighting, p *wire.Packet) Line {
	f.begin(&s)
	c, from := f.connection(&s, p)
	st := step{Sighting: s, seg: &p.TCP, from: from}
	st.options, _ = p.TCP.Options.Decode()
	f.recall(c, &st)
	reason := c.segment(&st, p)
	f.learn(c, &st)
	f.remember(c, &st)
	return Line{
		Number:     f.frame,
		At:         s.At.Sub(f.start),
		Connection: c.info.Number,
		FromClient: from == client,
		Text:       c.text(&p.TCP, from),
		Reason:     reason,
		Facts:      st.facts,
		After:      Ends{c.endpoint(client), c.endpoint(server)},
	}
}

// begin takes note that a frame is next, and completes what is known about it.
func (f *Follower) begin(s *Sighting) {
	if !f.begun {
		f.start, f.begun, f.open, f.numbered = s.At, true, make(map[tuple]*list.Element), make(map[int]*conn)
	}
	if s.Number == 0 {
		s.Number = f.frame + 1
	}
	f.frame = s.Number
	if s.Arrived.IsZero() {
		s.Arrived = s.At
	}
}

// Connections returns what is known about each remembered connection, in the
// order of their numbers.
func (f *Follower) Connections() []Connection {
	all := make([]Connection, 0, f.recent.Len())
	for e := f.recent.Front(); e != nil; e = e.Next() {
		all = append(all, e.Value.(*conn).info.clone())
	}
	slices.SortFunc(all, func(a, b Connection) int { return a.Number - b.Number })
	return all
}

// Connection returns what is known about the connection of that number, for which it does not look at the others. ok tells that it is
// remembered.
func (f *Follower) Connection(number int) (c Connection, ok bool) {
	found := f.numbered[number]
	if found == nil {
		return c, false
	}
	return found.info.clone(), true
}

// Forgotten returns how many connections had to make room for others.
func (f *Follower) Forgotten() int { return f.count - f.recent.Len() }

// connection finds the connection of a packet, or begins one.
func (f *Follower) connection(s *Sighting, p *wire.Packet) (*conn, end) {
	src, dst := p.Src(), p.Dst()
	key := tupleOf(src, dst)
	if e := f.open[key]; e != nil {
		c := e.Value.(*conn)
		from := client
		if src != c.info.Client {
			from = server
		}
		another := s.Connection > c.info.Number
		if s.Connection == 0 {
			another = c.succeededBy(s.At, p, from)
		}
		if !another {
			f.recent.MoveToFront(e)
			return c, from
		}
	}
	number := cmp.Or(s.Connection, f.highest+1)
	f.count, f.highest = f.count+1, max(f.highest, number)
	c, from := newConn(number, src, dst, &p.TCP)
	f.open[key], f.numbered[number] = f.recent.PushFront(c), c
	f.forget()
	return c, from
}

func (f *Follower) limit() int {
	if f.Limit <= 0 {
		return DefaultLimit
	}
	return f.Limit
}

// forget keeps to the limit.
func (f *Follower) forget() {
	for f.recent.Len() > f.limit() {
		last := f.recent.Back()
		c := last.Value.(*conn)
		info := &c.info
		if key := tupleOf(info.Client, info.Server); f.open[key] == last {
			delete(f.open, key)
		}
		f.recent.Remove(last)
		if f.numbered[info.Number] == c { // a number that was given may be another's, too
			delete(f.numbered, info.Number)
		}
		if f.Done != nil {
			f.Done(*info)
		}
	}
}
