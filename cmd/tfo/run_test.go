package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// An outcome is what a command has left.
type outcome struct {
	code           int
	stdout, stderr string
}

// tfo runs a command in this process, with stdin as its input.
func tfo(t *testing.T, stdin string, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), args, strings.NewReader(stdin), &stdout, &stderr)
	return outcome{code, stdout.String(), stderr.String()}
}

// done wants the command to have worked and to have had no complaint, and
// returns its output.
func (o outcome) done(t *testing.T) string {
	t.Helper()
	if o.code != exitDone || o.stderr != "" {
		t.Fatalf("exit code %d, want 0 and nothing on stderr: %s", o.code, o.stderr)
	}
	return o.stdout
}

// failed wants a code, one line of complaint with these words in it, and every
// hint on a line of its own behind it.
func (o outcome) failed(t *testing.T, code int, words ...string) {
	t.Helper()
	if o.code != code {
		t.Errorf("exit code %d, want %d", o.code, code)
	}
	for i, line := range strings.Split(strings.TrimSuffix(o.stderr, "\n"), "\n") {
		if want := map[bool]string{true: "tfo: ", false: "     "}[i == 0]; !strings.HasPrefix(line, want) {
			t.Errorf("line %d of stderr is %q, want %q in front", i+1, line, want)
		}
	}
	for _, w := range words {
		if !strings.Contains(o.stderr, w) {
			t.Errorf("no %q on stderr: %s", w, o.stderr)
		}
	}
	for _, twice := range []string{"wire: ", "link: ", "endpoint: ", "iptables: ", " pcapng: ", "%!"} {
		if strings.Contains(o.stderr, twice) {
			t.Errorf("%q on stderr is nothing for a user: %s", twice, o.stderr)
		}
	}
}

// golden compares with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got:\n%s\nwant, as in %s:\n%s", got, path, want)
	}
}

func TestHelp(t *testing.T) {
	for _, command := range []string{
		"", "lab", "lab saves", "listen", "connect", "load", "craft", "explain", "dump", "cookie", "cookie make", "cookie verify", "cookie key", "cookie cache",
		"guard", "guard add", "guard remove", "guard list", "guard print", "guard sweep", "doctor",
	} {
		t.Run(command, func(t *testing.T) {
			args := strings.Fields(command)
			help := tfo(t, "", append(args, "--help")...).done(t)
			name := strings.TrimSpace("tfo " + command)
			if !strings.Contains(help, "Usage:\n  "+name) {
				t.Errorf("no usage of %s in:\n%s", name, help)
			}
			text, _, _ := strings.Cut(help, "Usage:")
			for line := range strings.Lines(text) {
				if len(line) > 82 {
					t.Errorf("%d columns: %s", len(line), line)
				}
			}
		})
	}
}

// The commands and flags that docs/design.md promises.
func TestFlags(t *testing.T) {
	for command, flags := range map[string]string{
		"lab":           "client server ipv6 pcap json verbose",
		"lab saves":     "rtt stack runs ipv6 html json",
		"listen":        "reply echo http metrics interface scheme key key-file max-pending no-cookie-required experimental guard backend exit-after json pcap verbose",
		"connect":       "data http interface source repeat interval cache no-fast-open cookie no-cookie experimental timeout guard backend json pcap verbose",
		"load":          "mode rate duration count concurrency ramp timeout clients ports answer-arp cookies scheme key key-file data size options profile experimental mutate keep-open seed cpus pcap-out allow-public interface guard backend json pcap verbose",
		"craft":         "src dst data raw-option bad-checksum set format out send interface wait allow-public guard backend",
		"explain":       "hex packet only-tfo step bytes json html color lang scheme key key-file",
		"dump":          "interface all host port count duration pcap bytes json html color lang scheme key key-file",
		"cookie make":   "scheme key key-file client server json",
		"cookie verify": "scheme key key-file client server json",
		"cookie key":    "from out json",
		"cookie cache":  "cache forget clear json",
		"guard add":     "mode remote backend",
		"guard remove":  "mode remote backend",
		"guard list":    "backend json",
		"guard print":   "mode remote backend",
		"guard sweep":   "backend all",
		"doctor":        "json",
	} {
		cmd, _, err := newRoot().Find(strings.Fields(command))
		if err != nil {
			t.Errorf("%s: %v", command, err)
			continue
		}
		for name := range strings.FieldsSeq(flags) {
			if cmd.Flags().Lookup(name) == nil {
				t.Errorf("tfo %s has no --%s", command, name)
			}
		}
	}
}

