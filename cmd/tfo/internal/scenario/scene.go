package scenario

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"tfocraft/cmd/tfo/internal/lab"
	"tfocraft/cmd/tfo/internal/story"
	"tfocraft/wire/bilingual"
	"tfocraft/wire/follow"
	"tfocraft/wire/path"
)

// Config says how a scenario is played.
type Config struct {
	Sides Sides
	IPv6  bool
	// Path is what lies between the hosts: the scenario's own, or something else.
	Path path.Config
	// Tell is told of everything as it happens, from one goroutine. It may be slow: nothing waits for it but the end.
	Tell func(Event)
}

// A Result is what a scenario has come to.
type Result struct {
	// Story is all of it, for a page. Name, title and the like are the scenario's.
	Story *story.Story
	// Connections are as the client's end of the path saw them, Exchanges what the clients had of them.
	Connections []follow.Connection
	Exchanges   []Exchange
	Checks      []story.Check
	// Hidden counts segments of further connections, which were not told of since there were very many of a kind.
	Hidden int
}

// OK reports whether all that was expected was seen.
func (r *Result) OK() bool {
	for _, c := range r.Checks {
		if !c.OK {
			return false
		}
	}
	return true
}

// A Scene is where a scenario is played. After the first thing that fails for reasons that are no part of the story,
// such as a missing privilege, its methods do nothing, and Run returns the error.
type Scene struct {
	Sides
	IPv6 bool
	RTT  time.Duration // at the longest

	ctx     context.Context
	err     error
	lab     *lab.Lab
	record  *recorder
	closers []func() error // in reverse order
	stacks  map[*lab.Host]*stack

	exchanges []Exchange
	checks    []story.Check
}

// Run plays a scenario. Without an error the result is complete; its checks say whether what was expected was seen.
// What it has made is gone when it returns. The error wraps [lab.ErrForbidden] where the machine allows no lab.
func (sc *Scenario) Run(ctx context.Context, cfg Config) (*Result, error) {
	if !sc.Plays(cfg.Sides) {
		_, err := sc.Choose(cfg.Sides.Client, cfg.Sides.Server)
		return nil, err
	}
	s := &Scene{Sides: cfg.Sides, IPv6: cfg.IPv6, RTT: roundTrip(&cfg.Path), ctx: ctx, stacks: make(map[*lab.Host]*stack)}
	s.record = newRecorder(cfg.Tell, hearsay(&cfg.Path))
	s.open(cfg.Path, sc.servers)
	if s.err == nil {
		sc.play(s)
	}
	s.err = errors.Join(s.err, s.close())
	s.record.close()
	if s.err == nil {
		s.err = context.Cause(ctx)
	}
	if s.err != nil {
		return nil, s.err
	}
	return s.result(sc, &cfg.Path), nil
}

func (s *Scene) result(sc *Scenario, way *path.Config) *Result {
	r := &Result{
		Connections: s.record.connections(), Exchanges: s.exchanges, Checks: s.checks, Hidden: s.record.hidden,
		Story: s.story(way.Middleboxes),
	}
	r.Story.Name, r.Story.Title, r.Story.About = sc.Name, sc.Title, sc.About
	return r
}

// open makes the hosts and the path.
func (s *Scene) open(way path.Config, servers int) {
	way.FarHosts, way.Observer = servers, s.record.passage
	hosts, err := lab.New(s.ctx, lab.Config{IPv6: s.IPv6, Path: &way})
	if err != nil {
		s.fail(err)
		return
	}
	s.lab = hosts
	s.atEnd(func() error { hosts.Close(); return nil })
}

func (s *Scene) close() error {
	var errs []error
	for i := len(s.closers) - 1; i >= 0; i-- {
		errs = append(errs, s.closers[i]())
	}
	return errors.Join(errs...)
}

func (s *Scene) atEnd(f func() error) { s.closers = append(s.closers, f) }

// fail keeps the first error that is no part of the story.
func (s *Scene) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

// over reports whether nothing more is to be done.
func (s *Scene) over() bool {
	if s.err == nil && s.ctx.Err() != nil {
		s.err = context.Cause(s.ctx)
	}
	return s.err != nil
}

// patience bounds what takes a few round trips, timers of a second or two included.
func (s *Scene) patience() time.Duration { return 10*time.Second + 10*s.RTT }

