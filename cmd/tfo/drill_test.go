package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// drillWith runs a command and returns what it has left.
func drillWith(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	o := tfo(t, stdin, args...)
	return o.code, o.stdout, o.stderr
}

// A server that answers, and one that should answer otherwise.
const (
	goodScript = `// A cookie that was asked for is granted.
 0 socket(..., SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 setsockopt(3, SOL_TCP, TCP_FASTOPEN, [5], 4) = 0
+0 < S 0:0(0) win 65535 <mss 1460,FO>
+0 > S. 0:0(0) ack 1 <mss 1460,FO TFO_COOKIE,nop,nop>
`
	badScript = `
 0 socket(..., SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 65535 <mss 1460>
+0 > S. 0:0(0) ack 2 <mss 1460>
`
	otherScript = ` 0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 vmsplice(3, NULL, 4, NULL, 1, 0) = 0
`
)

// scriptFiles writes scripts to a folder and returns its name.
func scriptFiles(t *testing.T, scripts map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range scripts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestDrill(t *testing.T) {
	dir := scriptFiles(t, map[string]string{"bad.pkt": badScript, "good.pkt": goodScript, "other.pkt": otherScript, "readme.txt": "no script"})
	file := func(name string) string { return filepath.Join(dir, name) }
	want := file("bad.pkt") + `:6:1: fail: the acknowledgement number differs
    expected 0.000000 > S. 0:0(0) ack 2 <mss 1460>
    got      0.000000 > S. 0:0(0) ack 1 win 65535 <mss 1460>
                                  ^^^^^
` + file("good.pkt") + `: pass
` + file("other.pkt") + `:2:1: unsupported: the call vmsplice is not supported
1 of 3 passed, 1 failed, 1 unsupported
`
	code, stdout, stderr := drillWith(t, "", "drill", dir)
	if code != exitFailed || stdout != want || stderr != "" {
		t.Errorf("code %d, stderr %q, got\n%swant\n%s", code, stderr, stdout, want)
	}
	for _, version := range []string{"ipv4", "ipv6"} {
		code, stdout, _ = drillWith(t, "", "drill", "--ip-version", version, file("good.pkt"))
		if want := file("good.pkt") + ": pass\n"; code != exitDone || stdout != want {
			t.Errorf("%s: code %d, got %q", version, code, stdout)
		}
	}
	code, stdout, _ = drillWith(t, goodScript, "drill", "-")
	if code != exitDone || stdout != "standard input: pass\n" {
		t.Errorf("standard input: code %d, got %q", code, stdout)
	}
}

// A definition of the command line counts more than the suite's.
func TestDrillDefine(t *testing.T) {
	code, stdout, _ := drillWith(t, goodScript, "drill", "-", "-D", "TFO_COOKIE=0000000000000000")
	if code != exitFailed || !strings.Contains(stdout, "the list of options differs") {
		t.Errorf("code %d, got %q", code, stdout)
	}
}

func TestDrillJSON(t *testing.T) {
	dir := scriptFiles(t, map[string]string{"bad.pkt": badScript, "good.pkt": goodScript, "other.pkt": otherScript})
	code, stdout, _ := drillWith(t, "", "drill", "--json", dir)
	var got []drillJSON
	for line := range strings.Lines(stdout) {
		var r drillJSON
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		got = append(got, r)
	}
	if code != exitFailed || len(got) != 3 {
		t.Fatalf("code %d, got %q", code, stdout)
	}
	for i, want := range []struct {
		result string
		line   int
	}{{"fail", 6}, {"pass", 0}, {"unsupported", 2}} {
		if got[i].Result != want.result || got[i].Line != want.line || (got[i].Message == "") != (want.result == "pass") {
			t.Errorf("got %+v, want %+v", got[i], want)
		}
	}
}

func TestDrillTAP(t *testing.T) {
	dir := scriptFiles(t, map[string]string{"bad.pkt": badScript, "good.pkt": goodScript})
	code, stdout, _ := drillWith(t, "", "drill", "--tap", dir)
	for _, want := range []string{"TAP version 13\n1..2\n", "not ok 1 - " + dir, "  result: fail\n  line: 6\n", "\nok 2 - " + dir} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%q is missing in\n%s", want, stdout)
		}
	}
	if code != exitFailed {
		t.Errorf("code %d", code)
	}
}

