package iptables

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// scopes has one scope of every shape: mode, family, peer known, local address known.
func scopes() []Scope {
	var all []Scope
	for _, mode := range []Mode{ModeRST, ModeInbound} {
		for _, ends := range [][2]string{
			{"192.0.2.1:80", ""}, {"192.0.2.1:40000", "198.18.0.7:443"}, {"0.0.0.0:80", ""}, {"0.0.0.0:81", "198.18.0.7:443"},
			{"[2001:db8::1]:80", ""}, {"[2001:db8::1]:40000", "[2001:db8::7]:443"}, {"[::]:80", ""}, {"[::]:81", "[2001:db8::7]:443"},
		} {
			all = append(all, Scope{Local: ap(ends[0]), Remote: ap(ends[1]), Mode: mode})
		}
	}
	return all
}

func testTag() Tag { return Tag{PID: 1234, Start: 567890, PIDNS: 4026531836, ID: 0x9f3a1c20} }

func TestRuleCommand(t *testing.T) {
	rules, err := Rules(Scope{Local: ap("192.0.2.1:80"), Remote: ap("198.18.0.7:443")}, testTag())
	if err != nil || len(rules) != 1 {
		t.Fatalf("got %v, %v, want one rule", rules, err)
	}
	tail := " OUTPUT -p tcp -s 192.0.2.1 --sport 80 -d 198.18.0.7 --dport 443 --tcp-flags RST RST -m comment --comment tfocraft:1234:567890:4026531836:9f3a1c20 -j DROP"
	if got, want := rules[0].Command(), "iptables -w -t filter -A"+tail; got != want {
		t.Errorf("Command:\n got %s\nwant %s", got, want)
	}
	if got, want := rules[0].DeleteCommand(), "iptables -w -t filter -D"+tail; got != want {
		t.Errorf("DeleteCommand:\n got %s\nwant %s", got, want)
	}
}

func TestRulesModeNone(t *testing.T) {
	rules, err := Rules(Scope{Local: ap("192.0.2.1:80"), Mode: ModeNone}, testTag())
	if err != nil || rules != nil {
		t.Errorf("got %v, %v, want no rules", rules, err)
	}
}

func TestPrintGolden(t *testing.T) {
	for _, backend := range []Backend{BackendIPTables, BackendNFT} {
		file := "testdata/print-" + backend.String() + ".txt"
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if err := Print(&got, scopes(), backend); err != nil {
			t.Fatal(err)
		}
		if got.String() != string(want) {
			t.Errorf("%s:\n got\n%s\nwant\n%s", file, got.String(), want)
		}
	}
}

func TestPrintRefusesBadScope(t *testing.T) {
	var out strings.Builder
	if err := Print(&out, []Scope{{Local: ap("192.0.2.1:80")}, {}}, BackendAuto); err == nil || out.Len() != 0 {
		t.Errorf("got %v and %q, want an error and no output", err, out.String())
	}
}
