package report_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"tfocraft/cmd/tfo/internal/story"
	"tfocraft/wire/bilingual"
)

// TestPage tries the page in a real browser, as somebody would who looks at it.
func TestPage(t *testing.T) {
	b := openTab(t, openBrowser(t))
	for name, test := range map[string]func(*tab){
		"select":    testSelect,
		"bytes":     testBytes,
		"keyboard":  testKeyboard,
		"links":     testLinks,
		"play":      testPlay,
		"calm":      testCalm,
		"language":  testLanguage,
		"theme":     testTheme,
		"contrast":  testContrast,
		"narrow":    testNarrow,
		"print":     testPrint,
		"roles":     testRoles,
		"states":    testStates,
		"changed":   testChanged,
		"below":     testBelow,
		"projector": testProjector,
	} {
		b.show(name, fixture(t), test)
	}
	b.show("hostile", hostileStory(t), testHostile)
	b.show("empty", &story.Story{Title: bilingual.T("Nothing", "空")}, testEmpty)
	b.show("savings", &story.Story{Title: bilingual.T("Saves", "节省"), Savings: fixture(t).Savings}, testSavings)
	b.show("crowded", crowdedStory(t), testCrowded)
	b.show("one place", onePlaceStory(t), testCrowded)
	b.show("long", longStory(t), testLong)
}

func testSelect(b *tab) {
	b.open("")
	b.wantText("h1", "A first and a second connection")
	b.wantText("#detail-title", "Segment 1")
	b.click("#segment-3 .label")
	b.wantText("#detail-title", "Segment 3")
	b.wantText("#reason", "handshake complete; request after one full round trip")
	b.wantContains("#detail-way", "client → server at 100.1 ms")
	b.wantContains("#notes", "server measures a round trip of 100.08 ms, from segment 2")
	b.wantCount(`#segments [aria-selected="true"]`, 1)
	b.wantContains("#live", "Segment 3 of 12. client to server.")
	b.keys(keyDown)
	b.wantText("#detail-title", "Segment 4")
	b.keys(keyUp, keyLeft, keyLeft)
	b.wantText("#detail-title", "Segment 1")
	b.keys(keyUp)
	b.wantText("#detail-title", "Segment 1")
	b.keys(kb.End)
	b.wantText("#detail-title", "Segment 12")
	b.keys(kb.Home)
	b.picture("light")
}

func testBytes(b *tab) {
	b.open("#2")
	b.hover(`#hex .hex[data-at="78"]`)
	b.wantText("#explanation h4", "Cookie")
	b.wantContains("#explanation", "Granted: the server has made it")
	b.wantTrue(`document.querySelector('#tree [data-part="tcp.options.fo.cookie"]').getAttribute("aria-selected") === "true"`)
	b.wantCount(`#hex .hex.chosen`, 8)
	b.picture("byte")
	b.hover("h1")
	b.wantCount(`#hex .hex.chosen`, 0)
	b.wantContains("#explanation", "Transmission Control Protocol")
	b.hover(`#tree [data-part="tcp.window"] .row`)
	b.wantTrue(`[...document.querySelectorAll("#hex .hex.chosen")].map((c) => c.dataset.at).join() === "48,49"`)
	b.hover(`#tree [data-part="tcp.options.fo"] > .row`)
	b.wantCount(`#hex .hex.chosen`, 10)
	// Bits: the flags are eight fields in a byte.
	b.click(`#tree [data-part="tcp.flags.syn"] .row`)
	b.wantText("#bits", "00010010")
	b.wantCount(`#bits .chosen`, 1)
	b.hover(`#bits .bit:nth-child(4)`)
	b.wantText("#explanation h4", "ACK, Acknowledgment")
	b.hover("h1")
	b.wantText("#explanation h4", "SYN, Synchronize")
	b.wantTrue(`document.querySelector("#explanation a").href === "https://www.rfc-editor.org/rfc/rfc9293#section-3.1"`)
}

