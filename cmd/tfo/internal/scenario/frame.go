package scenario

import (
	"bytes"
	"time"

	"tfocraft/wire"
	"tfocraft/wire/bilingual"
	"tfocraft/wire/path"
	"tfocraft/wire/pcapng"
)

// A Frame is one frame's way over the path between the hosts. The client is [path.Near], the servers [path.Far] and
// beyond.
type Frame struct{ path.Passage }

// newFrame keeps a passage, whose bytes are lent.
func newFrame(p path.Passage) Frame {
	p.Sent, p.Got = bytes.Clone(p.Sent), bytes.Clone(p.Got)
	return Frame{p}
}

// FromClient reports whether the frame goes from the client's end to the other.
func (f *Frame) FromClient() bool {
	return f.From == path.Near || f.From == path.Middle && f.To != path.Near
}

// AtClient returns the frame as a capture at the client's end has it, and when; nil if it was never there.
func (f *Frame) AtClient() (frame []byte, at time.Time) {
	switch {
	case f.From == path.Near:
		return f.Sent, f.Departed
	case f.To == path.Near && f.Fate == path.Arrived:
		return f.Got, f.Ended
	}
	return nil, time.Time{}
}

// Direction is the frame's in a capture at the client's end.
func (f *Frame) Direction() pcapng.Direction {
	if f.FromClient() {
		return pcapng.Out
	}
	return pcapng.In
}

// order is when the frame has its turn in the story, as the client's end of the path has it: a frame that never comes
// there when it is lost.
func (f *Frame) order() time.Time {
	if f.From == path.Near {
		return f.Departed
	}
	return f.Ended
}

// Befell says what befell the frame on its way; nothing if it arrived as it was sent.
func (f *Frame) Befell() bilingual.Text {
	text := f.Text()
	switch {
	case f.Changed():
		text = f.change()
	case f.Duplicate:
		text = bilingual.T("a copy that the path has made", "路径复制的副本")
	}
	return text
}

// change says what a middlebox has done to the frame.
func (f *Frame) change() bilingual.Text {
	sent, err1 := wire.ParseFrame(f.Sent)
	got, err2 := wire.ParseFrame(f.Got)
	switch {
	case err1 != nil || err2 != nil:
		return bilingual.Format("changed by %s", "被 %s 修改", f.By)
	case sent.Src() != got.Src():
		return bilingual.Format("%s makes it come from %s", "%s 使它来自 %s", f.By, got.Src())
	case sent.Dst() != got.Dst():
		return bilingual.Format("%s sends it on to %s", "%s 把它转发给 %s", f.By, got.Dst())
	case len(sent.TCP.Payload) != len(got.TCP.Payload):
		return bilingual.Format("%s leaves %d of its %d bytes", "%s 只留下 %[2]d 字节（共 %[3]d 字节）", f.By, len(got.TCP.Payload), len(sent.TCP.Payload))
	case sent.TCP.Options.FastOpen().Present && !got.TCP.Options.FastOpen().Present:
		return bilingual.Format("%s takes the Fast Open option out", "%s 去掉了 Fast Open 选项", f.By)
	}
	return bilingual.Format("changed by %s", "被 %s 修改", f.By)
}
