package path_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tfocraft/wire/path"
	"tfocraft/wire/wiretest"
)

// observe sends frames, one every millisecond, waits for an hour and returns what there is to tell.
func observe(t *testing.T, cfg *path.Config, frames ...[]byte) []path.Passage {
	t.Helper()
	var seen path.Recorder
	cfg.Observer = seen.Observe
	p, err := path.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for i, frame := range frames {
		p.Send(epoch.Add(time.Duration(i)*time.Millisecond), path.Near, frame)
	}
	for at := p.Deadline(); !at.IsZero(); at = p.Deadline() {
		p.Deliver(at)
	}
	passages, left := seen.Passages()
	if left != 0 {
		t.Errorf("%d passages were not kept", left)
	}
	return passages
}

// Each frame has one fate, with the times and the bytes of both ends.
func TestObserver(t *testing.T) {
	const delay = 10 * time.Millisecond
	syn, ack := frameOf(t, families["IPv4"], cookied), frameOf(t, families["IPv4"], ". 8:8(0) ack 1 win 9")
	big := bigFrame(t, "192.0.2.1:1234", "192.0.2.2:80")
	router := func(w path.Way) *path.Config {
		w.TooBig, w.MTU = path.TooBigICMP, 1300
		return path.Both(1, w)
	}
	for name, c := range map[string]struct {
		cfg    *path.Config
		frames [][]byte
		want   []string
	}{
		"plain": {path.Both(1, path.Way{Delay: delay}), [][]byte{syn, ack},
			[]string{"1 0>1 after 10ms, arrived", "2 0>1 after 10ms, arrived"}},
		"lost":      {path.Both(1, path.Way{Delay: delay, Loss: 1}), [][]byte{syn}, []string{"1 0>1 after 0s, lost"}},
		"twice":     {path.Both(1, path.Way{Delay: delay, Duplicate: 1}), [][]byte{syn}, []string{"1 0>1 after 10ms, arrived", "1 0>1 after 10ms, arrived, duplicate"}},
		"held back": {path.Both(1, path.Way{Delay: delay, Reorder: 1}), [][]byte{syn}, []string{"1 0>1 after 12.5ms, arrived, held back"}},
		"corrupted": {path.Both(1, path.Way{Delay: delay, Corrupt: 1}), [][]byte{syn}, []string{"1 0>1 after 10ms, arrived, changed, corrupted"}},
		"too big":   {path.Both(1, path.Way{Delay: delay, MTU: 1300}), [][]byte{big}, []string{"1 0>1 after 0s, dropped: longer than the path's MTU"}},
		"told": {router(path.Way{Delay: delay}), [][]byte{big},
			[]string{"2 -1>0 after 0s, arrived, made by router", "1 0>1 after 0s, dropped: longer than the path's MTU"}},
		"queue full": {path.Both(1, path.Way{Rate: 1000, Queue: len(syn)}), [][]byte{syn, ack},
			[]string{fmt.Sprintf("1 0>1 after %dms, arrived", len(syn)), "2 0>1 after 0s, dropped: the bottleneck's queue is full"}},
		"dropped half-way": {path.Both(1, path.Way{Delay: delay}, path.Middlebox{Name: "drop-option"}), [][]byte{syn},
			[]string{"1 0>-1 after 5ms, dropped by drop-option"}},
		"changed half-way": {path.Both(1, path.Way{Delay: delay}, path.Middlebox{Name: "strip-option"}), [][]byte{syn},
			[]string{"1 0>1 after 10ms, arrived, changed by strip-option"}},
		"answered half-way": {path.Both(1, path.Way{Delay: delay}, path.Middlebox{Name: "reset-on-option"}), [][]byte{syn},
			[]string{"1 0>-1 after 5ms, taken by reset-on-option", "2 -1>0 after 5ms, arrived, made by reset-on-option"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, p := range observe(t, c.cfg, c.frames...) {
				got = append(got, describe(&p))
				if p.MadeBy == "" && !bytes.Equal(p.Sent, c.frames[p.Number-1]) {
					t.Errorf("frame %d was sent as\n%x, got\n%x", p.Number, c.frames[p.Number-1], p.Sent)
				}
				if (p.Got != nil) != (p.Fate == path.Arrived) || p.Text().IsZero() != (p.Fate == path.Arrived) {
					t.Errorf("frame %d: %v, got %x, %v", p.Number, p.Fate, p.Got, p.Text())
				}
			}
			slices.Sort(got)
			slices.Sort(c.want)
			if !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func describe(p *path.Passage) string {
	var text strings.Builder
	text.WriteString(fmt.Sprintf("%d %d>%d after %v, ", p.Number, p.From, p.To, p.Ended.Sub(p.Departed)))
	if p.Fate == path.Arrived {
		text.WriteString("arrived")
	}
	text.WriteString(p.Text().En)
	for _, more := range []struct {
		holds bool
		text  string
	}{
		{p.Changed(), ", changed"}, {p.Changed() && p.By != "", " by " + p.By}, {p.MadeBy != "", ", made by " + p.MadeBy},
		{p.Duplicate, ", duplicate"}, {p.HeldBack, ", held back"}, {p.Corrupted, ", corrupted"},
	} {
		if more.holds {
			text.WriteString(more.text)
		}
	}
	return text.String()
}

// What is under way when the path is given up has a fate, too, and is not there any more.
func TestGiveUp(t *testing.T) {
	var seen path.Recorder
	p, err := path.New(&path.Config{Forward: path.Way{Delay: time.Second}, Observer: seen.Observe, Middleboxes: parseBoxes(t, "rewrite-isn")})
	if err != nil {
		t.Fatal(err)
	}
	frame := frameOf(t, families["IPv4"], cookied)
	p.Send(epoch, path.Near, frame)
	p.Deliver(epoch.Add(time.Second / 2))
	p.Send(epoch.Add(time.Second/2), path.Near, frame)
	p.GiveUp(epoch.Add(3 * time.Second / 4))
	passages, _ := seen.Passages()
	if len(passages) != 2 || passages[0].Fate != path.UnderWay || passages[1].Fate != path.UnderWay {
		t.Errorf("got %+v, want two that are under way", passages)
	}
	if out := p.Deliver(epoch.Add(time.Hour)); len(out[path.Far]) != 0 || !p.Deadline().IsZero() {
		t.Errorf("got %x, want nothing", out)
	}
}

// A recorder keeps the first frames, and counts the others.
func TestRecorderLimit(t *testing.T) {
	seen := path.Recorder{Limit: 2}
	p, err := path.New(&path.Config{Observer: seen.Observe})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 5 {
		p.Send(epoch, path.Near, numbered(t)(n))
		p.Deliver(epoch)
	}
	kept, left := seen.Passages()
	if len(kept) != 2 || left != 3 {
		t.Fatalf("got %d kept, %d left, want 2, 3", len(kept), left)
	}
	wiretest.WantBytes(t, kept[1].Sent, numbered(t)(1)) // and not what has used its buffer since
	wiretest.WantBytes(t, kept[1].Got, numbered(t)(1))
}
