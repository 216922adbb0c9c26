package main

import (
	"bytes"
	"net/netip"
	"reflect"
	"slices"
	"time"

	"tfocraft/cmd/tfo/internal/story"
	"tfocraft/wire/bilingual"
	"tfocraft/wire/follow"
)

// How much of a capture a page shows: more of it nobody would look at, and a browser could not hold it.
const (
	storyFrames = 1000
	storyHosts  = 8
)

// A captureStory becomes the story of the frames that are shown. All of them were seen at one place, so that they have arrived
// when they have departed.
type captureStory struct {
	story.Story
	hosts map[netip.Addr]*captureHost
	order []*captureHost
	cache map[netip.Addr][]story.CacheEntry // of each client, as it was last
}

// A captureHost is a column of the diagram.
type captureHost struct {
	addr  netip.Addr
	place place
	index int // of the column, once the order is known
}

// A place is where a host stands in the diagram.
type place int

const (
	placeClient place = iota
	placeWay
	placeServer
)

// newCaptureStory begins a story that a command has made.
func newCaptureStory(name, command string) *captureStory {
	return &captureStory{
		Story: story.Story{Title: bilingual.T(name, name), Command: command},
		hosts: make(map[netip.Addr]*captureHost), cache: make(map[netip.Addr][]story.CacheEntry),
	}
}

// host finds the column of an address; nil if there are too many.
func (c *captureStory) host(addr netip.Addr, p place) *captureHost {
	if h := c.hosts[addr]; h != nil {
		return h
	}
	if len(c.order) == storyHosts {
		return nil
	}
	h := &captureHost{addr: addr, place: p, index: len(c.order)}
	c.hosts[addr] = h
	c.order = append(c.order, h)
	return h
}

// add takes a frame that is shown. What is about no connection is no part of the story.
func (c *captureStory) add(s *sight, follower *follow.Follower) {
	if s.line.Connection == 0 {
		return
	}
	from, to := c.way(s)
	if from == nil || to == nil || len(c.Frames) == storyFrames {
		c.Left++
		return
	}
	f := story.ObservedError(&s.line)
	if s.kind == kindSegment {
		f = story.Observed(&s.line, &s.packet.TCP)
	}
	f.Departed, f.Arrived = s.at, s.at
	f.From, f.To = from.index, to.index
	f.Bytes, f.Dissection = bytes.Clone(s.frame.Data), s.dissect()
	client := s.line.After.Client.Addr.Addr()
	f.Cache = story.CacheOf(client, follower.Cache())
	f.Notes = c.notes(s, &f, client)
	c.cache[client] = f.Cache
	c.Frames = append(c.Frames, f)
}

// way finds the columns that a frame goes between.
func (c *captureStory) way(s *sight) (from, to *captureHost) {
	if s.kind == kindProblem {
		at := placeClient
		if !s.line.FromClient {
			at = placeServer
		}
		return c.host(s.problem.From, placeWay), c.host(s.problem.Src.Addr(), at)
	}
	places := [2]place{placeClient, placeServer}
	if !s.line.FromClient {
		slices.Reverse(places[:])
	}
	src, dst := s.packet.Addrs()
	return c.host(src, places[0]), c.host(dst, places[1])
}

// notes are what a frame has changed besides the states.
func (c *captureStory) notes(s *sight, f *story.Frame, client netip.Addr) (notes []story.Note) {
	if facts := &s.line.Facts; facts.RTT > 0 {
		notes = append(notes, story.Note{At: f.To, Text: bilingual.Format("round trip since frame %d: %v", "自帧 %d 起的往返时间：%v",
			facts.Acknowledged, facts.RTT.Round(time.Microsecond))})
	}
	if h := c.hosts[client]; h != nil && !reflect.DeepEqual(f.Cache, c.cache[client]) {
		notes = append(notes, story.Note{At: h.index, Text: bilingual.T("the cookie cache has changed", "Cookie 缓存已更新")})
	}
	return notes
}

// finish puts clients to the left and servers to the right, and adds what became of the connections.
func (c *captureStory) finish(connections []follow.Connection) *story.Story {
	columns := slices.Clone(c.order)
	slices.SortStableFunc(columns, func(a, b *captureHost) int { return int(a.place) - int(b.place) })
	to := make([]int, len(columns)) // from the old index
	for i, h := range columns {
		to[h.index] = i
		c.Hosts = append(c.Hosts, story.Host{Name: c.hostName(h), Addresses: []string{h.addr.String()}})
	}
	for i := range c.Frames {
		f := &c.Frames[i]
		f.From, f.To = to[f.From], to[f.To]
		for j := range f.Notes {
			f.Notes[j].At = to[f.Notes[j].At]
		}
	}
	for i := range connections {
		c.Connections = append(c.Connections, story.Became(&connections[i]))
	}
	return &c.Story
}

// hostName says what a host is, with a number if there are several.
func (c *captureStory) hostName(h *captureHost) bilingual.Text {
	name := [...]bilingual.Text{
		placeClient: bilingual.T("client", "客户端"), placeWay: bilingual.T("on the way", "途中"), placeServer: bilingual.T("server", "服务器"),
	}[h.place]
	before, all := 0, 0
	for _, other := range c.order {
		if other.place == h.place {
			all++
			if other.index < h.index {
				before++
			}
		}
	}
	if all == 1 {
		return name
	}
	return bilingual.Format("%s %d", "%s %d", name, before+1)
}
