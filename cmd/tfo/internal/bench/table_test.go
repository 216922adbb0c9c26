package main

import (
	"strings"
	"testing"
)

func TestTable(t *testing.T) {
	all := []series{
		{pair: pair{from: ours, to: ours, against: "gvisor->gvisor"}, samples: []sample{{rate: 300, send: 1}, {rate: 100, send: 3}, {rate: 200, send: 2}}},
		{pair: pair{from: gvisor, to: gvisor}, samples: []sample{{rate: 90}, {rate: 110}}, failed: 1},
		{pair: pair{from: kernel, to: side{stack: "gvisor", flags: "-gro"}, against: "kernel->gvisor"}, failed: 2},
	}
	var b strings.Builder
	printTable(&b, all)
	const want = `
pair                 MB/s  min-max  CPU s/GB send  receive  ratio  to              runs  failed
ours->ours           200   100-300  2.00           0.00     2.00   gvisor->gvisor  3     0
gvisor->gvisor       100   90-110   0.00           0.00     -      -               2     1
kernel->gvisor -gro  0     0-0      0.00           0.00     -      kernel->gvisor  0     2
`
	got := strings.Join(strings.Fields(b.String()), " ")
	if want := strings.Join(strings.Fields(want), " "); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if err := failures(all); err == nil || err.Error() != "3 of 8 transfers failed" {
		t.Errorf("got %v, want 3 of 8 transfers failed", err)
	}
}

func TestPairNames(t *testing.T) {
	names := make(map[string]bool)
	for _, p := range append(bulkPairs(), configPairs(gvisorConfigs)...) {
		names[p.name()] = true
	}
	for _, p := range append(bulkPairs(), configPairs(gvisorConfigs)...) {
		if p.against != "" && !names[p.against] {
			t.Errorf("%s is compared with %s, which is not measured", p.name(), p.against)
		}
	}
}