// Alone, a program or a group of commands says what there is.
func TestAlone(t *testing.T) {
	for _, command := range []string{"", "cookie", "guard"} {
		alone := tfo(t, "", strings.Fields(command)...).done(t)
		if !strings.Contains(alone, "Available Commands:") {
			t.Errorf("tfo %s prints:\n%s", command, alone)
		}
	}
}

func TestVersion(t *testing.T) {
	if got := tfo(t, "", "--version").done(t); !strings.HasPrefix(got, "tfo ") || strings.Count(got, "\n") != 1 {
		t.Errorf("tfo --version prints %q", got)
	}
}

func TestCompletion(t *testing.T) {
	if got := tfo(t, "", "completion", "bash").done(t); !strings.Contains(got, "__start_tfo") {
		t.Error("no completion for bash")
	}
	got := tfo(t, "", "__complete", "craft", "--format", "")
	if want := "c\ngo\nhex\npcap\nscapy\ntext\n:4\n"; got.stdout != want {
		t.Errorf("completes --format with %q, want %q", got.stdout, want)
	}
}

func TestUsage(t *testing.T) {
	key := strings.Repeat("00", 16)
	for _, test := range []struct {
		args string // at spaces
		want string
	}{
		{"lisen :80", `unknown command "tfo lisen"` + "\n" + `     did you mean "tfo listen"?`},
		{"lisen :80 --echo", `unknown command "tfo lisen"`},
		{"nothing-like-it", "unknown command"},
		{"cookie nmae", `did you mean "tfo cookie make"?`},
		{"guard x", `unknown command "tfo guard x"`},
		{"--nosuch", `unknown flag: --nosuch` + "\n" + `     see "tfo --help"`},
		{"craft S --nosuch", `see "tfo craft --help"`},
		{"connect 127.0.0.1:1 --repeat x", "--repeat"},
		{"craft", "SEGMENT is missing"},
		{"craft -x", "unknown shorthand flag: 'x' in -x"},
		{"connect", "HOST:PORT is missing"},
		{"listen", "[ADDR]:PORT is missing"},
		{"craft S 0:0(0)", "one SEGMENT is wanted, and there are 2: S 0:0(0)"},
		{"lab --list x", "--list and a scenario exclude each other"},
		{"lab --rtt -5ms", "--rtt: -5ms is less than nothing"},
		{"lab first-and-second x", "one SCENARIO is wanted, and there are 2"},
		{"doctor x", `unexpected argument "x"`},
		{"guard add", "ADDR:PORT is missing"},
		{"explain a b", "one FILE is wanted"},
		{"explain", "what to explain"},
		{"explain a --hex 00", "exclude each other"},
		{"explain --hex 00 --packet 1", "--hex and --packet exclude each other"},
		{"explain a --packet -1", "numbered from 1"},
		{"explain a --packet 0", "numbered from 1"},
		{"connect 127.0.0.1:1 --cookie=", "--cookie: it is empty"},
		{"connect 127.0.0.1:1 --cookie " + strings.Repeat("00", 35), "no room beside the MSS"},
		{"connect 127.0.0.1:1 --experimental --cookie " + strings.Repeat("00", 33), "no room beside the MSS"},
		{"explain --hex zz", "--hex: invalid byte"},

		{"connect 127.0.0.1", `"127.0.0.1" is not HOST:PORT`},
		{"connect :80", "is not HOST:PORT"},
		{"connect 127.0.0.1:0", `"0" is not a port`},
		{"connect 127.0.0.1:nosuchservice", "is not a port"},
		{"connect [::1]:80 -4", "-4 and ::1 are not of one family"},
		{"connect 127.0.0.1:80 -6", "-6 and 127.0.0.1 are not of one family"},
		{"connect 127.0.0.1:80 --source ::1", "--source ::1 and 127.0.0.1 are not of one family"},
		{"connect 127.0.0.1:80 --source x", "--source: \"x\" is not ADDR or ADDR:PORT"},
		{"connect 127.0.0.1:80 --repeat 0", "--repeat"},
		{"connect 127.0.0.1:80 --timeout 0s", "--timeout"},
		{"connect 127.0.0.1:80 --interval -1s", "--interval"},
		{"connect 127.0.0.1:80 --cookie zz", "--cookie: cookie is not hexadecimal"},
		{"connect 127.0.0.1:80 --cookie " + strings.Repeat("00", 39), "--cookie: 78 hex digits"},
		{"connect 127.0.0.1:80 --cookie 00 --no-cookie", "--cookie and --no-cookie exclude each other"},
		{"connect 127.0.0.1:80 -4 -6", "--ipv4 and --ipv6 exclude each other"},
		{"connect 127.0.0.1:80 --guard x", `--guard: unknown guard mode "x"`},
		{"connect 127.0.0.1:80 --backend x", `--backend: unknown backend "x"`},
		{"connect 127.0.0.1:80 --json --guard x", "--guard"},

		{"connect 127.0.0.1:80 --repeat 2", "standard input can be sent only once; give the data with -d"},
		{"connect 127.0.0.1:80 --http=", "--http: it is empty"},
		{"connect 127.0.0.1:80 --http page", `--http: "page" is neither a path that begins with / nor an http:// URL`},
		{"connect 127.0.0.1:80 --http https://example.net/", "nor an http:// URL"},
		{"connect --http http:///x", `--http: "http:///x" has no host`},
		{"connect --http http://127.0.0.1:x/", "--http: invalid port"},
		{"connect 127.0.0.1:80 --http /%zz", `--http: invalid URL escape "%zz"`},
		{"connect --http /x", "HOST:PORT is missing"},
		{"connect --http http://127.0.0.1/ a b", "one HOST:PORT is wanted"},
		{"connect 127.0.0.1:80 --http / -d x", "--data and --http exclude each other"},
		{"connect 127.0.0.1:80 --http / --keep-open", "--http and --keep-open exclude each other"},

		{"listen 80", `"80" is not [ADDR]:PORT`},
		{"listen :x", `"x" is not a port`},
		{"listen :99999", "is not a port"},
		{"listen host:80", "is not [ADDR]:PORT"},
		{"listen :80 --scheme md5", `--scheme: unknown cookie scheme "md5": known are rfc7413, linux, linux-aes, freebsd`},
		{"listen :80 --key 0011", "--key: key 1 of 1: 4 hex digits, want 32"},
		{"listen :80 --key " + key + " --key-file x", "--key and --key-file exclude each other"},
		{"listen :80 --reply a --echo", "--reply and --echo exclude each other"},
		{"listen :80 --http . --echo", "--echo and --http exclude each other"},
		{"listen :80 --reply a --http .", "--reply and --http exclude each other"},
		{"listen :80 --http=", "--http: it is empty"},
		{"listen :80 --http /no/such", "--http: open /no/such: no such file or directory"},
		{"listen :80 --http run_test.go", "--http: open run_test.go: not a directory"},
		{"listen :80 --metrics=", "--metrics: it is empty"},
		{"listen :80 --metrics 9100", `--metrics: "9100" is not [ADDR]:PORT`},
		{"listen :80 --metrics :nosuchservice", `--metrics: ":nosuchservice" is not [ADDR]:PORT`},
		{"listen :80 --max-pending 0", "--max-pending"},
		{"listen :80 --exit-after -1", "--exit-after"},
		{"listen :80 --guard x", "--guard"},

		{"lab --client theirs", `"theirs" is neither ours nor kernel`},

		{"cookie make --key " + key, "--client ADDR is missing"},
		{"cookie make --client 192.0.2.1", "a key is needed"},
		{"cookie make --client x --key " + key, `--client: "x" is not an IP address`},
		{"cookie make --client 192.0.2.1 --scheme linux --key " + key, "--server ADDR is missing: cookies by linux depend on it"},
		{"cookie make --client 192.0.2.1 --server ::1 --scheme linux --key " + key, "are not of one family"},
		{"cookie make --client 192.0.2.1 --key 00", "key 1 of 1: 2 hex digits"},
		{"cookie verify zz --client 192.0.2.1 --key " + key, "COOKIE: cookie is not hexadecimal"},
		{"cookie key --from 12", "--from: 2 hex digits"},
		{"cookie cache --forget x --clear", "exclude each other"},

		{"guard print 192.0.2.1", `"192.0.2.1" is not ADDR:PORT`},
		{"guard print 192.0.2.1:0", "no local port"},
		{"guard print 192.0.2.1:80 --mode none", "--mode"},
		{"guard print 192.0.2.1:80 --backend x", "--backend"},
		{"guard print 192.0.2.1:80 --remote x", "--remote"},
		{"guard print 192.0.2.1:80 --remote [::1]:80", "of different families"},
		{"guard list --backend x", "--backend"},
	} {
		t.Run(test.args, func(t *testing.T) {
			got := tfo(t, "", strings.Fields(test.args)...)
			got.failed(t, exitUsage, test.want)
			if got.stdout != "" {
				t.Errorf("stdout: %s", got.stdout)
			}
		})
	}
}
