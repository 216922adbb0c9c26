package report_test

import (
	"fmt"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"tfocraft/cmd/tfo/internal/story"
	"tfocraft/wire"
	"tfocraft/wire/bilingual"
	"tfocraft/wire/wiretest"
)

// A crowd makes frames between several hosts.
type crowd struct {
	testing.TB
	story.Builder
}

// sighting is of a frame that departs after so many milliseconds.
func (c *crowd) sighting(ms int, src, dst, text string) story.Sighting {
	c.Helper()
	payload := strings.Repeat("x", len(wiretest.Segment(c, text).Payload))
	at := time.Unix(1, 0).Add(time.Duration(ms) * time.Millisecond)
	return story.Sighting{Link: wire.LinkEthernet, Departed: at, Sent: wiretest.Frame(c, src, dst, text, payload)}
}

// story has a title for a heading.
func (c *crowd) story(title string) *story.Story {
	s := c.Builder.Story()
	s.Title = bilingual.T(title, title)
	return s
}

// crowdedStory has six columns, arrows from one to the next, many of them under way at once, and words about what befell some.
func crowdedStory(t testing.TB) *story.Story {
	c := crowd{TB: t}
	for i := range 6 {
		name := fmt.Sprint("server ", i)
		if i == 0 {
			name = "client"
		}
		c.Hosts = append(c.Hosts, story.Host{Name: bilingual.T(name, name), Stack: "tfocraft", Addresses: []string{fmt.Sprint("198.51.100.", 101+i)}})
	}
	for i := range 15 {
		host := 1 + i%5
		client, server := fmt.Sprint("198.51.100.101:", 40000+i), fmt.Sprintf("198.51.100.%d:80", 101+host)
		for _, s := range []struct {
			after int
			text  string
		}{
			{0, "> S 0:13(13) win 65535 <mss 1460,FO 0102030405060708,nop,nop>"}, {8, "< S. 0:0(0) ack 14 win 65535 <mss 1460>"},
			{9, "< FP. 1:14(13) ack 14 win 65535"}, {16, "> F. 14:14(0) ack 15 win 65535"},
		} {
			from, to, src, dst := 0, host, client, server
			if s.text[0] == '<' {
				from, to, src, dst = to, from, dst, src
			}
			frame := c.sighting(30*(i/5)+i%5+s.after, src, dst, s.text[2:])
			frame.From, frame.To, frame.Arrived = from, to, frame.Departed.Add(7*time.Millisecond)
			if i%4 == 3 && s.after == 9 {
				frame.Lost, frame.Fate = true, bilingual.T("lost", "丢失")
			}
			c.Add(frame)
		}
	}
	return c.story("Crowded")
}

// onePlaceStory is a capture from one place, of three clients and three servers.
func onePlaceStory(t testing.TB) *story.Story {
	c := crowd{TB: t}
	for i := range 9 {
		client, server := fmt.Sprintf("192.0.2.%d:%d", 1+i%3, 40000+i), fmt.Sprintf("198.51.100.%d:80", 1+i/3)
		for j, text := range []string{
			"> S 0:13(13) win 65535 <mss 1460,FO 0102030405060708,nop,nop>", "< S. 0:0(0) ack 14 win 65535 <mss 1460>",
			"< FP. 1:14(13) ack 14 win 65535", "> F. 14:14(0) ack 15 win 65535", "< . 15:15(0) ack 15 win 65535",
		} {
			src, dst := client, server
			if text[0] == '<' {
				src, dst = dst, src
			}
			c.Add(c.sighting(10*i+2*j, src, dst, text[2:]))
		}
	}
	return c.story("From one place")
}

// writtenOver are pairs of words in the diagram of which a letter of one is on a letter of the other.
const writtenOver = `(() => {
	const words = [...document.querySelectorAll("#segments :is(.label, .fate, .chapter, .silence, .time, .state-change), .badge text, #hosts text")].map((node) => {
		const matrix = node.getScreenCTM();
		return Array.from({ length: node.getNumberOfChars() }, (_, i) => {
			const box = node.getExtentOfChar(i);
			const { x, y } = new DOMPoint(box.x + box.width / 2, box.y + box.height / 2).matrixTransform(matrix);
			return { x, y, scale: matrix.a || 1, text: node.textContent };
		});
	});
	const found = [];
	words.forEach((one, i) => words.slice(i + 1).forEach((other) => {
		if (one.some((a) => other.some((b) => Math.abs(a.x - b.x) < 4 && Math.abs(a.y - b.y) < 7))) found.push(one[0].text + " / " + other[0].text);
	}));
	return found;
})()`

// crossedHeadings are headings of connections that an arrow goes through.
const crossedHeadings = `[...document.querySelectorAll("#segments .chapter")].filter((heading) => {
	const box = heading.getBBox();
	return [...document.querySelectorAll("#segments .wire")].some((wire) => {
		const [x1, y1, x2, y2] = ["x1", "y1", "x2", "y2"].map((name) => Number(wire.getAttribute(name)));
		return Array.from({ length: 101 }, (_, i) => i / 100).some((part) => {
			const [x, y] = [x1 + (x2 - x1) * part, y1 + (y2 - y1) * part];
			return x > box.x && x < box.x + box.width && y > box.y && y < box.y + box.height;
		});
	});
}).map((heading) => heading.textContent)`

// wantLegible checks that nothing in the diagram is written over something else.
func (b *tab) wantLegible(when string) {
	b.Helper()
	if over := eval[[]string](b, writtenOver); len(over) > 0 {
		b.Errorf("%s: %d words are on others: %q", when, len(over), over)
	}
	if crossed := eval[[]string](b, crossedHeadings); len(crossed) > 0 {
		b.Errorf("%s: arrows go through %q", when, crossed)
	}
}

// testCrowded looks at six columns on screens of several widths and on paper.
func testCrowded(b *tab) {
	for _, width := range []int64{1440, 768, 360} {
		b.size(width, 900)
		b.open("")
		b.wantLegible(fmt.Sprint(width, " px"))
		b.picture(fmt.Sprint(path.Base(b.Name()), "-", width))
	}
	b.size(1440, 900)
	b.open("")
	b.wantTrue(innerWords(".time") + " > 5")
	b.wantTrue(innerWords(".state-change") + " > 3")
	b.media("print", nil)
	b.until(`document.querySelectorAll(".printed").length > 0`)
	b.wantLegible("on paper")
	b.keep(path.Base(b.Name())+".pdf", get(b, chromedp.PrintToPDF()))
}

// innerWords counts times or states at lines that have others on both sides.
func innerWords(kind string) string {
	return `(() => {
		const lines = [...document.querySelectorAll("#segments .lifeline")].map((line) => line.getBoundingClientRect().x);
		return [...document.querySelectorAll("#segments ` + kind + `")].filter((word) => {
			const { left, right } = word.getBoundingClientRect();
			return left > lines[0] && right < lines.at(-1);
		}).length;
	})()`
}
