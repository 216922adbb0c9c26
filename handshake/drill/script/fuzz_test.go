package script_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"tfocraft/handshake/drill/script"
)

// seeds are scripts with every construct of the language.
var seeds = []string{
	whole,
	"0 < S. 0:0(0) ack 1 win 5 <mss 1460,nop,nop,sackOK,nop,wscale 8,FO TFO_COOKIE,eol>\n+.1~+.2 > [ect01] 1 > 2 P.5 1:2(1) ack 1 <...>",
	"+0 < icmp unreachable frag_needed mtu 800 [S 0:1(1)]\n* > [ce,flowlabel 0x1] icmp time_exceeded",
	"+0...1 sendmsg(3, {msg_name(...)=..., msg_iov(1)=[{..., 10}], msg_flags=0}, MSG_FASTOPEN|~1<<2) = -1 EAGAIN (Try again)",
	"1 poll([{fd=3, events=POLLIN, revents=POLLOUT}], 1, -1) = 1\n1 f(\"\\xa1\\n\" \"b\", inet_addr(\"192.0.2.1\"))=...",
	"+0 > udp (100)\n+0 < sctp: INIT[flgs=0]\n+0 f({flags [none]}) = 0\n+0 > S 0:0(0) <ECN e1b 1>",
	"--define=A=\"b\"\n+0 f(A) = 0 /* x */ // y\n`end`",
}

// FuzzParse looks for panics. Beyond that, a script that is right must be right
// again when it is written as the sources of its events, and mean the same.
func FuzzParse(f *testing.F) {
	for _, text := range seeds {
		f.Add(text)
	}
	for _, text := range otherScripts(f) {
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<14 {
			return
		}
		s, err := script.Parse("fuzz.pkt", []byte(text), otherDefs)
		if err != nil {
			e, ok := errors.AsType[*script.Error](err)
			if !ok || e.Pos.Line < 1 || e.Pos.Column < 1 || strings.ContainsAny(e.Error(), "\n") || strings.Count(e.Caret(), "\n") != 1 {
				t.Errorf("error %#v", err)
			}
			return
		}
		for _, o := range s.Options {
			if o.Name == "define" {
				return // the sources do not have it
			}
		}
		again(t, s)
	})
}

// again reads the sources of a script's events.
func again(t *testing.T, s *script.Script) {
	t.Helper()
	var lines []string
	for _, e := range s.Events {
		if kind(e) == "" || strings.Contains(kind(e), "+") || e.Source == "" || strings.ContainsAny(e.Source, "\n\t") {
			t.Fatalf("event %+v", e)
		}
		lines = append(lines, e.Source)
	}
	text := strings.Join(lines, "\n")
	other, err := script.Parse("again.pkt", []byte(text), otherDefs)
	if err != nil {
		t.Fatalf("%v\n%s\nof\n%s", err, caret(t, err), text)
	}
	if len(other.Events) != len(s.Events) {
		t.Fatalf("%d events, want %d:\n%s", len(other.Events), len(s.Events), text)
	}
	for i, e := range other.Events {
		want := s.Events[i]
		if kind(e) != kind(want) || e.Source != want.Source || e.Time != want.Time || !reflect.DeepEqual(e.Packet, want.Packet) || !reflect.DeepEqual(e.ICMP, want.ICMP) {
			t.Errorf("\n got %+v\nwant %+v", e, want)
		}
	}
}
