package scenario

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"time"

	"tfocraft/cmd/tfo/internal/story"
	"tfocraft/wire"
	"tfocraft/wire/bilingual"
	"tfocraft/wire/dissect"
	"tfocraft/wire/follow"
	"tfocraft/wire/path"
)

// A scribe writes down what a recorder tells of, as frames of a story.
type scribe struct {
	frames []written
	cache  []story.CacheEntry // of the client, as it is now
	said   []bilingual.Text   // since the last frame
}

// A written is a frame of a story whose hosts have no columns yet.
type written struct {
	story.Frame
	from, to  path.Place
	departed  time.Time
	ended     time.Time
	duplicate bool
}

// segment writes down a frame that was followed. The facts are about the bytes that the client's end has.
func (s *scribe) segment(f *Frame, line *follow.Line, told story.Frame, cache []story.CacheEntry) {
	w := s.write(f, told, &line.Facts)
	if rtt := line.Facts.RTT; rtt > 0 {
		w.note(f.To, bilingual.Format("round trip since frame %d: %v", "自帧 %d 起的往返时间：%v", line.Facts.Acknowledged, rtt.Round(time.Microsecond)))
	}
	if !reflect.DeepEqual(cache, s.cache) {
		w.note(path.Near, bilingual.T("the cookie cache has changed", "Cookie 缓存已更新"))
	}
	s.cache, w.Cache = cache, cache
}

// other writes down a frame that only the server's end has, or that is no TCP.
func (s *scribe) other(f *Frame) {
	told := story.Frame{Label: bilingual.T("other frame", "其他帧")}
	if p, err := wire.ParseFrame(f.Sent); err == nil {
		told = story.Observed(&follow.Line{Text: string(wire.AppendText(nil, &p.TCP, wire.TextBase{}))}, &p.TCP)
		told.Reason = bilingual.T("seen at the server's end only", "只在服务器一端可见")
	}
	w := s.write(f, told, nil)
	w.Cache = s.cache
}

func (s *scribe) write(f *Frame, told story.Frame, facts *follow.Facts) *written {
	s.frames = append(s.frames, written{
		Frame: told, from: f.From, to: f.To, departed: f.Departed, ended: f.Ended, duplicate: f.Duplicate,
	})
	w := &s.frames[len(s.frames)-1]
	w.Number = int(f.Number)
	w.Fate, w.Lost, w.Changed, w.Bytes = f.Befell(), f.Fate != path.Arrived, f.Changed(), f.Sent
	ofSent, ofGot := facts, facts
	if f.From == path.Near {
		ofGot = nil
	} else if f.Changed() {
		ofSent = nil
	}
	w.Dissection = takeApart(f.Sent, ofSent)
	if f.Changed() {
		w.ArrivedBytes, w.ArrivedDissection = f.Got, takeApart(f.Got, ofGot)
	}
	for _, text := range s.said {
		w.note(path.Near, text)
	}
	s.said = nil
	return w
}

func takeApart(frame []byte, facts *follow.Facts) dissect.Frame {
	d := dissect.Dissect(frame, dissect.LinkEthernet)
	dissect.Explain(&d, frame, facts)
	return d
}

// note adds one at a place, which becomes a column later.
func (w *written) note(at path.Place, text bilingual.Text) {
	w.Notes = append(w.Notes, story.Note{At: int(at), Text: text})
}

// columns are the hosts of a scene, and the index of each place among them: the client, what stands on the path if it
// has a part in the story, and the servers.
func (s *Scene) columns(boxes []path.Middlebox, frames []written) (hosts []story.Host, index map[path.Place]int) {
	add := func(at path.Place, name bilingual.Text, stack string, addresses ...string) {
		index[at] = len(hosts)
		hosts = append(hosts, story.Host{Name: name, Stack: stack, Addresses: addresses})
	}
	index = make(map[path.Place]int)
	add(path.Near, bilingual.T("client", "客户端"), s.Client.String(), s.lab.Client.Addr(s.IPv6).String())
	inMiddle := func(w written) bool { return w.from == path.Middle || w.to == path.Middle }
	switch {
	case len(boxes) > 0:
		var names []string
		for _, b := range boxes {
			names = append(names, b.String())
		}
		text := strings.Join(names, ", ")
		add(path.Middle, bilingual.T(text, text), "")
	case slices.ContainsFunc(frames, inMiddle):
		add(path.Middle, bilingual.T("router", "路由器"), "")
	}
	for i, h := range s.lab.Servers {
		name := bilingual.T("server", "服务器")
		if len(s.lab.Servers) > 1 {
			name = bilingual.Format("server %d", "服务器 %d", i+1)
		}
		add(path.Far+path.Place(i), name, s.Server.String(), h.Addr(s.IPv6).String())
	}
	return hosts, index
}

// story puts together what the scribe has written, in the order of departure.
func (s *Scene) story(boxes []path.Middlebox) story.Story {
	frames := s.record.scribe.frames
	slices.SortStableFunc(frames, func(a, b written) int {
		return cmp.Or(a.departed.Compare(b.departed), cmp.Compare(a.Number, b.Number))
	})
	var t story.Story
	var index map[path.Place]int
	t.Hosts, index = s.columns(boxes, frames)
	last := 0
	for _, w := range frames {
		last = max(last, w.Number)
	}
	for _, w := range frames {
		f := w.Frame
		f.From, f.To = index[w.from], index[w.to]
		f.Departed, f.Arrived = w.departed.Sub(frames[0].departed), w.ended.Sub(frames[0].departed)
		for i := range f.Notes {
			f.Notes[i].At = index[path.Place(f.Notes[i].At)]
		}
		if w.duplicate {
			last++
			f.Number = last
		}
		t.Frames = append(t.Frames, f)
	}
	for _, c := range s.record.connections() {
		if !s.record.mutes(c.Client.Port()) {
			t.Connections = append(t.Connections, story.Became(&c))
		}
	}
	t.Checks, t.Left = s.checks, s.record.hidden
	return t
}
