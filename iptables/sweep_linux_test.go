package iptables

import (
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// plant installs rules in the way in which a process without a watcher and without the
// owner flag leaves them behind.
func plant(t *testing.T, backend Backend, rules ...Rule) {
	t.Helper()
	err := withStore(backend, Config{}.withDefaults(), func(s store) error {
		for _, r := range rules {
			if err := s.install(r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// deadPID returns the id of a process that has ended and was waited for.
func deadPID(t *testing.T) int {
	t.Helper()
	cmd := exec.Command("true")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	return cmd.Process.Pid
}

// planted is one rule for every state that an owner can be in.
func planted(t *testing.T) map[Owner]Rule {
	self := newTag()
	dead, elsewhere := self, self
	dead.PID = deadPID(t)
	elsewhere.PID, elsewhere.PIDNS = dead.PID, self.PIDNS+1
	return map[Owner]Rule{
		OwnerAlive:   {Scope{Local: ap("192.0.2.1:1")}, self},
		OwnerStale:   {Scope{Local: ap("192.0.2.1:2")}, dead},
		OwnerUnknown: {Scope{Local: ap("[2001:db8::1]:3"), Mode: ModeInbound}, elsewhere},
		OwnerNone:    {Scope{Local: ap("192.0.2.1:4")}, Tag{Manual: true}},
	}
}

func testSweep(t *testing.T, backend Backend) {
	rules := planted(t)
	plant(t, backend, slices.Collect(maps.Values(rules))...)
	for _, r := range list(t, backend) {
		if want := rules[r.Owner]; r.Rule != want {
			t.Errorf("%v: got owner %v of %v", r.Scope, r.Owner, want.Scope)
		}
	}
	if n, err := Sweep(t.Context(), backend); err != nil || n != 1 {
		t.Errorf("Sweep: got %d, %v, want 1", n, err)
	}
	wantRules(t, backend, rules[OwnerAlive], rules[OwnerUnknown], rules[OwnerNone])
	if n, err := SweepAll(t.Context(), backend); err != nil || n != 2 {
		t.Errorf("SweepAll: got %d, %v, want 2", n, err)
	}
	wantRules(t, backend, rules[OwnerAlive])
}

// testSweepKeepsReusedPID: a tag with the id of a living process but another start time is
// that of a process that is gone.
func testSweepKeepsReusedPID(t *testing.T, backend Backend) {
	tag := newTag()
	tag.Start--
	plant(t, backend, Rule{Scope{Local: ap("192.0.2.1:80")}, tag})
	if n, err := Sweep(t.Context(), backend); err != nil || n != 1 {
		t.Errorf("Sweep: got %d, %v, want 1", n, err)
	}
}

func testOpenSweeps(t *testing.T, backend Backend) {
	rules := planted(t)
	plant(t, backend, slices.Collect(maps.Values(rules))...)
	openTest(t, backend)
	wantRules(t, backend, rules[OwnerAlive], rules[OwnerUnknown], rules[OwnerNone])
}

// testForeignRules: rules of others stay as they are, also those that look like ours.
func testForeignRules(t *testing.T, backend Backend) {
	show := foreignRules(t, backend)
	before := show()
	g := openTest(t, backend)
	for _, scope := range scopes() {
		add(t, g, scope)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if n, err := SweepAll(t.Context(), backend); err != nil || n != 0 {
			t.Errorf("SweepAll: got %d, %v, want 0", n, err)
		}
	}
	if after := show(); after != before {
		t.Errorf("got\n%s\nwant\n%s", after, before)
	}
}

// foreignRules installs some rules and returns what shows them.
func foreignRules(t *testing.T, backend Backend) (show func() string) {
	t.Helper()
	if backend == BackendNFT {
		nft := needProgram(t, "nft")
		for _, command := range []string{
			"add table inet other", "add chain inet other output { type filter hook output priority filter; }",
			`add rule inet other output tcp sport 80 tcp flags rst counter drop comment "tfocraft:manual"`,
			"add table inet tfocraft-other", "add chain inet tfocraft-other output",
			"add table ip tfocraft-manual",
		} {
			output(t, nft, command)
		}
		return func() string { return output(t, nft, "list", "ruleset") }
	}
	for _, chain := range []string{"OUTPUT", "PREROUTING"} {
		for _, comment := range []string{"other", "tfocraft:manual or not", "tfocraft:1:2"} {
			output(t, "iptables", "-t", "raw", "-A", chain, "-p", "tcp", "--sport", "80", "-m", "comment", "--comment", comment, "-j", "DROP")
		}
	}
	return func() string {
		return strings.Join([]string{output(t, "iptables", "-S", "OUTPUT"), output(t, "iptables", "-t", "raw", "-S")}, "")
	}
}

// TestAutoSweepsBoth: rules in either backend are found and swept.
func TestAutoSweepsBoth(t *testing.T) {
	newNetNS(t)
	variants()[1].use(t)
	rule := planted(t)[OwnerStale]
	plant(t, BackendNFT, rule)
	plant(t, BackendIPTables, rule)
	wantRules(t, BackendAuto, rule, rule)
	if n, err := Sweep(t.Context(), BackendAuto); err != nil || n != 2 {
		t.Errorf("Sweep: got %d, %v, want 2", n, err)
	}
	wantRules(t, BackendAuto)
}

// TestOpenSweepsOther: what a process left in the backend that is not chosen now goes too,
// and only that.
func TestOpenSweepsOther(t *testing.T) {
	for _, v := range variants()[1:] {
		for chosen, other := range map[Backend]Backend{BackendNFT: BackendIPTables, BackendIPTables: BackendNFT} {
			t.Run(v.name+"/"+chosen.String(), func(t *testing.T) {
				newNetNS(t)
				variants()[0].use(t)
				v.use(t)
				rules := planted(t)
				plant(t, other, slices.Collect(maps.Values(rules))...)
				openTest(t, chosen)
				wantRules(t, other, rules[OwnerAlive], rules[OwnerUnknown], rules[OwnerNone])
			})
		}
	}
}

// TestOpenMakesNoOtherTables: to look for stale rules creates nothing in the other backend.
func TestOpenMakesNoOtherTables(t *testing.T) {
	for _, v := range variants()[1:] {
		t.Run(v.name, func(t *testing.T) {
			newNetNS(t)
			variants()[0].use(t)
			v.use(t)
			nft := needProgram(t, "nft")
			if err := openTest(t, BackendNFT).Close(); err != nil {
				t.Fatal(err)
			}
			if names, err := os.ReadFile("/proc/thread-self/net/ip_tables_names"); err == nil && len(names) > 0 {
				t.Errorf("got legacy tables %q, want none", names)
			}
			if got := output(t, nft, "list", "ruleset"); got != "" {
				t.Errorf("got %s, want no tables", got)
			}
		})
	}
}

// TestOpenDespiteOtherSweep: a sweep of the other backend that fails is told and no more.
func TestOpenDespiteOtherSweep(t *testing.T) {
	newNetNS(t)
	variants()[0].use(t)
	variants()[2].use(t)
	plant(t, BackendIPTables, planted(t)[OwnerStale])
	t.Setenv("XTABLES_LOCKFILE", filepath.Join(t.TempDir(), "missing", "xtables.lock"))
	var log strings.Builder
	g, err := Open(t.Context(), Config{Backend: BackendNFT, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	if got := log.String(); !strings.Contains(got, "level=WARN") || !strings.Contains(got, "backend=iptables") {
		t.Errorf("got log %q, want a warning about iptables", got)
	}
}
