package dissect

import (
	"net/netip"
	"strconv"

	"tfocraft/wire/bilingual"
)

// A builder takes a frame apart from its first bit to its last. Every field
// begins where the one before it has ended, so that the fields tile the frame
// whatever its bytes say: a layer decides only how many bits the next field has.
//
// A layer reads within a window, which ends where the frame ends, or before that where a length
// field says so. A field longer than what is left of the window is cut. Where nothing is
// left there is no field, and the last one of all says what is missing.
type builder struct {
	data     []byte
	at       int // bit that the next field begins with
	end      int // bit that the window ends before
	frame    Frame
	prefix   string         // of IDs: "quote." inside a quoted packet
	ids      map[string]int // how often each ID was asked for
	open     []int          // groups that have not ended, indexes of frame.Groups
	cuts     []cut
	routedTo netip.Addr // where a source route ends that has not got there yet
	scrap    Field      // stands for a field that is not there
}

// A leaf is what is the same for every value of a field.
type leaf struct {
	id, filter string
	name       bilingual.Text
	section    string
}

// A cut tells that something is missing of a field or, if the field itself is whole, behind it.
type cut struct {
	field int
	whole bool
	fine  bool // as in a quote, which may end early
	why   bilingual.Text
}

func newBuilder(data []byte) *builder {
	return &builder{
		data:  data,
		end:   8 * len(data),
		ids:   make(map[string]int, 96),
		frame: Frame{Fields: make([]Field, 0, 72), Groups: make([]Group, 0, 16)},
	}
}

// finish returns the frame, whose last bits are a field too if no layer has taken them.
func (b *builder) finish() Frame {
	b.end = 8 * len(b.data)
	b.rest(leaf{"rest", "", say("Undissected bytes", "未解析的字节"), ""},
		say("Nothing before these bytes gives them a meaning.", "前面的内容没有赋予这些字节任何含义。"))
	for _, c := range b.cuts {
		f := &b.frame.Fields[c.field]
		f.Bad = f.Bad || !c.fine
		if c.whole {
			f.Meaning = bilingual.Join(f.Meaning, c.why)
		} else {
			f.Meaning = c.why
		}
	}
	return b.frame
}

// left returns how many whole bytes the window still has.
func (b *builder) left() int { return (b.end - b.at) / 8 }

// ahead returns the bytes of the window that are still to be read; the position is between two bytes.
func (b *builder) ahead() []byte { return b.data[b.at/8 : b.end/8] }

// window narrows the window to n bytes, if it has more, and returns where it ended before, for restore.
func (b *builder) window(n int) (outer int) {
	outer = b.end
	if n = max(n, 0); n < b.left() {
		b.end = b.at + 8*n
	}
	return outer
}

// restore ends a window. What it has left over should not be there and is a field that says so.
func (b *builder) restore(outer int, over leaf, meaning bilingual.Text) {
	b.rest(over, meaning)
	b.end = outer
}

// rest makes what is left of the window one field, which is wrong. It does nothing if nothing is left.
func (b *builder) rest(l leaf, meaning bilingual.Text) {
	if b.at >= b.end {
		return
	}
	_, f := b.bytes(b.left(), l)
	f.Meaning, f.Bad = meaning, true
}

// begin opens a group.
func (b *builder) begin(id string, name bilingual.Text) {
	b.open = append(b.open, len(b.frame.Groups))
	b.frame.Groups = append(b.frame.Groups, Group{
		ID: b.unique(id), Name: name, First: len(b.frame.Fields), Depth: len(b.open) - 1,
	})
}

// close ends the group that was opened last. One without fields vanishes.
func (b *builder) close(summary string) {
	last := len(b.open) - 1
	index := b.open[last]
	b.open = b.open[:last]
	g := &b.frame.Groups[index]
	g.End, g.Summary = len(b.frame.Fields), summary
	if g.First == g.End {
		b.frame.Groups = b.frame.Groups[:index]
	}
}

// unique returns the ID that a field or group gets in this frame.
func (b *builder) unique(id string) string {
	if b.prefix != "" {
		id = b.prefix + id
	}
	n := b.ids[id] + 1
	b.ids[id] = n
	if n == 1 {
		return id
	}
	return id + "-" + strconv.Itoa(n)
}

// take makes the next field, of width bits or of what is left of them; whole tells which. The
// field may be changed until the next one is made.
func (b *builder) take(width int, l leaf) (f *Field, whole bool) {
	got := min(width, b.end-b.at)
	if got <= 0 {
		if width > 0 {
			b.missing(l.name)
		}
		b.scrap = Field{}
		return &b.scrap, false
	}
	b.frame.Fields = append(b.frame.Fields, Field{
		ID: b.unique(l.id), Filter: l.filter, Name: l.name, Offset: b.at, Width: got, Section: l.section,
	})
	b.at += got
	last := len(b.frame.Fields) - 1
	if got < width {
		b.cuts = append(b.cuts, cut{last, false, b.quoting(), b.whyCut(got, width)})
	}
	return &b.frame.Fields[last], got == width
}

func (b *builder) whyCut(got, width int) bilingual.Text {
	unit := say("bits", "位")
	if got%8 == 0 && width%8 == 0 {
		got, width, unit = got/8, width/8, say("bytes", "字节")
	}
	return say("Cut: $1, and only $2 of $3 $4 are there.", "被截断：$1，$3 $4中只有 $2 $4。", b.whoEnds(), got, width, unit)
}

// whoEnds says what ends the window.
func (b *builder) whoEnds() bilingual.Text {
	if b.quoting() {
		return say("the quote ends here", "引用到此为止")
	}
	if b.end < 8*len(b.data) {
		return say("a length given before ends here", "前面给出的长度到此为止")
	}
	return say("the frame ends here", "帧到此为止")
}

// missing notes, once for every place, that the window ends before a field.
func (b *builder) missing(what bilingual.Text) {
	if last := len(b.frame.Fields) - 1; last >= 0 && !b.isCut(last) {
		b.cuts = append(b.cuts, cut{last, true, b.quoting(), say("$1, before $2", "$1，缺少$2", b.whoEnds(), what)})
	}
}

// cutOff notes that bytes which a header has announced were not captured.
func (b *builder) cutOff(missing int) {
	if last := len(b.frame.Fields) - 1; last >= 0 && !b.isCut(last) {
		b.cuts = append(b.cuts, cut{last, true, b.quoting(), say("$1 bytes that the headers announce are not in the frame",
			"头部声明的 $1 字节不在帧中", missing)})
	}
}

// isCut reports whether a cut is noted for the last field.
func (b *builder) isCut(last int) bool {
	return len(b.cuts) > 0 && b.cuts[len(b.cuts)-1].field == last
}