// settle bounds the wait for the end of a connection whose exchange is over.
func (s *Scene) settle() time.Duration { return 2*time.Second + 4*s.RTT }

// Note says something between the segments.
func (s *Scene) Note(en, zh string, values ...any) {
	if !s.over() {
		s.record.note(bilingual.Format(en, zh, values...))
	}
}

// Expect adds a check: what was expected, and what was seen.
func (s *Scene) Expect(what bilingual.Text, seen string, ok bool) {
	if !s.over() {
		s.checks = append(s.checks, story.Check{What: what, Seen: seen, OK: ok})
	}
}

// ExpectFastOpen expects an outcome of Fast Open on the wire.
func (s *Scene) ExpectFastOpen(x Exchange, want follow.Outcome) {
	s.Expect(bilingual.Format("connection %d: Fast Open %s", "连接 %d：Fast Open %s", x.Number, want),
		fmt.Sprintf("%s: %s", x.FastOpen, x.Why), x.FastOpen == want)
}

// ExpectTrips expects how many round trips it took until the server had the request and the client the response.
func (s *Scene) ExpectTrips(x Exchange, request, response float64) {
	s.Expect(bilingual.Format("connection %d: the server has the request after %.1f round trips, the client the response after %.1f",
		"连接 %d：服务器在 %.1f 个往返后得到请求，客户端在 %.1f 个往返后得到响应", x.Number, request, response),
		trips(x.RequestRoundTrips())+", "+trips(x.ResponseRoundTrips()),
		x.RequestRoundTrips() == request && x.ResponseRoundTrips() == response)
}

// trips says how many round trips something took. What takes none has never come: each way is half of one.
func trips(n float64) string {
	if n == 0 {
		return "never"
	}
	return fmt.Sprintf("%.1f", n)
}

// ExpectReply expects the server's reply, whole and once.
func (s *Scene) ExpectReply(exchanges ...Exchange) {
	for _, x := range exchanges {
		seen := fmt.Sprintf("%q", abbreviate(x.Reply))
		if x.Err != nil {
			seen = x.Err.Error()
		}
		s.Expect(bilingual.Format("connection %d: the client got the reply", "连接 %d：客户端得到了响应", x.Number),
			seen, x.got())
	}
}

// ExpectRequests expects how many requests the application behind a server got.
func (s *Scene) ExpectRequests(server *Server, want int) {
	got := server.Requests()
	s.Expect(bilingual.Format("the server's application got %d requests", "服务器的应用得到了 %d 个请求", want),
		fmt.Sprint(len(got)), len(got) == want)
}

// ExpectCounter expects how a counter of a kernel, such as TCPFastOpenPassive, stands.
func (s *Scene) ExpectCounter(host *lab.Host, name string, want uint64) {
	if s.over() {
		return
	}
	got, err := host.Counter(name)
	if err != nil {
		s.fail(err)
		return
	}
	s.Expect(bilingual.Format("the kernel of the %s counts %s %d", "%s的内核计数 %s 为 %d", hostName(host), name, want),
		fmt.Sprint(got), got == want)
}

// sameCookie reports whether there is a cookie, and it is the other one, too.
func sameCookie(a, b []byte) bool { return len(a) > 0 && bytes.Equal(a, b) }

// otherCookie reports whether there are two cookies that are not the same.
func otherCookie(a, b []byte) bool { return len(a) > 0 && len(b) > 0 && !bytes.Equal(a, b) }

func hostName(h *lab.Host) bilingual.Text {
	if h.Name == "client" {
		return bilingual.T("client", "客户端")
	}
	return bilingual.T("server", "服务器")
}

// abbreviate keeps the beginning of something long.
func abbreviate(b []byte) []byte {
	const kept = 40
	if len(b) <= kept {
		return b
	}
	return append(append([]byte{}, b[:kept]...), "..."...)
}

// remote is the address of the server's host with a port.
func (s *Scene) remote(port uint16) netip.AddrPort {
	return netip.AddrPortFrom(s.lab.Server.Addr(s.IPv6), port)
}

// serverHost is nil when nothing more is to be done.
func (s *Scene) serverHost() *lab.Host {
	if s.over() {
		return nil
	}
	return s.lab.Server
}
