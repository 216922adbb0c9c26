package story

import (
	"encoding/hex"
	"net/netip"
	"strconv"
	"time"

	"tfocraft/wire/bilingual"
	"tfocraft/wire/follow"
)

// maxCache is how many lines of the cookie cache stand with a frame: the latest.
const maxCache = 16

// A telling is a story that is being made.
type telling struct {
	*Builder
	story    *Story
	follower *follow.Follower
	places   *places                   // nil if the hosts are given
	known    map[int]follow.Connection // as they were before the frame
	ends     map[int]ends
	arrived  map[departure]time.Time
	skipped  map[int]bool // indexes of frames that are nobody's
}

// A departure is what the follower remembers of a segment that counts.
type departure struct {
	connection int
	at         time.Time
}

// ends are the hosts of a connection.
type ends struct{ client, server int }

func newTelling(b *Builder) *telling {
	t := &telling{
		Builder:  b,
		story:    &Story{Hosts: b.Hosts, Frames: make([]Frame, len(b.sightings)), Left: b.left},
		follower: &follow.Follower{Keyring: b.Keyring},
		known:    make(map[int]follow.Connection),
		ends:     make(map[int]ends),
		arrived:  make(map[departure]time.Time),
		skipped:  make(map[int]bool),
	}
	if len(b.Hosts) == 0 {
		t.places = newPlaces()
	}
	return t
}

// frame tells of the sighting with an index.
func (t *telling) frame(i, seen int) {
	s, f := &t.sightings[i], &t.story.Frames[i]
	if s.Number == 0 {
		s.Number = i + 1
	}
	start := t.sightings[0].Departed
	*f = Frame{
		Number: s.Number, Seen: seen, Departed: s.Departed.Sub(start), Arrived: s.Arrived.Sub(start),
		From: s.From, To: s.To, Fate: s.Fate, Lost: s.Lost, Bytes: s.Sent, ArrivedBytes: s.Got, Changed: s.Got != nil,
	}
	p, problem, isTCP := s.parse(t.seenBytes(s))
	var line follow.Line
	switch {
	case isTCP && t.inView(s):
		line = t.follower.See(t.sighting(i), &p)
		f.Label, f.Cookie, f.Data = label(&p.TCP), len(p.TCP.Options.FastOpen().Cookie), len(p.TCP.Payload)
	case isTCP:
		line.Text, f.Label = p.TCP.String(), label(&p.TCP)
	case problem != nil && t.inView(s):
		line = t.follower.ICMP(t.sighting(i), problem)
		f.Label = bilingual.T("ICMP error", "ICMP 差错")
	}
	t.fields(f, s, &line)
	if t.places != nil {
		t.skipped[i] = !t.places.put(f, isTCP, line.FromClient)
	}
	if isTCP && line.Connection > 0 {
		t.meet(f, &line)
		t.arrived[departure{line.Connection, s.Departed}] = s.Arrived
	}
	t.changes(f, &line)
}

func (t *telling) sighting(i int) follow.Sighting {
	s := &t.sightings[i]
	return follow.Sighting{At: s.Departed, Arrived: s.Arrived, Number: s.Number, Connection: s.Connection, Lost: s.Lost}
}

// fields fills in what the frame says, and what the follower says about it.
func (t *telling) fields(f *Frame, s *Sighting, line *follow.Line) {
	f.Connection, f.Text, f.Reason = line.Connection, line.Text, line.Reason
	f.Client, f.Server = side(line.After.Client), side(line.After.Server)
	var facts *follow.Facts
	if line.Connection > 0 {
		facts = &line.Facts
	}
	f.Dissection = dissected(s.Sent, s.Link, facts)
	if s.Got != nil {
		f.ArrivedDissection = dissected(s.Got, s.Link, facts)
	}
	if f.Label.IsZero() {
		f.Label, f.Reason = ordinary(&f.Dissection)
	}
}

// meet keeps which hosts the ends of a connection are, from its first segment.
func (t *telling) meet(f *Frame, line *follow.Line) {
	if _, ok := t.ends[line.Connection]; ok {
		return
	}
	e := ends{f.From, f.To}
	if !line.FromClient {
		e = ends{f.To, f.From}
	}
	t.ends[line.Connection] = e
}

func side(e follow.Endpoint) Side {
	return Side{State: string(e.State), Presumed: e.Presumed(), Next: e.Next, Acked: e.Acked, Window: e.Window}
}

// changes notes what a frame has changed, and what the client's cache is after it.
func (t *telling) changes(f *Frame, line *follow.Line) {
	c, ok := t.follower.Connection(line.Connection)
	if !ok {
		return
	}
	cache := t.follower.CacheOf(c.Client.Addr())
	f.Notes = append(t.notes(f, &line.Facts, &c), t.cacheNotes(f, cache)...)
	f.Cache = linesOf(cache)
	t.known[c.Number] = c
}

// linesOf are the entries of a client as the story has them, the latest ones.
func linesOf(cache []follow.CacheEntry) (lines []CacheEntry) {
	for _, e := range cache {
		line := CacheEntry{Server: e.Server.String(), Cookie: hex.EncodeToString(e.Cookie), MSS: e.MSS, Frame: e.Frame}
		if e.Cookie == nil {
			line.Server, line.Blocked = netip.AddrPortFrom(e.Server, e.Port).String(), blocked(e.Blocked)
		}
		lines = append(lines, line)
	}
	return lines[max(0, len(lines)-maxCache):]
}

// finish puts together what is known at the end.
func (t *telling) finish() *Story {
	for _, c := range t.follower.Connections() {
		t.story.Connections = append(t.story.Connections, t.connection(&c))
	}
	if t.places != nil {
		t.leaveOut()
		t.places.arrange(t.story)
	}
	return t.story
}

// leaveOut takes out frames that are nobody's.
func (t *telling) leaveOut() {
	kept := t.story.Frames[:0]
	for i := range t.story.Frames {
		if t.skipped[i] {
			t.story.Left++
			continue
		}
		kept = append(kept, t.story.Frames[i])
	}
	t.story.Frames = kept
}

func (t *telling) connection(c *follow.Connection) Connection {
	e := t.ends[c.Number]
	return Connection{
		Number: c.Number, Client: c.Client.String(), Server: c.Server.String(), ClientHost: e.client, ServerHost: e.server,
		FastOpen: string(c.FastOpen), Reason: c.Why.Text(),
		RequestRoundTrips: c.RequestRoundTrips(), ResponseRoundTrips: c.ResponseRoundTrips(),
		RequestTime: t.until(c, c.ServerHasRequest), ResponseTime: t.until(c, c.ClientHasResponse),
		SynData: c.SynData, SynAcked: c.SynAcked, Retransmits: c.Retransmits + c.SynRetransmits + c.SynAckRetransmits,
	}
}

// until is the time from the SYN until what departed at some moment had arrived; 0 if one of the two was not seen.
func (t *telling) until(c *follow.Connection, departed time.Time) time.Duration {
	if departed.IsZero() || c.Syn.IsZero() {
		return 0
	}
	return t.arrived[departure{c.Number, departed}].Sub(c.Syn)
}

// bytesOf counts bytes.
func bytesOf(n int) bilingual.Text {
	if n == 1 {
		return bilingual.T("1 byte", "1 字节")
	}
	return bilingual.T(strconv.Itoa(n)+" bytes", strconv.Itoa(n)+" 字节")
}
