package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"tfocraft/cmd/tfo/internal/lab"
	"tfocraft/cmd/tfo/internal/scenario"
	"tfocraft/handshake"
)

// An e2eLabSetup is what tfo lab can be asked for.
type e2eLabSetup struct {
	client, server string
	ipv6           bool
}

func (s e2eLabSetup) String() string {
	return fmt.Sprintf("%s-%s-%s", s.client, s.server, e2eFamily(s.ipv6))
}

func (s e2eLabSetup) args(more ...string) []string {
	args := []string{"lab", "--client", s.client, "--server", s.server}
	if s.ipv6 {
		args = append(args, "-6")
	}
	return append(args, more...)
}

// e2eLabSetups are all eight.
func e2eLabSetups() (all []e2eLabSetup) {
	for _, client := range []string{"ours", "kernel"} {
		for _, server := range []string{"ours", "kernel"} {
			all = append(all, e2eLabSetup{client, server, false}, e2eLabSetup{client, server, true})
		}
	}
	return all
}

// Every tfo lab tells of a cookie and then of data in the SYN, in both forms,
// and its capture says the same to Wireshark.
func TestInteropLab(t *testing.T) {
	t.Parallel()
	e2eNewLab(t, lab.Config{}) // skips where there can be none
	for _, setup := range e2eLabSetups() {
		t.Run(setup.String(), func(t *testing.T) {
			file := filepath.Join(t.ArtifactDir(), "lab.pcapng")
			r := e2eTfo(t, nil, setup.args("--json", "--pcap", file)...).want(t, exitDone)
			results := e2eWantLabJSON(t, r)
			e2eWantNoReset(t, r.stdout)
			r = e2eTfo(t, nil, setup.args()...).want(t, exitDone)
			e2eWantLabText(t, setup, r)
			e2eWantNoReset(t, r.stdout)
			e2eAgree(t, file, results)
		})
	}
}

// e2eWantLabJSON reads the lines of a tfo lab --json: segments, and then two
// connections, which it returns.
func e2eWantLabJSON(t *testing.T, r e2eRun) []result {
	t.Helper()
	if r.stderr != "" {
		t.Errorf("stderr: %s", r.stderr)
	}
	var results []result
	segments, checks := 0, 0
	for line := range strings.Lines(r.stdout) {
		var head struct {
			Type, From, To, Text, Reason string
			OK                           bool
		}
		if err := json.Unmarshal([]byte(line), &head); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		switch {
		case head.Type == "segment" && len(results) == 0:
			e2eFields(t, line, e2eSegmentFields)
			segments++
			ends := []string{head.From, head.To}
			if slices.Sort(ends); ends[0] != "client" || ends[1] != "server" || head.Text == "" || head.Reason == "" {
				t.Errorf("segment: %s", line)
			}
		case head.Type == "check" && len(results) == 2:
			e2eFields(t, line, []string{"type", "what", "seen", "ok"})
			if checks++; !head.OK {
				t.Errorf("check: %s", line)
			}
		case head.Type == "connection" && checks == 0:
			e2eFields(t, line, append([]string{"type"}, e2eConnectFields...))
			var c result
			if err := json.Unmarshal([]byte(line), &c); err != nil {
				t.Fatal(err)
			}
			results = append(results, c)
		default:
			t.Errorf("a line out of place: %s", line)
		}
	}
	// No connection takes less than three segments to open and two to close.
	if len(results) != 2 || segments < 10 || checks == 0 {
		t.Fatalf("%d segments, %d connections, %d checks, want two connections: %v", segments, len(results), checks, r)
	}
	first, second := results[0], results[1]
	if first.FastOpen != string(handshake.CookieReceived) || first.SynOption != "request" || first.SynData != 0 || first.SynAckCookie == "" {
		t.Errorf("first connection: %+v", first)
	}
	if second.FastOpen != string(handshake.Accepted) || second.SynCookie != first.SynAckCookie || second.SynData != len(scenario.Request) || second.SynAckAcked != len(scenario.Request) {
		t.Errorf("second connection: %+v", second)
	}
	for i, c := range results {
		if c.Attempt != i+1 || string(c.Reply) != scenario.Reply || int(c.Sent) != len(scenario.Request) || int(c.Received) != len(scenario.Reply) || c.SynRetransmits != 0 || c.Error != "" {
			t.Errorf("connection %d: %+v", i+1, c)
		}
	}
	return results
}

func e2eWantLabText(t *testing.T, setup e2eLabSetup, r e2eRun) {
	t.Helper()
	who := map[string]string{"ours": "tfocraft", "kernel": "Linux"}
	for _, want := range []string{
		fmt.Sprintf("client: %s, server: %s", who[setup.client], who[setup.server]),
		"\nFirst connection\n", "\nSecond connection\n", "asks for a cookie", "cookie and 13 bytes of data in the SYN",
		"cookie-received", "accepted", "Expected, and seen:", "round trips until the server has the request    1.5", "0.5",
	} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("no %q in %v", want, r)
		}
	}
	if r.stderr != "" {
		t.Errorf("stderr: %s", r.stderr)
	}
}

func e2eWantNoReset(t *testing.T, story string) {
	t.Helper()
	if strings.Contains(story, "  R") || strings.Contains(story, `"text":"R`) {
		t.Errorf("a reset in the story:\n%s", story)
	}
}

// An ordinary user whose home directory cannot be read gets the same labs.
func TestInteropLabOrdinaryUser(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 || e2eInUserNamespace() {
		t.Skip("needs CAP_SETUID to become uid 65534")
	}
	for _, setup := range e2eLabSetups() {
		t.Run(setup.String(), func(t *testing.T) {
			p := e2eAsNobody(t, e2eCommand(setup.args("--json")...))
			if err := p.Start(); err != nil {
				t.Fatal(err)
			}
			r := p.wait()
			if r.code == exitMissing && strings.Contains(r.stderr, "the kernel forbids it") {
				t.Skipf("needs user namespaces: %s", r.stderr)
			}
			e2eWantLabJSON(t, r.want(t, exitDone))
		})
	}
}

// e2eAsNobody makes a process that of an ordinary user.
func e2eAsNobody(t *testing.T, p *e2eProcess) *e2eProcess {
	t.Helper()
	home := filepath.Join(t.TempDir(), "home")
	if err := os.Mkdir(home, 0o700); err != nil {
		t.Fatal(err)
	}
	p.Env = append(os.Environ(), "HOME="+home, "XDG_CACHE_HOME=")
	p.Dir = "/"
	p.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	return p
}

// e2eInUserNamespace reports whether root is root of a user namespace only.
func e2eInUserNamespace() bool {
	b, err := os.ReadFile("/proc/self/uid_map")
	return err != nil || strings.Join(strings.Fields(string(b)), " ") != "0 0 4294967295"
}
