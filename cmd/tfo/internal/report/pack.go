package report

import (
	"time"

	"tfocraft/cmd/tfo/internal/story"
	"tfocraft/wire/bilingual"
	"tfocraft/wire/dissect"
)

// A pageStory is a story as the page reads it. A frame has some forty fields, and all frames say mostly the same of
// them; so texts and definitions of fields are in tables, and where they belong is their index. The text of index 0 is empty.
type pageStory struct {
	Texts       [][2]string  `json:"texts"` // English, Chinese
	Definitions []definition `json:"definitions"`
	Story       pageBody     `json:"story"`
}

// A textIndex is a place in the table of texts.
type textIndex int

// A definition is what a field has in common with its like in other frames.
type definition [5]any // ID, filter, name, unit, section

type pageBody struct {
	Title       textIndex        `json:"title"`
	About       textIndex        `json:"about"`
	Command     string           `json:"command"`
	Hosts       []pageHost       `json:"hosts"`
	Frames      []pageFrame      `json:"frames"`
	Connections []pageConnection `json:"connections"`
	Checks      []pageCheck      `json:"checks"`
	Savings     []story.Saving   `json:"savings"`
	Left        int              `json:"left"`
}

type pageHost struct {
	Name      textIndex `json:"name"`
	Stack     string    `json:"stack"`
	Addresses []string  `json:"addresses"`
}

type pageFrame struct {
	Number     int                `json:"number"`
	Departed   time.Duration      `json:"departed_ns"`
	Arrived    time.Duration      `json:"arrived_ns"`
	From       int                `json:"from"`
	To         int                `json:"to"`
	Fate       textIndex          `json:"fate"`
	Lost       bool               `json:"lost"`
	Changed    bool               `json:"changed"`
	Sent       pageBytes          `json:"sent"`
	Received   *pageBytes         `json:"arrived,omitempty"`
	Connection int                `json:"connection"`
	Label      textIndex          `json:"label"`
	Cookie     int                `json:"cookie"`
	Data       int                `json:"data"`
	Text       string             `json:"text"`
	Reason     textIndex          `json:"reason"`
	Notes      [][2]int           `json:"notes"` // host, text
	Client     story.Side         `json:"client"`
	Server     story.Side         `json:"server"`
	Cache      []story.CacheEntry `json:"cache"`
}

type pageBytes struct {
	Bytes  []byte   `json:"bytes"`
	Fields [][7]any `json:"fields"` // definition, offset, width, value, meaning, reason, 1 if bad
	Groups [][6]any `json:"groups"` // ID, name, summary, first, end, depth
}

type pageConnection struct {
	story.Connection
	Reason textIndex `json:"reason"`
}

type pageCheck struct {
	What textIndex `json:"what"`
	Seen string    `json:"seen"`
	OK   bool      `json:"ok"`
}

// A packer fills the tables.
type packer struct {
	page        pageStory
	texts       map[bilingual.Text]textIndex
	definitions map[definition]int
}

func pack(s *story.Story) *pageStory {
	p := &packer{texts: make(map[bilingual.Text]textIndex), definitions: make(map[definition]int)}
	p.text(bilingual.Text{})
	p.page.Story = pageBody{
		Title: p.text(s.Title), About: p.text(s.About), Command: s.Command, Left: s.Left,
		Hosts:       each(s.Hosts, p.host),
		Frames:      each(s.Frames, p.frame),
		Connections: each(s.Connections, p.connection),
		Checks:      each(s.Checks, p.check),
		Savings:     append([]story.Saving{}, s.Savings...),
	}
	return &p.page
}

// each maps a list; none is an empty list, since the page asks for its length.
func each[A, B any](list []A, f func(*A) B) []B {
	all := make([]B, len(list))
	for i := range list {
		all[i] = f(&list[i])
	}
	return all
}

func (p *packer) text(t bilingual.Text) textIndex {
	i, ok := p.texts[t]
	if !ok {
		i = textIndex(len(p.page.Texts))
		p.texts[t] = i
		p.page.Texts = append(p.page.Texts, [2]string{t.En, t.Zh})
	}
	return i
}

func (p *packer) host(h *story.Host) pageHost {
	return pageHost{p.text(h.Name), h.Stack, append([]string{}, h.Addresses...)}
}

func (p *packer) frame(f *story.Frame) pageFrame {
	page := pageFrame{
		Number: f.Number, Departed: f.Departed, Arrived: f.Arrived, From: f.From, To: f.To,
		Fate: p.text(f.Fate), Lost: f.Lost, Changed: f.Changed,
		Sent:       p.bytes(f.Bytes, &f.Dissection),
		Connection: f.Connection, Label: p.text(f.Label), Cookie: f.Cookie, Data: f.Data, Text: f.Text, Reason: p.text(f.Reason),
		Notes:  each(f.Notes, func(n *story.Note) [2]int { return [2]int{n.At, int(p.text(n.Text))} }),
		Client: f.Client, Server: f.Server, Cache: append([]story.CacheEntry{}, f.Cache...),
	}
	if f.ArrivedBytes != nil {
		arrived := p.bytes(f.ArrivedBytes, &f.ArrivedDissection)
		page.Received = &arrived
	}
	return page
}

func (p *packer) bytes(b []byte, d *dissect.Frame) pageBytes {
	return pageBytes{
		Bytes:  append([]byte{}, b...),
		Fields: each(d.Fields, p.field),
		Groups: each(d.Groups, func(g *dissect.Group) [6]any {
			return [6]any{g.ID, p.text(g.Name), g.Summary, g.First, g.End, g.Depth}
		}),
	}
}

func (p *packer) field(f *dissect.Field) [7]any {
	bad := 0
	if f.Bad {
		bad = 1
	}
	return [7]any{p.definition(f), f.Offset, f.Width, f.Value, p.text(f.Meaning), p.text(f.Reason), bad}
}

func (p *packer) definition(f *dissect.Field) int {
	d := definition{f.ID, f.Filter, p.text(f.Name), p.text(f.Unit), f.Section}
	i, ok := p.definitions[d]
	if !ok {
		i = len(p.page.Definitions)
		p.definitions[d] = i
		p.page.Definitions = append(p.page.Definitions, d)
	}
	return i
}

func (p *packer) connection(c *story.Connection) pageConnection {
	return pageConnection{*c, p.text(c.Reason)}
}

func (p *packer) check(c *story.Check) pageCheck { return pageCheck{p.text(c.What), c.Seen, c.OK} }