func testKeyboard(b *tab) {
	b.open("")
	b.tell(`document.getElementById("last").focus()`)
	b.keys(kb.Tab)
	b.wantTrue(`document.activeElement.id === "segment-1"`)
	b.keys(keyDown)
	b.wantTrue(`document.activeElement.id === "segment-2"`)
	b.keys(kb.Tab, kb.Tab) // the tab list, the bytes
	b.wantTrue(`document.activeElement.matches(".hex")`)
	b.keys(keyRight, keyDown)
	b.wantTrue(`document.activeElement.dataset.at === "17"`)
	b.wantText("#detail-title", "Segment 2")
	b.wantText("#explanation h4", "Total Length")
	b.keys(kb.Tab, kb.Tab) // the link of the explanation, the tree
	b.wantTrue(`document.activeElement.matches("[role=treeitem]")`)
	b.keys(keyRight)
	b.wantText("#explanation h4", "Destination Address")
	b.keys(keyLeft, keyLeft)
	b.wantTrue(`document.activeElement.getAttribute("aria-expanded") === "false"`)
	b.keys(keyDown)
	b.wantText("#explanation h4", "Internet Protocol Version 4")
}

func testLinks(b *tab) {
	b.open("#2.tcp.options.fo")
	b.wantText("#detail-title", "Segment 2")
	b.wantText("#explanation h4", "TCP Fast Open Cookie")
	b.click(`#tree [data-part="tcp.ack"] .row`)
	b.wantTrue(`location.hash === "#2.tcp.ack"`)
	b.tell(`location.hash = "#5.ip.ttl"`)
	b.until(`document.getElementById("detail-title").textContent === "Segment 5"`)
	b.wantText("#explanation h4", "Time to Live")
	// A field that another segment has too stays chosen.
	b.keys(keyDown)
	b.wantTrue(`location.hash === "#6.ip.ttl"`)
	for _, nonsense := range []string{"#99", "#2.no.such.field", "#%3Cscript%3E", "#%", "#2.%"} {
		b.open(nonsense)
		b.wantContains("#detail-title", "Segment")
	}
}

func testPlay(b *tab) {
	b.open("")
	for _, step := range []struct{ button, segment string }{
		{"step", "2"}, {"step", "3"}, {"back", "2"}, {"last", "12"}, {"first", "1"},
	} {
		b.click("#" + step.button)
		b.wantText("#detail-title", "Segment "+step.segment)
	}
	// A button that can do no more stays where the focus is.
	b.tell(`document.getElementById("back").focus()`)
	b.keys(kb.Enter)
	b.wantTrue(`document.activeElement.id === "back" && document.activeElement.getAttribute("aria-disabled") === "true"`)
	b.click("#play")
	b.wantTrue(`document.getElementById("play").getAttribute("aria-label") === "Pause"`)
	b.until(`document.querySelector(".traveller") && document.getElementById("detail-title").textContent === "Segment 2"`)
	b.picture("playing")
	b.click("#play")
	b.wantTrue(`!document.querySelector(".traveller") && !document.querySelector(".playing")`)
	b.wantTrue(`document.getElementById("play").getAttribute("aria-label") === "Play"`)
	// To the end, from the last segments.
	b.click("#segment-11 .label")
	b.keys(" ")
	b.until(`document.getElementById("play").dataset.playing === "false" && document.getElementById("detail-title").textContent === "Segment 12"`)
}

func testCalm(b *tab) {
	b.media("", map[string]string{"prefers-reduced-motion": "reduce"})
	b.open("")
	b.click("#step")
	b.click("#play")
	b.until(`document.getElementById("detail-title").textContent === "Segment 3"`)
	b.wantTrue(`!document.querySelector(".traveller") && !document.querySelector(".playing")`)
	b.click("#play")
}

