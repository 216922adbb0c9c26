package iptables

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestPick(t *testing.T) {
	owned := BackendStatus{Backend: BackendNFT, owned: true}
	unowned := BackendStatus{Backend: BackendNFT}
	noNFT := BackendStatus{Backend: BackendNFT, Err: ErrNoBackend}
	noRight := BackendStatus{Backend: BackendNFT, Err: ErrPrivilege}
	ipt := BackendStatus{Backend: BackendIPTables}
	noIPT := BackendStatus{Backend: BackendIPTables, Err: ErrNoBackend}
	iptNoRight := BackendStatus{Backend: BackendIPTables, Err: ErrPrivilege}
	tests := []struct {
		nft, ipt BackendStatus
		want     Backend
		err      error
	}{
		{owned, ipt, BackendNFT, nil},
		{owned, noIPT, BackendNFT, nil},
		{unowned, ipt, BackendIPTables, nil},
		{unowned, noIPT, BackendNFT, nil},
		{noNFT, ipt, BackendIPTables, nil},
		{noNFT, noIPT, 0, ErrNoBackend},
		{noNFT, iptNoRight, 0, ErrPrivilege},
		{noRight, noIPT, 0, ErrPrivilege},
		{noRight, iptNoRight, 0, ErrPrivilege},
	}
	for i, test := range tests {
		got, err := pick(test.nft, test.ipt)
		if !errors.Is(err, test.err) || err == nil && got.Backend != test.want {
			t.Errorf("%d: got %v, %v, want %v, %v", i, got.Backend, err, test.want, test.err)
		}
	}
}

// TestAutoPrefersOwnedTable: also where iptables is installed.
func TestAutoPrefersOwnedTable(t *testing.T) {
	newNetNS(t)
	if s := nftStatus(); !s.owned {
		t.Skipf("needs nf_tables with the owner flag: %v, %v", s.Detail, s.Err)
	}
	if got := openTest(t, BackendAuto).Backend(); got != BackendNFT {
		t.Errorf("got %v, want %v", got, BackendNFT)
	}
}

// TestAvailableChangesNothing: no table is made by asking.
func TestAvailableChangesNothing(t *testing.T) {
	for _, v := range variants()[1:] {
		t.Run(v.name, func(t *testing.T) {
			newNetNS(t)
			v.use(t)
			for _, s := range Available(t.Context()) {
				if s.Err != nil || !s.SurvivesKill || s.Detail == "" {
					t.Errorf("%v: got %+v, want it to work", s.Backend, s)
				}
			}
			list(t, BackendAuto)
			if names, err := os.ReadFile("/proc/thread-self/net/ip_tables_names"); err == nil && len(names) > 0 {
				t.Errorf("got legacy tables %q, want none", names)
			}
			if got := output(t, needProgram(t, "nft"), "list", "ruleset"); got != "" {
				t.Errorf("got %s, want no tables", got)
			}
		})
	}
}

// TestNoPrivilege drops CAP_NET_ADMIN on the thread of the test, which ends with it.
func TestNoPrivilege(t *testing.T) {
	newNetNS(t)
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	if err := unix.Capset(&header, &none[0]); err != nil {
		t.Fatal(err)
	}
	for _, backend := range []Backend{BackendAuto, BackendNFT, BackendIPTables} {
		if backend == BackendIPTables {
			needProgram(t, "iptables")
		}
		_, err := Open(t.Context(), Config{Backend: backend})
		wantCure(t, backend.String()+": Open", err, ErrPrivilege, "CAP_NET_ADMIN")
		_, err = Install(t.Context(), backend, Scope{Local: ap("192.0.2.1:80")})
		wantCure(t, backend.String()+": Install", err, ErrPrivilege, "CAP_NET_ADMIN")
		_, err = List(t.Context(), backend)
		wantCure(t, backend.String()+": List", err, ErrPrivilege, "CAP_NET_ADMIN")
	}
	for _, s := range Available(t.Context()) {
		wantCure(t, s.Backend.String()+": Available", s.Err, ErrPrivilege, "CAP_NET_ADMIN")
	}
}

// TestProgramsLackCapability: an ordinary user's thread that holds CAP_NET_ADMIN, as a
// program with file capabilities does, can use nft and not the iptables programs.
func TestProgramsLackCapability(t *testing.T) {
	newNetNS(t)
	needProgram(t, "iptables")
	if err := nftStatus().Err; err != nil {
		t.Skip(err)
	}
	if err := unix.Prctl(unix.PR_SET_KEEPCAPS, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	const nobody = 65534
	// The raw call changes this thread alone.
	if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, nobody, nobody, nobody); errno != 0 {
		t.Skipf("needs CAP_SETUID: %v", errno)
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	data := [2]unix.CapUserData{{Effective: 1 << unix.CAP_NET_ADMIN, Permitted: 1 << unix.CAP_NET_ADMIN}}
	if err := unix.Capset(&header, &data[0]); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), Config{Backend: BackendIPTables})
	wantCure(t, "Open", err, ErrPrivilege, "use the nft backend")
	if got := openTest(t, BackendAuto).Backend(); got != BackendNFT {
		t.Errorf("got %v, want %v", got, BackendNFT)
	}
}

// wantCure checks for a one-line error with a reason and what to do about it.
func wantCure(t *testing.T, what string, err, want error, word string) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got %v, want %v", what, err, want)
		return
	}
	if s := err.Error(); !strings.HasPrefix(s, "iptables: ") || !strings.Contains(s, word) || strings.Contains(s, "\n") {
		t.Errorf("%s: got %q, want one line with %q", what, s, word)
	}
}

func TestLockHeld(t *testing.T) {
	newNetNS(t)
	variants()[2].use(t)
	lock, err := os.Create(os.Getenv("XTABLES_LOCKFILE"))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	g, err := Open(t.Context(), Config{Backend: BackendIPTables, LockWait: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	err = g.Add(Scope{Local: ap("192.0.2.1:80")})
	wantCure(t, "Add", err, ErrLocked, "xtables lock")
	if e, ok := errors.AsType[*Error](err); !ok || e.ExitCode != 4 || e.Output == "" || len(e.Args) == 0 {
		t.Errorf("got %#v, want an Error with arguments, exit code 4 and output", err)
	}
	lock.Close()
	if err := g.Close(); err != nil {
		t.Errorf("Close without the lock: %v", err)
	}
}

func TestLockFileNotWritable(t *testing.T) {
	newNetNS(t)
	variants()[2].use(t)
	t.Setenv("XTABLES_LOCKFILE", filepath.Join(t.TempDir(), "missing", "xtables.lock"))
	g := openTest(t, BackendIPTables)
	wantCure(t, "Add", g.Add(Scope{Local: ap("192.0.2.1:80")}), ErrLockFile, "XTABLES_LOCKFILE")
}

func TestErrorText(t *testing.T) {
	err := &Error{Args: []string{"iptables", "-A", "OUTPUT"}, ExitCode: 4, Output: "one\ntwo", Err: ErrLocked}
	want := "iptables: iptables -A OUTPUT: exit status 4: one two: " + ErrLocked.Error()
	if got := err.Error(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