// A setting that is not known, or cannot be changed, and a command that is not run are in
// every kind of result.
func TestDrillIgnored(t *testing.T) {
	for _, what := range []string{"net.core.no_such_setting", "net.ipv4.tcp_rfc1337"} {
		for _, flag := range []string{"--json", "--tap", "--verbose=false"} {
			code, stdout, _ := drillWith(t, goodScript+"+0 `sysctl -q "+what+"=0; touch "+what+"`\n", "drill", flag, "-")
			if code != exitDone || strings.Count(stdout, what) < 2 || !strings.Contains(stdout, "touch") {
				t.Errorf("%s: code %d, got %q", flag, code, stdout)
			}
			if _, err := os.Stat(what); err == nil {
				t.Error("the command was run")
			}
		}
	}
}

// Commands are run if that is allowed: what they print is shown, and they may fail.
func TestDrillAllowCommands(t *testing.T) {
	file := filepath.Join(t.TempDir(), "made")
	code, _, stderr := drillWith(t, goodScript+"+0 `touch "+file+"; printf done >&2`\n", "drill", "--allow-commands", "-")
	if _, err := os.Stat(file); err != nil || code != exitDone || stderr != "done\n" {
		t.Errorf("code %d, %v, printed %q", code, err, stderr)
	}
	code, stdout, _ := drillWith(t, goodScript+"+0 `test -e /nowhere`\n", "drill", "--allow-commands", "-")
	if code != exitFailed || !strings.Contains(stdout, "the command `test -e /nowhere`: exit status 1") {
		t.Errorf("code %d, printed %q", code, stdout)
	}
	if code, _, stderr := drillWith(t, "", "drill", "--allow-commands", "--remote", "192.0.2.1:80", "-"); code != exitUsage || !strings.Contains(stderr, "no effect with --remote") {
		t.Errorf("code %d, printed %q", code, stderr)
	}
}

// Verbose shows the packets, and a capture has them.
func TestDrillPackets(t *testing.T) {
	file := filepath.Join(t.TempDir(), "drill.pcapng")
	code, _, stderr := drillWith(t, goodScript, "drill", "-v", "--pcap", file, "-")
	want := `standard input:
    0.000000 < S 0:0(0) win 65535 <mss 1460,FO>
    0.000000 > S. 0:0(0) ack 1 win 65535 <mss 1460,FO 3021b9d889017eeb,nop,nop>
`
	if code != exitDone || stderr != want {
		t.Errorf("code %d, got\n%swant\n%s", code, stderr, want)
	}
	if frames := len(framesIn(t, file)); frames != 2 {
		t.Errorf("%d frames in the capture, want 2", frames)
	}
}

func TestDrillExplain(t *testing.T) {
	code, stdout, _ := drillWith(t, goodScript, "drill", "--explain", "-")
	for _, want := range []string{
		"   6  +0 < S 0:0(0) win 65535 <mss 1460,FO>\n      the other side sends a SYN; it asks for a Fast Open cookie",
		"which acknowledges everything before 1; it has a Fast Open cookie of 8 bytes",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%q is missing in\n%s", want, stdout)
		}
	}
	if code != exitDone {
		t.Errorf("code %d", code)
	}
}

// What is wrong is said on one line, with the place in the script.
func TestDrillErrors(t *testing.T) {
	empty := t.TempDir()
	for _, test := range []struct {
		stdin  string
		args   []string
		code   int
		stdout string
		stderr string
	}{
		{"", nil, exitUsage, "", "SCRIPT is missing"},
		{"", []string{"no-such-file.pkt"}, exitFailed, "", "no such file"},
		{"", []string{empty}, exitFailed, "", "their names end in .pkt"},
		{"", []string{"-", "--profile", "vms"}, exitUsage, "", "--profile"},
		{"", []string{"-", "--ip-version", "5"}, exitUsage, "", "neither ipv4 nor ipv6"},
		{"", []string{"-", "-D", "X"}, exitUsage, "", "not NAME=VALUE"},
		{"", []string{"-", "--json", "--tap"}, exitUsage, "", "exclude each other"},
		{"+0 < S 0:1(0) win 1\n", []string{"-"}, exitFailed, "standard input:1:", ""},
		{"+0 < S 0:1(0) win 1\n", []string{"-", "--explain"}, exitFailed, "", "standard input:1:"},
	} {
		code, stdout, stderr := drillWith(t, test.stdin, append([]string{"drill"}, test.args...)...)
		if code != test.code || !strings.Contains(stdout, test.stdout) || !strings.Contains(stderr, test.stderr) {
			t.Errorf("%q: code %d, stdout %q, stderr %q", test.args, code, stdout, stderr)
		}
	}
}