func testLanguage(b *tab) {
	b.open("?lang=zh")
	b.wantText("h1", "第一次与第二次连接")
	b.wantTrue(`document.documentElement.lang === "zh-Hans" && document.title === "第一次与第二次连接"`)
	b.keys(keyDown)
	b.wantText("#reason", "授予 cookie 0102030405060708；确认 SYN")
	b.picture("chinese")
	left := eval[[]string](b, `[...document.querySelectorAll("[data-word]")].map((n) => n.textContent).filter((text) => !/\p{Script=Han}/u.test(text) && text !== "English")`)
	if len(left) > 0 {
		b.Errorf("still English: %q", left)
	}
	b.click("#language")
	b.wantText("h1", "A first and a second connection")
	b.wantText("#detail-title", "Segment 2")
	b.wantTrue(`document.documentElement.lang === "en" && location.search === "?lang=en"`)
	// Without a word in the address the browser's language decides.
	call(b, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: "test", AcceptLanguage: "zh-CN"})
	b.open("?")
	b.wantTrue(`document.documentElement.lang === "zh-Hans"`)
}

func testTheme(b *tab) {
	b.media("", map[string]string{"prefers-color-scheme": "dark"})
	b.open("")
	b.wantTrue(`document.documentElement.dataset.theme === "dark"`)
	b.picture("dark")
	b.click("#theme")
	b.wantTrue(`document.documentElement.dataset.theme === "light"`)
	b.open("")
	b.wantTrue(`document.documentElement.dataset.theme === "light"`)
	b.tell(`localStorage.clear()`)
}

// testContrast compares all text that there is with what is behind it (WCAG 2, success criterion 1.4.3).
func testContrast(b *tab) {
	for _, theme := range []string{"light", "dark"} {
		b.media("", map[string]string{"prefers-color-scheme": theme, "prefers-reduced-motion": "reduce"})
		b.open("#8.tcp.checksum")
		for _, panel := range []string{"bytes", "states"} {
			b.click("#tab-" + panel)
			found := eval[struct {
				Looked int      `json:"looked"`
				Low    []string `json:"low"`
			}](b, contrastProgram)
			if found.Looked < 150 {
				b.Errorf("%s, %s: only %d texts were looked at", theme, panel, found.Looked)
			}
			for _, text := range found.Low {
				b.Errorf("%s, %s: contrast of %s", theme, panel, text)
			}
		}
	}
}

// contrastProgram returns texts whose contrast is below 4.5:1. The ground of a text in the diagram is what is painted behind its letters.
const contrastProgram = `(() => {
	const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
	const rgba = (color) => {
		canvas.clearRect(0, 0, 1, 1);
		canvas.fillStyle = color;
		canvas.fillRect(0, 0, 1, 1);
		return [...canvas.getImageData(0, 0, 1, 1).data];
	};
	const luminance = (color) => {
		const [r, g, b] = color.map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const groundOf = (element) => {
		const style = getComputedStyle(element);
		if (element instanceof SVGElement && element.closest(".badge, .state")) {
			return rgba(getComputedStyle(element.parentElement.querySelector("rect")).fill);
		}
		if (element instanceof SVGTextContentElement && style.stroke !== "none") return rgba(style.stroke);
		for (let up = element; up; up = up.parentElement) {
			const color = rgba(getComputedStyle(up).backgroundColor);
			if (color[3] === 255) return color;
		}
		return [255, 255, 255, 255];
	};
	const low = [];
	let looked = 0;
	const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (walk.nextNode()) {
		const element = walk.currentNode.parentElement;
		if (!walk.currentNode.data.trim() || !element.checkVisibility() || element.closest(".unseen, .skip")) continue;
		const style = getComputedStyle(element);
		const ink = rgba(element instanceof SVGElement ? style.fill : style.color);
		const [a, b] = [luminance(ink), luminance(groundOf(element))];
		const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		looked++;
		if (contrast < 4.5) low.push(contrast.toFixed(2) + " " + walk.currentNode.data + " in " + element.tagName + "." + element.getAttribute("class"));
	}
	return { looked, low };
})()`

