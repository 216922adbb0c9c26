package iptables

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"testing"
)

func testInstallUninstall(t *testing.T, backend Backend) {
	manual := Rule{scopes()[0], Tag{Manual: true}}
	for range 2 {
		if got, err := Install(t.Context(), backend, manual.Scope); err != nil || got != backend {
			t.Fatalf("Install %v: got %v, %v, want %v", manual.Scope, got, err, backend)
		}
		wantRules(t, backend, manual)
	}
	openTest(t, backend)
	wantRules(t, backend, manual)
	if err := Uninstall(t.Context(), backend, manual.Scope); err != nil {
		t.Fatal(err)
	}
	wantRules(t, backend)
	if err := Uninstall(t.Context(), backend, manual.Scope); !errors.Is(err, ErrNotInstalled) {
		t.Errorf("Uninstall: got %v, want ErrNotInstalled", err)
	}
}

// testEveryShape: each shape of rule is installed once, found, and uninstalled.
func testEveryShape(t *testing.T, backend Backend) {
	err := withStore(backend, Config{}.withDefaults(), func(s store) error {
		var want []Rule
		for _, scope := range scopes() {
			r := Rule{scope, Tag{Manual: true}}
			want = append(want, r)
			if err := errors.Join(s.install(r), s.install(r)); err != nil {
				return err
			}
		}
		wantRules(t, backend, want...)
		for _, r := range want {
			if n, err := s.uninstall(r); err != nil || n != 1 {
				t.Errorf("uninstall %v: got %d, %v, want 1", r.Scope, n, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	wantRules(t, backend)
}

func TestUninstallAuto(t *testing.T) {
	newNetNS(t)
	variants()[1].use(t)
	scope := Scope{Local: ap("192.0.2.1:80")}
	for _, backend := range []Backend{BackendNFT, BackendIPTables} {
		if _, err := Install(t.Context(), backend, scope); err != nil {
			t.Fatal(err)
		}
	}
	if err := Uninstall(t.Context(), BackendAuto, scope); err != nil {
		t.Fatal(err)
	}
	wantRules(t, BackendAuto)
}

// testPrintedCommandsWork: what Print shows is what Install does.
func testPrintedCommandsWork(t *testing.T, backend Backend) {
	if backend == BackendNFT {
		needProgram(t, "nft")
	}
	var commands bytes.Buffer
	if err := Print(&commands, scopes(), backend); err != nil {
		t.Fatal(err)
	}
	output(t, "sh", "-e", "-c", commands.String())
	byHand := ruleset(t, backend)
	var want []Rule
	for _, scope := range scopes() {
		want = append(want, Rule{scope, Tag{Manual: true}})
	}
	wantRules(t, backend, want...)
	if n, err := SweepAll(t.Context(), backend); err != nil || n != len(want) {
		t.Fatalf("SweepAll: got %d, %v, want %d", n, err, len(want))
	}
	plant(t, backend, want...)
	if got := ruleset(t, backend); got != byHand {
		t.Errorf("Install:\n%s\nby hand:\n%s", got, byHand)
	}
}

// ruleset returns all rules in the words of the backend's own program.
func ruleset(t *testing.T, backend Backend) string {
	t.Helper()
	if backend == BackendNFT {
		return output(t, findProgram("nft"), "list", "ruleset")
	}
	var all strings.Builder
	for _, program := range []string{"iptables", "ip6tables"} {
		for _, table := range []string{"filter", "raw"} {
			all.WriteString(output(t, program, "-t", table, "-S"))
		}
	}
	return all.String()
}

// TestNFTText: Rule.NFT is how nft itself writes what the guard installs.
func TestNFTText(t *testing.T) {
	newNetNS(t)
	nft := needProgram(t, "nft")
	g := openTest(t, BackendNFT)
	var want []string
	for _, scope := range scopes() {
		add(t, g, scope)
		want = append(want, Rule{scope, g.Tag()}.NFT())
	}
	listed := output(t, nft, "list", "ruleset")
	listed = regexp.MustCompile(`counter packets \d+ bytes \d+`).ReplaceAllString(listed, "counter")
	var got []string
	for line := range strings.Lines(listed) {
		if strings.Contains(line, "comment") {
			got = append(got, strings.TrimSpace(line))
		}
	}
	if a, b := strings.Join(got, "\n"), strings.Join(want, "\n"); a != b {
		t.Errorf("got\n%s\nwant\n%s", a, b)
	}
	if !strings.Contains(listed, "flags owner") {
		t.Errorf("got %s, want a table with the owner flag", listed)
	}
}
