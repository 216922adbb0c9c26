package iptables

import (
	"fmt"
	"strings"
	"testing"
)

func TestParseSaved(t *testing.T) {
	const line = `-A OUTPUT -s 192.0.2.1/32 -d 192.0.2.9/32 -p tcp -m tcp --sport 80 --dport 99 --tcp-flags RST RST -m comment --comment "tfocraft:manual" -c 7 280 -j DROP`
	got, packets, ok := parseSaved(line, true)
	want := Rule{Scope: Scope{Local: ap("192.0.2.1:80"), Remote: ap("192.0.2.9:99")}, Tag: Tag{Manual: true}}
	if !ok || got != want || packets != 7 {
		t.Errorf("got %+v, %d, %v, want %+v, 7, true", got, packets, ok, want)
	}
}

// TestParseSavedRefuses: a rule that Rule.Args would not describe is not taken for ours.
func TestParseSavedRefuses(t *testing.T) {
	for _, line := range []string{
		"-P OUTPUT ACCEPT -c 0 0",
		"-A OUTPUT -p tcp -m tcp --dport 80 -j DROP",
		"-A OUTPUT -s 192.0.2.1/32 -p tcp -m tcp --sport 80 --tcp-flags RST RST -m comment --comment other:manual -j DROP",
		"-A OUTPUT -s 192.0.2.1/32 -p tcp -m tcp --sport 80 --tcp-flags RST RST -m comment --comment tfocraft:manual -j ACCEPT",
		"-A OUTPUT -s 192.0.2.1/32 -p tcp -m tcp --sport 80 -m comment --comment tfocraft:manual -j DROP",
		"-A OUTPUT -s 192.0.2.0/24 -p tcp -m tcp --sport 80 --tcp-flags RST RST -m comment --comment tfocraft:manual -j DROP",
		"-A OUTPUT ! -s 192.0.2.1/32 -p tcp -m tcp --sport 80 --tcp-flags RST RST -m comment --comment tfocraft:manual -j DROP",
		"-A OUTPUT -s 192.0.2.1/32 -o eth0 -p tcp -m tcp --sport 80 --tcp-flags RST RST -m comment --comment tfocraft:manual -j DROP",
		"-A OUTPUT -s 192.0.2.1/32 -p tcp -m tcp --sport 80:90 --tcp-flags RST RST -m comment --comment tfocraft:manual -j DROP",
		"-A INPUT -s 192.0.2.1/32 -p tcp -m tcp --sport 80 --tcp-flags RST RST -m comment --comment tfocraft:manual -j DROP",
		"-A PREROUTING -p tcp -m tcp --dport 80 -m comment --comment tfocraft:manual -j DROP",
		"-A PREROUTING -d 192.0.2.1/32 -p tcp -m tcp -m comment --comment tfocraft:manual -j DROP",
		`-A PREROUTING -d 192.0.2.1/32 -p tcp -m tcp --dport 80 -m comment --comment "tfocraft:manual and more" -j DROP`,
		"-A PREROUTING -d 192.0.2.1/32 -p tcp -m tcp --dport 80 -m comment --comment tfocraft:manual -c",
		"-A PREROUTING -d 192.0.2.1/32 -p tcp -m tcp --dport 80 -m comment --comment tfocraft:manual -c 1",
	} {
		if got, _, ok := parseSaved(line, true); ok {
			t.Errorf("%s:\n got %+v, want refusal", line, got)
		}
	}
}

// saved spells a rule in the way of iptables, which names the tcp match.
func saved(r Rule) string {
	return fmt.Sprintf("-A %s %s", r.Chain(), strings.Replace(strings.Join(r.Args(), " "), "-p tcp", "-p tcp -m tcp", 1))
}

func TestParseSavedRoundTrip(t *testing.T) {
	for _, scope := range scopes() {
		want := Rule{Scope: scope, Tag: testTag()}
		if got, _, ok := parseSaved(saved(want), scope.Is4()); !ok || got != want {
			t.Errorf("%s:\n got %+v, %v\nwant %+v", saved(want), got, ok, want)
		}
	}
}

func FuzzParseSaved(f *testing.F) {
	for _, scope := range scopes() {
		f.Add(saved(Rule{Scope: scope, Tag: testTag()}), scope.Is4())
	}
	f.Fuzz(func(t *testing.T, line string, is4 bool) {
		r, _, ok := parseSaved(line, is4)
		if !ok {
			return
		}
		if again, _, ok := parseSaved(saved(r), is4); !ok || again != r {
			t.Errorf("%q: got %+v, %v, want %+v", line, again, ok, r)
		}
	})
}