func testNarrow(b *tab) {
	for _, width := range []int64{360, 320} {
		b.size(width, 740)
		for _, suffix := range []string{"?lang=en#8.tcp.options.fo.cookie", "?lang=zh#8"} {
			b.open(suffix)
			for _, panel := range []string{"bytes", "states"} {
				b.click("#tab-" + panel)
				wide := eval[[]string](b, `[...document.querySelectorAll("body *")].filter((e) => e.checkVisibility() && !e.closest(".scroll, .unseen, .skip, svg") &&
					e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.tagName + "#" + e.id + "." + e.className)`)
				if len(wide) > 0 {
					b.Errorf("%d px, %s, %s: wider than the screen: %q", width, suffix, panel, wide)
				}
				b.wantTrue(`document.documentElement.scrollWidth <= innerWidth`)
			}
		}
	}
	b.size(360, 740)
	b.open("#8.tcp.options.fo.cookie")
	b.picture("narrow")
	b.tell(`document.getElementById("detail").scrollIntoView()`)
	b.picture("narrow-detail")
}

func testPrint(b *tab) {
	b.media("", map[string]string{"prefers-color-scheme": "dark"})
	b.open("")
	b.media("print", nil)
	b.until(`document.querySelectorAll(".printed").length === 12`)
	b.wantTrue(`document.querySelectorAll(".printed tr").length > 12 * 40`)
	b.wantContains(".printed:nth-of-type(2)", "grants cookie 0102030405060708")
	b.wantTrue(`[...document.querySelectorAll("button, #tree, #hex")].every((e) => !e.checkVisibility())`)
	b.wantTrue(`getComputedStyle(document.querySelector("#printed h3")).color === "rgb(34, 38, 46)"`)
	b.keep("print.pdf", get(b, chromedp.PrintToPDF()))
	b.media("", nil)
	b.until(`document.querySelectorAll(".printed").length === 0`)
}

// testRoles reads what a screen reader is told.
func testRoles(b *tab) {
	b.open("#2")
	nodes := call(b, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{}).Nodes
	named := make(map[string][]string)
	for _, n := range nodes {
		if n.Ignored || n.Role == nil || n.Name == nil {
			continue
		}
		role, name := strings.Trim(string(n.Role.Value), `"`), strings.Trim(string(n.Name.Value), `"`)
		named[role] = append(named[role], name)
		switch role {
		case "button", "tab", "listbox", "option", "tree", "treeitem", "grid", "gridcell", "heading", "link", "tablist", "toolbar", "region":
			if name == "" {
				b.Errorf("a %s without a name", role)
			}
		}
	}
	for role, least := range map[string]int{
		"heading": 6, "button": 7, "listbox": 1, "option": 12, "tab": 2, "tree": 1, "treeitem": 40, "grid": 1, "gridcell": 86, "toolbar": 1, "main": 1, "banner": 1,
	} {
		if len(named[role]) < least {
			b.Errorf("%d of role %s, want %d or more", len(named[role]), role, least)
		}
	}
	if got, want := named["option"][1], "2: server to client, SYN-ACK, cookie"; got != want {
		b.Errorf("the second option is called %q, want %q", got, want)
	}
	b.wantCount(`h1`, 1)
	b.wantTrue(`document.getElementById("live").getAttribute("aria-live") === "polite"`)
}

func testStates(b *tab) {
	b.open("#2")
	b.click("#tab-states")
	b.wantText(".machine.client .state.lit", "ESTABLISHED")
	b.wantText(".machine.server .state.lit", "SYN-RECEIVED")
	b.wantCount(`.way.fast`, 0)
	b.wantContains("#cache .new", "0102030405060708")
	b.open("#9")
	b.click("#tab-states")
	b.wantCount(`.way.fast`, 2)
	b.picture("states")
	b.click("#cache a")
	b.until(`document.getElementById("detail-title").textContent === "Segment 2"`)
	b.open("#1")
	b.click("#tab-states")
	b.wantContains("#cache", "Empty")
	b.wantText(".machine.server .state.lit", "LISTEN")
	b.wantContains("#states .side.server .side-meaning", "Presumed")
}

