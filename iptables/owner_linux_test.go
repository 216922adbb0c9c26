package iptables

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

func TestParseStat(t *testing.T) {
	line := func(name, state, threads string) string {
		return "42 (" + name + ") " + state + " 1 42 42 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 " + threads + " 0 987654 1000 10"
	}
	tests := []struct {
		text string
		want procStat
	}{
		{line("tfo", "S", "8"), procStat{start: 987654}},
		{line("a) Z (b", "R", "1"), procStat{start: 987654}},
		{line("tfo", "Z", "1"), procStat{start: 987654, dead: true}},
		{line("tfo", "Z", "0"), procStat{start: 987654, dead: true}},
		{line("tfo", "Z", "7"), procStat{start: 987654}},
	}
	for _, test := range tests {
		if got, err := parseStat(test.text); err != nil || got != test.want {
			t.Errorf("%s: got %+v, %v, want %+v", test.text, got, err, test.want)
		}
	}
	for _, text := range []string{"", "42", "42 (tfo)", line("tfo", "S", "x"), strings.Replace(line("tfo", "S", "1"), "987654", "-1", 1)} {
		if got, err := parseStat(text); err == nil {
			t.Errorf("%q: got %+v, want an error", text, got)
		}
	}
}

func TestJudge(t *testing.T) {
	self := newTag()
	if self.PID != os.Getpid() || self.Start == 0 || self.PIDNS == 0 {
		t.Fatalf("own tag: got %+v, want all of it known", self)
	}
	dead := self
	dead.PID = deadPID(t)
	reused, unknownStart, elsewhere := self, self, dead
	reused.Start++
	unknownStart.Start = 0
	elsewhere.PIDNS++
	tests := map[string]struct {
		tag  Tag
		want Owner
	}{
		"self": {self, OwnerAlive}, "dead": {dead, OwnerStale}, "id used again": {reused, OwnerStale},
		"start not known": {unknownStart, OwnerUnknown}, "other pid namespace": {elsewhere, OwnerUnknown},
		"manual": {Tag{Manual: true}, OwnerNone}, "zombie": {zombie(t), OwnerStale},
	}
	for name, test := range tests {
		if got := judge(test.tag); got != test.want {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
}

// zombie returns the tag of a process that has ended and was not waited for.
func zombie(t *testing.T) Tag {
	t.Helper()
	cmd := exec.Command("true")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Wait() })
	tag := newTag()
	tag.PID = cmd.Process.Pid
	eventually(t, "process ended", func() bool {
		stat, err := readStat(strconv.Itoa(tag.PID))
		tag.Start = stat.start
		return err == nil && stat.dead
	})
	return tag
}
