package report_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"tfocraft/cmd/tfo/internal/report"
	"tfocraft/cmd/tfo/internal/story"
)

// patience bounds everything that a test does in the browser.
const patience = 40 * time.Second

// openBrowser starts the browser that all tests of the page share.
func openBrowser(t *testing.T) context.Context {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium: the page is not tried in a browser (Debian package chromium)")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program),
		chromedp.NoSandbox, // which needs user namespaces, and another user than root
		chromedp.UserDataDir(t.TempDir()),
		chromedp.DisableGPU,
	)
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("starting %s: %v", program, err)
	}
	return ctx
}

// A tab shows one page and keeps what should not happen there.
type tab struct {
	*testing.T
	ctx context.Context

	mu      sync.Mutex
	file    string
	trouble []string // console messages, exceptions, dialogs, requests
}

// openTab opens a tab for pages that are to come.
func openTab(t *testing.T, browser context.Context) *tab {
	t.Helper()
	b := &tab{T: t}
	var cancel context.CancelFunc
	b.ctx, cancel = chromedp.NewContext(browser)
	t.Cleanup(cancel)
	if err := chromedp.Listen(b.ctx, b.hear); err != nil {
		t.Fatal(err)
	}
	call(b, network.Enable, network.EnableParams{})
	return b
}

// show writes a story's page and has the tab try it in a test of its own, where nothing may happen that a page does not do by
// itself. The page is opened by open; the tab is as if it were new.
func (b *tab) show(name string, s *story.Story, test func(*tab)) {
	parent, ctx := b.T, b.ctx
	defer func() { b.T, b.ctx = parent, ctx }()
	parent.Run(name, func(t *testing.T) {
		var page bytes.Buffer
		if err := report.Write(&page, s); err != nil {
			t.Fatal(err)
		}
		var cancel context.CancelFunc
		b.ctx, cancel = context.WithTimeout(ctx, patience)
		defer cancel()
		b.T = t
		b.mu.Lock()
		b.file = filepath.Join(t.TempDir(), "story.html")
		b.mu.Unlock()
		if err := os.WriteFile(b.file, page.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		b.size(1440, 900)
		b.media("", nil)
		defer b.wantSilence()
		test(b)
	})
}

// wantSilence checks that the page did nothing that nobody asked for.
func (b *tab) wantSilence() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, what := range b.trouble {
		b.Errorf("the page was not silent: %s", what)
	}
	b.trouble = nil
}

func (b *tab) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var what string
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		what = fmt.Sprintf("console.%s", e.Type)
	case *runtime.EventExceptionThrown:
		what = fmt.Sprintf("exception: %v", e.ExceptionDetails)
	case *log.EventEntryAdded:
		what = fmt.Sprintf("log: %s %s", e.Entry.Text, e.Entry.URL)
	case *page.EventJavascriptDialogOpening:
		what = "dialog: " + e.Message
	case *network.EventRequestWillBeSent:
		if strings.HasPrefix(e.Request.URL, "file://"+b.file) {
			return
		}
		what = "request: " + e.Request.URL
	default:
		return
	}
	b.trouble = append(b.trouble, what)
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.Fatal(err)
	}
}

// get runs an action that gives something.
func get[T any](b *tab, action chromedp.Action[T]) T {
	b.Helper()
	value, err := chromedp.Run(b.ctx, action)
	if err != nil {
		b.Fatal(err)
	}
	return value
}

// call runs a command of the browser's protocol.
func call[P, R any](b *tab, command cdp.Command[P, R], params P) R {
	b.Helper()
	result, err := chromedp.Call(b.ctx, command, params)
	if err != nil {
		b.Fatalf("%s: %v", command.Method, err)
	}
	return result
}

// eval evaluates an expression in the page.
func eval[T any](b *tab, expression string) T {
	b.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.Fatalf("%s: %v", expression, err)
	}
	return value
}

// tell evaluates a statement.
func (b *tab) tell(statement string) {
	b.Helper()
	eval[chromedp.Void](b, statement)
}