// testChanged looks at a segment that a middlebox has changed.
func testChanged(b *tab) {
	b.open("#12.tcp.options.timestamp")
	b.wantText("#fate", "options overwritten by rewrite-option-to-nop")
	b.wantCount("#segment-12 .diamond", 1)
	// What befell it stands beside the arrow, where it can be read.
	b.wantTrue(`(() => {
		const [fate, diamond] = ["fate", "diamond"].map((kind) => document.querySelector("#segment-12 ." + kind).getBoundingClientRect());
		return fate.right < diamond.right + 20 && fate.top > diamond.top;
	})()`)
	b.wantCount("#hex .hex.changed", 12)
	b.wantText("#explanation h4", "Timestamps")
	b.click("#versions button:last-child")
	b.wantTrue(`document.querySelector('#tree [data-part="tcp.options.timestamp"]') === null`)
	b.wantTrue(`document.querySelector("#versions button:last-child").getAttribute("aria-pressed") === "true"`)
	b.click("#versions button:first-child")
	b.wantText("#explanation h4", "Timestamps")
	b.keys(keyUp)
	b.wantTrue(`document.getElementById("versions").hidden`)
}

// testProjector has everything in view that belongs together, on a screen of few pixels: no explanation has to be scrolled in a
// box of its own, letters stand in one column, and the data are in the overview.
func testProjector(b *tab) {
	b.size(1280, 720)
	b.open("#3")
	b.wantContains("#explanation .overview li:last-child", "Data")
	b.wantTrue(`new Set([...document.querySelectorAll(".hex-ascii")].map((e) => e.getBoundingClientRect().left)).size === 1`)
	for _, selector := range []string{"#explanation", "#detail-body"} {
		b.wantTrue(`document.querySelector("` + selector + `").scrollWidth <= document.querySelector("` + selector + `").clientWidth`)
	}
	scrolling := eval[[]string](b, `[...document.querySelectorAll("#tree [data-part]")].map((item) => {
		item.querySelector(".row").click();
		const box = document.getElementById("explanation");
		return box.scrollHeight > box.clientHeight ? item.dataset.part : "";
	}).filter(Boolean)`)
	if len(scrolling) > 0 {
		b.Errorf("explanations that have to be scrolled: %q", scrolling)
	}
	b.picture("projector")
}

// testBelow is about what stands below the exchange.
func testBelow(b *tab) {
	b.open("")
	b.wantContains("#connections article:nth-child(1)", "1.5 RTT")
	b.wantContains("#connections article:nth-child(2)", "Fast Open accepted")
	b.wantTrue(`(() => {
		const [plain, fast] = [...document.querySelectorAll("article.connection")].map((a) => a.querySelectorAll(".bar-length")[1].getBoundingClientRect().width);
		return Math.abs(plain / fast - 2) < 0.02;
	})()`)
	b.wantTrue(`[...document.querySelectorAll("#check-list li")].map((l) => l.className).join() === "ok,failed"`)
	b.wantContains("#savings-body", "1.00 RTT")
	b.tell(`document.getElementById("compare").scrollIntoView()`)
	b.picture("below")
}

// hostile is what somebody may write who has nothing good in mind.
const hostile = `</script><script>alert(1)</script><img src=x onerror=alert(2)><!--{{.}}` + "\u2028"

