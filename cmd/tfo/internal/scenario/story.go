package scenario

import (
	"slices"
	"strings"
	"time"

	"tfocraft/cmd/tfo/internal/story"
	"tfocraft/wire"
	"tfocraft/wire/bilingual"
	"tfocraft/wire/path"
)

// A said is a note with the time at which it was made.
type said struct {
	at   time.Time
	text bilingual.Text
}

// story tells of everything that was not hidden, as the client saw it.
func (s *Scene) story(boxes []path.Middlebox) *story.Story {
	frames := s.record.told
	hosts, column := s.columns(boxes, frames)
	b := story.Builder{Hosts: hosts, View: column[path.Near]}
	for i := range frames {
		f := &frames[i]
		v := story.Sighting{
			Link: wire.LinkEthernet, Departed: f.Departed, Arrived: f.Ended, From: column[f.From], To: column[f.destination()],
			Sent: f.Sent, Lost: f.Fate != path.Arrived, Fate: f.Befell(),
		}
		if f.Changed() {
			v.Got = f.Got
		}
		b.Add(v)
	}
	t := b.Story()
	t.Checks = s.checks
	t.Left += s.record.hidden
	s.annotate(t, frames)
	return t
}

// annotate puts each note of the scene at the first frame after it.
func (s *Scene) annotate(t *story.Story, frames []Frame) {
	if len(frames) == 0 {
		return
	}
	first := slices.MinFunc(frames, func(a, b Frame) int { return a.Departed.Compare(b.Departed) }).Departed
	for _, n := range s.record.said {
		for i := range t.Frames {
			f := &t.Frames[i]
			if f.Departed >= n.at.Sub(first) || i == len(t.Frames)-1 {
				f.Notes = append([]story.Note{{At: f.From, Text: n.text}}, f.Notes...)
				break
			}
		}
	}
}

// columns are the hosts of a scene, and the index of each place among them: the client, what stands on the path if it
// has a part in the story, and the servers.
func (s *Scene) columns(boxes []path.Middlebox, frames []Frame) (hosts []story.Host, index map[path.Place]int) {
	index = make(map[path.Place]int)
	add := func(at path.Place, name bilingual.Text, stack string, addresses ...string) {
		index[at] = len(hosts)
		hosts = append(hosts, story.Host{Name: name, Stack: stack, Addresses: addresses})
	}
	add(path.Near, bilingual.T("client", "客户端"), s.Client.String(), s.lab.Client.Addr(s.IPv6).String())
	switch {
	case len(boxes) > 0:
		var names []string
		for _, b := range boxes {
			names = append(names, b.String())
		}
		text := strings.Join(names, ", ")
		add(path.Middle, bilingual.T(text, text), "")
	case slices.ContainsFunc(frames, func(f Frame) bool { return f.From == path.Middle || f.To == path.Middle }):
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