// open loads the page with a query and a fragment, and in English unless the query says otherwise.
func (b *tab) open(suffix string) {
	b.Helper()
	if !strings.HasPrefix(suffix, "?") {
		suffix = "?lang=en" + suffix
	}
	// Going to another fragment of the same page would not load it.
	b.do(chromedp.Navigate("about:blank"), chromedp.Navigate("file://"+b.file+suffix))
	// What is clicked before a page is painted is lost: the browser takes it for a mistake.
	b.until(`performance.getEntriesByName("first-contentful-paint").length > 0`)
}

func (b *tab) size(width, height int64) {
	b.Helper()
	b.do(chromedp.EmulateViewport(width, height))
}

// media sets media features, and the medium if it is not empty.
func (b *tab) media(medium string, features map[string]string) {
	b.Helper()
	var list []*emulation.MediaFeature
	for name, value := range features {
		list = append(list, &emulation.MediaFeature{Name: name, Value: value})
	}
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: medium, Features: list})
}

// text returns the text of the one element that a selector finds.
func (b *tab) text(selector string) string {
	b.Helper()
	return strings.TrimSpace(eval[string](b, fmt.Sprintf("document.querySelector(%s)?.textContent ?? '(no such element)'", quote(selector))))
}

// wantCount checks how many elements a selector finds.
func (b *tab) wantCount(selector string, want int) {
	b.Helper()
	if got := eval[int](b, fmt.Sprintf("document.querySelectorAll(%s).length", quote(selector))); got != want {
		b.Errorf("%d of %s, want %d", got, selector, want)
	}
}

// until waits for an expression to be true. It asks again and again: one question that waits in the page is lost if the
// browser is still about to take the page before it away.
func (b *tab) until(expression string) {
	b.Helper()
	for end := time.Now().Add(patience / 2); ; time.Sleep(20 * time.Millisecond) {
		ok, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		if ok && err == nil {
			return
		}
		if time.Now().After(end) || b.ctx.Err() != nil {
			b.Fatalf("waiting for %s: %v", expression, err)
		}
	}
}

// middle returns the middle of an element, after it has been scrolled into view.
func (b *tab) middle(selector string) (x, y float64) {
	b.Helper()
	at := eval[[2]float64](b, fmt.Sprintf(`(() => {
		const element = document.querySelector(%s);
		element.scrollIntoView({ block: "center", behavior: "instant" });
		const box = element.getBoundingClientRect();
		return [box.x + box.width / 2, box.y + box.height / 2];
	})()`, quote(selector)))
	return at[0], at[1]
}

func (b *tab) hover(selector string) {
	b.Helper()
	x, y := b.middle(selector)
	b.do(chromedp.MouseEvent(chromedp.MouseMoved, x, y))
}

func (b *tab) click(selector string) {
	b.Helper()
	x, y := b.middle(selector)
	b.do(chromedp.MouseClickXY(x, y))
}

func (b *tab) keys(keys ...string) {
	b.Helper()
	b.do(chromedp.KeyEvent(strings.Join(keys, "")))
}

// wantText checks the text of an element.
func (b *tab) wantText(selector, want string) {
	b.Helper()
	if got := b.text(selector); got != want {
		b.Errorf("%s says\n%q, want\n%q", selector, got, want)
	}
}

// wantContains checks a part of the text of an element.
func (b *tab) wantContains(selector, want string) {
	b.Helper()
	if got := b.text(selector); !strings.Contains(got, want) {
		b.Errorf("%s says\n%q, which lacks\n%q", selector, got, want)
	}
}

func (b *tab) wantTrue(expression string) {
	b.Helper()
	if !eval[bool](b, expression) {
		b.Errorf("not true: %s", expression)
	}
}

// picture keeps what the tab shows, for somebody to look at.
func (b *tab) picture(name string) {
	b.Helper()
	b.keep(name+".png", get(b, chromedp.CaptureScreenshot()))
}

// keep stores an artefact.
func (b *tab) keep(name string, data []byte) {
	b.Helper()
	place := os.Getenv("TFO_ARTEFACTS")
	if place == "" {
		place = b.ArtifactDir()
	}
	if err := os.MkdirAll(place, 0o755); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(place, name), data, 0o644); err != nil {
		b.Fatal(err)
	}
}

func quote(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// The keys that tests press.
const (
	keyDown  = kb.ArrowDown
	keyUp    = kb.ArrowUp
	keyRight = kb.ArrowRight
	keyLeft  = kb.ArrowLeft
)