// hostileStory has it wherever somebody else than tfo decides what stands there.
func hostileStory(t *testing.T) *story.Story {
	t.Helper()
	s := fixture(t)
	s.Title, s.About, s.Command, s.Name = bilingual.T(hostile, hostile), bilingual.T(hostile, hostile), hostile, hostile
	s.Hosts[0] = story.Host{Name: bilingual.T(hostile, hostile), Stack: hostile, Addresses: []string{hostile}}
	for i := range s.Frames {
		f := &s.Frames[i]
		f.Text, f.Reason, f.Label, f.Fate = hostile, bilingual.T(hostile, hostile), bilingual.T(hostile, hostile), bilingual.T(hostile, hostile)
		f.Notes = []story.Note{{At: 0, Text: bilingual.T(hostile, hostile)}}
		f.Cache = []story.CacheEntry{{Server: hostile, Cookie: hostile, Frame: 2}}
		f.Client.State = hostile
		for j := range f.Dissection.Fields {
			d := &f.Dissection.Fields[j]
			d.ID, d.Filter, d.Value, d.Section = fmt.Sprint(hostile, j), hostile, hostile, hostile
			d.Name, d.Unit, d.Meaning, d.Reason = bilingual.T(hostile, hostile), bilingual.T(hostile, hostile), bilingual.T(hostile, hostile), bilingual.T(hostile, hostile)
		}
		for j := range f.Dissection.Groups {
			f.Dissection.Groups[j].ID, f.Dissection.Groups[j].Summary = fmt.Sprint(hostile, "g", j), hostile
		}
	}
	for i := range s.Connections {
		s.Connections[i].Client, s.Connections[i].FastOpen, s.Connections[i].Reason = hostile, hostile, bilingual.T(hostile, hostile)
	}
	s.Checks[0].What, s.Checks[0].Seen = bilingual.T(hostile, hostile), hostile
	s.Savings[0].Stack = hostile
	return s
}

func testHostile(b *tab) {
	b.open("#2")
	b.wantText("h1", strings.TrimSpace(hostile))
	b.wantText("#reason", strings.TrimSpace(hostile))
	b.click(`#tree .field .row`)
	b.hover(`#hex .hex[data-at="30"]`)
	b.click("#tab-states")
	b.click("#step")
	b.media("print", nil)
	b.until(`document.querySelectorAll(".printed").length === 12`)
	b.wantTrue(`document.querySelectorAll("img").length === 0 && document.scripts.length === 2`)
	b.wantTrue(`document.querySelector("#printed pre") !== null`)
	b.media("", nil)
	b.size(360, 740)
	b.wantTrue(`document.documentElement.scrollWidth <= innerWidth`)
}

func testEmpty(b *tab) {
	b.open("#1")
	b.wantText("#nothing", "There is no frame in this story.")
	b.keys(keyDown, kb.End, " ")
	b.click("#language")
	b.wantText("h1", "空")
	b.wantTrue(`!document.getElementById("compare").checkVisibility()`)
}

// testSavings has measurements and no frames, which nobody misses.
func testSavings(b *tab) {
	b.open("")
	b.wantTrue(`!document.getElementById("exchange").checkVisibility() && document.getElementById("savings").checkVisibility()`)
}

// longStory has as many frames as a story may have, and says how many were left out.
func longStory(t *testing.T) *story.Story {
	t.Helper()
	s := fixture(t)
	one := s.Frames
	for len(s.Frames) < 500 {
		f := one[len(s.Frames)%len(one)]
		f.Number = len(s.Frames) + 1
		f.Departed = s.Frames[len(s.Frames)-1].Departed + 1e6
		f.Arrived = f.Departed + 50e6
		s.Frames = append(s.Frames, f)
	}
	s.Left = 1234
	return s
}

func testLong(b *tab) {
	b.open("#499")
	b.wantText("#detail-title", "Segment 499")
	b.wantText("#omitted", "1234 more frames are not shown.")
	b.wantCount("#segments [role=option]", 500)
	b.keys(kb.End)
	b.until(`(() => {
		const [pane, last] = ["pane", "segment-500"].map((id) => document.getElementById(id).getBoundingClientRect());
		return last.top > pane.top && last.top < pane.bottom;
	})()`)
}
