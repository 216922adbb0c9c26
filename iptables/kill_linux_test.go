package iptables

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// testKilledProcessLeavesNothing: D-12.
func testKilledProcessLeavesNothing(t *testing.T, backend Backend) {
	stays := openTest(t, backend)
	scope := Scope{Local: ap("192.0.2.99:99")}
	add(t, stays, scope)
	p := startGuardProcess(t, backend.String(), nil)
	wantRules(t, backend, append(p.rules(), Rule{scope, stays.Tag()})...)
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "rules of a killed process gone", func() bool { return len(list(t, backend)) == 1 })
	wantRules(t, backend, Rule{scope, stays.Tag()})
}

func TestKilledProcessWithoutOwnerFlag(t *testing.T) {
	newNetNS(t)
	nft := needProgram(t, "nft")
	p := startGuardProcess(t, unownedNFT, nil)
	wantRules(t, BackendNFT, p.rules()...)
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "table of a killed process gone", func() bool { return output(t, nft, "list", "ruleset") == "" })
}

// TestWatcherIgnoresSignals: what ends a whole process group or session does not
// end the watcher before its work is done.
func TestWatcherIgnoresSignals(t *testing.T) {
	v := variants()[1]
	newNetNS(t)
	v.use(t)
	g := openTest(t, v.backend)
	add(t, g, Scope{Local: ap("192.0.2.1:80")})
	watcher := g.engine.(*iptEngine).watcher
	signals := []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}
	eventually(t, "watcher is up", func() bool { return ignores(t, watcher.cmd.Process.Pid, signals) })
	for _, sig := range signals {
		// The second place is read after the signal was dealt with.
		if err := watcher.cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
	}
	add(t, g, Scope{Local: ap("192.0.2.1:80"), Mode: ModeInbound})
	watcher.pipe.Close() // what the kernel does when this process is killed
	eventually(t, "rules gone", func() bool { return len(list(t, v.backend)) == 0 })
	watcher.stop(false)
	g.engine = nil
}

// ignores reports whether a process ignores all of the signals (proc_pid_status(5)).
func ignores(t *testing.T, pid int, signals []syscall.Signal) bool {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, mask, _ := strings.Cut(string(status), "SigIgn:\t")
	mask, _, _ = strings.Cut(mask, "\n")
	ignored, err := strconv.ParseUint(mask, 16, 64)
	if err != nil {
		t.Fatal(err)
	}
	return !slices.ContainsFunc(signals, func(s syscall.Signal) bool { return ignored>>(s-1)&1 == 0 })
}

// TestWatcherOutlastsProgram: a program that was still adding a rule when its guard was
// killed may do so after the watcher has cleaned.
func TestWatcherOutlastsProgram(t *testing.T) {
	v := variants()[1]
	newNetNS(t)
	v.use(t)
	early, late := Rule{Scope{Local: ap("192.0.2.1:80")}, newTag()}, Rule{Scope{Local: ap("192.0.2.1:81")}, Tag{}}
	late.Tag = early.Tag
	plant(t, v.backend, early)
	w, err := startWatcher(iptWatcherScript, early.Tag.String(), "0")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{watcherPlace + "filter OUTPUT " + findProgram("iptables"), watcherAdding} {
		if err := w.tell(line); err != nil {
			t.Fatal(err)
		}
	}
	w.pipe.Close()
	eventually(t, "first cleaning", func() bool { return len(list(t, v.backend)) == 0 })
	plant(t, v.backend, late)
	if err := w.cmd.Wait(); err != nil {
		t.Error(err)
	}
	wantRules(t, v.backend)
}

// TestCloseAfterFailedAdd: a program that failed may have added its rule all the same, as
// one that a signal ended.
func TestCloseAfterFailedAdd(t *testing.T) {
	v := variants()[1]
	newNetNS(t)
	v.use(t)
	script := "#!/bin/sh\n" + findProgram("iptables") + ` "$@" || exit
case " $* " in *" -A "*) kill -INT $$ ;; esac
`
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/iptables", []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	g := openTest(t, v.backend)
	scope := Scope{Local: ap("192.0.2.1:80")}
	if err := g.Add(scope); err == nil {
		t.Fatal("Add: got no error")
	}
	wantRules(t, v.backend, Rule{scope, g.Tag()})
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	wantRules(t, v.backend)
}

// testOrderlyEnd: a process that closes its guard leaves no watcher working behind it.
func testOrderlyEnd(t *testing.T, backend Backend) {
	p := startGuardProcess(t, backend.String(), nil)
	p.stdin.Close()
	if err := p.cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	wantRules(t, backend)
}

// TestUserNamespace: nf_tables serves somebody who is root in a user namespace only.
func TestUserNamespace(t *testing.T) {
	newNetNS(t)
	attr := &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	p := startGuardProcess(t, BackendAuto.String(), attr)
	p.stdin.Close()
	if err := p.cmd.Wait(); err != nil {
		t.Fatal(err)
	}
}
