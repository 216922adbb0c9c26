// Package scenario plays exchanges between two hosts that exist only for them, watches every frame on the path between,
// and says what was expected and whether it was seen.
//
// A [Scenario] is a list of steps over a [Scene]: servers, clients, exchanges, notes and expectations. Either side is
// Linux's own TCP or ours. What is expected is judged by the frames, by the counters of a kernel or by what an
// application got, never by how the scenario was set up.
package scenario

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tfocraft/wire/bilingual"
	"tfocraft/wire/path"
)

// A Side says whose TCP a host has.
type Side string

// The sides.
const (
	Ours   Side = "ours"
	Kernel Side = "kernel"
)

// String returns the name of the stack, for people.
func (s Side) String() string {
	if s == Kernel {
		return "Linux"
	}
	return "tfocraft"
}

// Sides are those of client and server.
type Sides struct{ Client, Server Side }

// String is how the flags of tfo lab would say it.
func (s Sides) String() string {
	return fmt.Sprintf("--client %s --server %s", string(s.Client), string(s.Server))
}

// The combinations that scenarios play with, the default first.
var (
	anySides   = []Sides{{Ours, Ours}, {Ours, Kernel}, {Kernel, Ours}, {Kernel, Kernel}}
	oursClient = []Sides{{Ours, Ours}, {Ours, Kernel}}
	oursServer = []Sides{{Ours, Ours}, {Kernel, Ours}}
)

// A Scenario is something that can happen between a client and a server.
type Scenario struct {
	Name string
	// Title is one line. About is the question, and what to look at.
	Title, About bilingual.Text
	// Sides are the combinations that it can be played with, the default first.
	Sides []Sides
	// RTT is the round-trip time of the path, 20 ms at zero. Middleboxes are on it, from the client's end to the server's.
	RTT         time.Duration
	Middleboxes []path.Middlebox
	// Needs are programs without which it cannot be played, by the client's side.
	Needs map[Side][]string

	servers int // how many stand behind the one address; 0 means 1
	play    func(s *Scene)
}

// Plays reports whether the scenario can be played with these sides.
func (sc *Scenario) Plays(sides Sides) bool { return slices.Contains(sc.Sides, sides) }

// Choose returns the sides to play with where one or both may be left open, and an error if there are none.
func (sc *Scenario) Choose(client, server Side) (Sides, error) {
	var can []string
	for _, s := range sc.Sides {
		if (client == "" || client == s.Client) && (server == "" || server == s.Server) {
			return s, nil
		}
		can = append(can, s.String())
	}
	return Sides{}, fmt.Errorf("scenario %s is played with %s only", sc.Name, strings.Join(can, ", "))
}

// All returns the scenarios in the order in which they are best read.
func All() []*Scenario {
	return []*Scenario{
		firstAndSecond, article, httpGet, bigRequest, synAckData, noSupport, wrongCookie, keyRotation, experimentalOption,
		simultaneousOpen, replayedSyn, optionStripped, synDataDropped, blackhole, lostSynAck,
		natChangesAddress, farmSharedKey, stolenCookieFlood,
	}
}

// Find returns the scenario of a name, or an error that lists the names.
func Find(name string) (*Scenario, error) {
	var names []string
	for _, sc := range All() {
		if sc.Name == name {
			return sc, nil
		}
		names = append(names, sc.Name)
	}
	return nil, fmt.Errorf("no scenario %q: there are %s", name, strings.Join(names, ", "))
}
