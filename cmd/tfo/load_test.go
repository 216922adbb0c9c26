package main

import (
	"bytes"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tfocraft/cookie"
	"tfocraft/handshake/load"
	"tfocraft/handshake/load/runner"
	"tfocraft/wire"
	"tfocraft/wire/pcapng"
)

func TestLoadUsage(t *testing.T) {
	key := strings.Repeat("00", 16)
	long := strings.Repeat("x", 1500)
	for args, want := range map[string]string{
		"load":                                                                        "HOST:PORT is missing",
		"load x":                                                                      `"x" is not HOST:PORT`,
		"load 192.0.2.2:80 --mode flood":                                              "--mode: unknown mode, want request, syn or exchange",
		"load 192.0.2.2:80 --rate 0":                                                  `--rate: "0" is neither a number of exchanges a second above 0 nor max`,
		"load 192.0.2.2:80 --rate -5":                                                 "neither a number",
		"load 192.0.2.2:80 --rate fast":                                               "neither a number",
		"load 192.0.2.2:80 --rate NaN":                                                "neither a number",
		"load 192.0.2.2:80 --rate 1e10":                                               "more than any machine can send",
		"load 192.0.2.2:80 --rate 1e-9":                                               "less than one in a quarter of an hour",
		"load 192.0.2.2:80 --mode syn":                                                "--rate N or --rate max is needed",
		"load 192.0.2.2:80 --mode syn --rate max --ramp 1s":                           "no rate to grow to",
		"load 192.0.2.2:80 --mode syn --rate 5 --concurrency 3":                       "--concurrency has no effect with --mode syn",
		"load 192.0.2.2:80 --mode request -d x":                                       "--data has no effect with --mode request",
		"load 192.0.2.2:80 --count 5 --duration 1s":                                   "--count and --duration exclude each other",
		"load 192.0.2.2:80 --count 0":                                                 "--count: 0 is not a number of exchanges",
		"load 192.0.2.2:80 --duration 0s":                                             "--duration: 0s is not a time",
		"load 192.0.2.2:80 --ramp 20s":                                                "longer than the 10s of --duration",
		"load 192.0.2.2:80 --timeout 0s":                                              "--timeout",
		"load 192.0.2.2:80 --concurrency 0":                                           "--concurrency: 0 is not a number",
		"load 192.0.2.2:80 --concurrency 9999999":                                     "--concurrency: 9999999 is not a number",
		"load 192.0.2.2:80 --clients=":                                                "--clients: bad client addresses: a range is empty",
		"load 192.0.2.2:80 --clients 198.18.0.0/16,198.18.3.4":                        "198.18.0.0/16 and 198.18.3.4 overlap",
		"load 192.0.2.2:80 --clients 192.0.2.0/24 --pcap-out x --count 1":             "192.0.2.0/24 contains the server 192.0.2.2",
		"load 192.0.2.2:80 --clients 0.0.0.0/2":                                       "more than the 16777216 addresses",
		"load 192.0.2.2:80 --clients 2001:db8::/120":                                  "--clients and 192.0.2.2 are not of one family",
		"load 192.0.2.2:80 --ports 9-1":                                               "--ports: bad ports: 9-1 ends before it begins",
		"load 192.0.2.2:80 --cookies stale":                                           `--cookies: unknown source "stale"`,
		"load 192.0.2.2:80 --cookies key":                                             "a key is needed: --key HEX or --key-file FILE",
		"load 192.0.2.2:80 --cookies none --key " + key:                               "are for --cookies key",
		"load 192.0.2.2:80 --key 00":                                                  "--key: key 1 of 1",
		"load 192.0.2.2:80 --size 9-1":                                                "--size: bad size: 9-1 ends before it begins",
		"load 192.0.2.2:80 --options mss":                                             "--options: bad options",
		"load 192.0.2.2:80 --options FO --profile linux":                              "--options and --profile exclude each other",
		"load 192.0.2.2:80 --profile plan9":                                           "--profile: unknown profile",
		"load 192.0.2.2:80 --mutate nosuch":                                           `--mutate: unknown mutation: "nosuch"` + "\n     tfo load --mutate list shows them",
		"load 192.0.2.2:80 --cpus x":                                                  `--cpus: "x" is not a list of processors`,
		"load 192.0.2.2:80 --cpus 1,0-3":                                              "--cpus: 1 is there twice",
		"load 192.0.2.2:80 --pcap-out x":                                              "--pcap-out needs --count N, or --rate N",
		"load 192.0.2.2:80 --pcap-out x --count 5 --cookies learn":                    "no server to learn from",
		"load 192.0.2.2:80 --pcap-out x --rate 1e6 --duration 11s":                    "--rate 1e6 for 11s is a file of 11000000 SYNs, 1e+07 at most" + "\n     --count",
		"load 192.0.2.2:80 --pcap-out x --count 5 --answer-arp":                       "--answer-arp has no effect with --pcap-out: nothing is sent",
		"load 192.0.2.2:80 --pcap-out x --count 5 --timeout 3s":                       "--timeout has no effect",
		"load 192.0.2.2:80 --pcap-out x --count 5 --guard rst":                        "--guard has no effect",
		"load 192.0.2.2:80 --pcap-out load_test.go --count 5 -d @../tfo/load_test.go": "--pcap-out: load_test.go is the file of --data, and would be written over",
		"load 192.0.2.2:80 --pcap-out load_test.go --count 5 --key-file load_test.go": "is the file of --key-file",
		"load 192.0.2.2:80 --pcap-out x --pcap y":                                     "exclude each other",
		"load 192.0.2.2:80 --mode syn --pcap-out x --count 5 -d " + long:              "data does not fit: 1500 bytes, a SYN has room for 1428",
		"load 192.0.2.2:80 --pcap-out x --count 5 --options mss --cookies none":       "--options",
		"load 192.0.2.2:80 --pcap-out x --count 5 --cookies none --mutate cookie-bit": "cookie-bit needs a cookie",
		"load 192.0.2.2:80 --pcap-out x --count 5 --mutate cookie-30":                 "cookie-30 takes 52 bytes, a header has room for 40",
		"load 192.0.2.2:80 --guard x":                                                 "--guard",
	} {
		t.Run(args[:min(len(args), 90)], func(t *testing.T) {
			got := tfo(t, "", strings.Fields(args)...)
			got.failed(t, exitUsage, want)
			if got.stdout != "" {
				t.Errorf("stdout: %s", got.stdout)
			}
		})
	}
	if _, err := os.Stat("x"); err == nil {
		t.Error("a refused run has left its file")
	}
}

// Clients that are somebody else's are found wherever they are in a range.
func TestLoadPublicClient(t *testing.T) {
	for clients, want := range map[string]string{
		"198.18.0.0/15":                       "",
		"10.0.0.0/8":                          "",
		"172.16.0.1-172.31.255.254":           "",
		"2001:db8::/112,fd00::1-fd00::ff":     "",
		"100.64.0.0/10,203.0.113.7":           "",
		"8.8.8.0/29":                          "8.8.8.1",
		"198.18.1.0/24,8.8.4.4":               "8.8.4.4",
		"198.19.255.254-198.20.0.1":           "198.20.0.0",
		"9.255.255.254-10.0.0.1":              "9.255.255.254",
		"2001:db7:ffff:ffff:ffff:ffff:ffff:0": "2001:db7:ffff:ffff:ffff:ffff:ffff:0",
		"2001:4860::/112":                     "2001:4860::",
		"8.8.8.8":                             "", // this host's
		"8.8.8.8-8.8.8.9":                     "8.8.8.9",
	} {
		c, err := load.ParseClients(clients)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := publicClient(c, []netip.Addr{netip.MustParseAddr("8.8.8.8")})
		if ok != (want != "") || ok && got != netip.MustParseAddr(want) {
			t.Errorf("%s: %v is public, want %q", clients, got, want)
		}
	}
}

// Beside the times stands of how many exchanges they are.
func TestLoadMissingTimes(t *testing.T) {
	for _, test := range []struct {
		rate   float64
		counts load.Counters
		n      int64
		want   string
	}{
		{100, load.Counters{Sent: 10}, 10, ""},
		{100, load.Counters{Sent: 10, Unsent: 5}, 10, " (of 10 of 15 planned)"},
		{100, load.Counters{Sent: 10, Unsent: 5, Timeouts: 3, Resets: 1}, 9, " (of 9 of 15 planned, 3 of them timed out)"},
		{0, load.Counters{Sent: 10}, 10, ""},
		{0, load.Counters{Sent: 10, Timeouts: 3}, 7, " (of 7 of 10)"},
	} {
		l := &loader{loadPlan: &loadPlan{Config: load.Config{Rate: test.rate}}}
		if got := loadMissing(l, runner.Figures{Counters: test.counts}, test.n); got != test.want {
			t.Errorf("%+v: %q, want %q", test.counts, got, test.want)
		}
	}
}

// What is written into a file has no rate: nobody has sent it.
func TestLoadFileRate(t *testing.T) {
	args := []string{"load", "198.18.0.2:80", "--clients", "198.18.1.0/24", "--count", "5", "--pcap-out", filepath.Join(t.TempDir(), "out.pcapng")}
	if got := tfo(t, "", args...).stdout; !strings.Contains(got, "SYNs                    5\n") || strings.Contains(got, "rate") {
		t.Errorf("printed %s", got)
	}
	if got := tfo(t, "", append(args, "--json")...).stdout; !strings.Contains(got, `"rate":0,`) {
		t.Errorf("printed %s", got)
	}
}

func TestLoadMutateList(t *testing.T) {
	list := tfo(t, "", "load", "--mutate", "list").done(t)
	for _, name := range []string{"none ", "cookie-N ", "cookie-bit ", "cookie-other ", "twice ", "truncated ", "experimental ", "bad-checksum ", "unpadded ", "no-cookie "} {
		if !strings.Contains(list, name) {
			t.Errorf("no %q in:\n%s", name, list)
		}
	}
}

// loadToFile runs tfo load --pcap-out and returns the file.
func loadToFile(t *testing.T, args ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "out.pcapng")
	got := tfo(t, "", append([]string{"load", "--pcap-out", file}, args...)...)
	if got.code != exitDone {
		t.Fatalf("exit code %d: %s", got.code, got.stderr)
	}
	return file
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// One seed gives the same file, another one not.
func TestLoadRepeatable(t *testing.T) {
	args := []string{"198.18.0.2:8080", "--clients", "198.18.1.0/24", "--count", "500", "--size", "0-1000", "--rate", "2000", "--ramp", "1s", "--seed"}
	first := readFile(t, loadToFile(t, append(args, "42")...))
	if again := readFile(t, loadToFile(t, append(args, "42")...)); !bytes.Equal(first, again) {
		t.Error("two files of one seed differ")
	}
	if other := readFile(t, loadToFile(t, append(args, "43")...)); bytes.Equal(first, other) {
		t.Error("two files of different seeds are the same")
	}
}

// checkFrames wants so many TCP frames in a file, and each to be good.
func checkFrames(t *testing.T, file string, n int, good func(p *wire.Packet) bool) {
	t.Helper()
	reader, err := pcapng.NewReader(bytes.NewReader(readFile(t, file)))
	if err != nil {
		t.Fatal(err)
	}
	got := 0
	for frame, err := range reader.All() {
		if err != nil {
			t.Fatal(err)
		}
		p, err := wire.ParseFrame(frame.Data)
		if err != nil {
			t.Fatal(err)
		}
		got++
		if !good(&p) {
			t.Errorf("frame %d is %v", got, &p)
		}
	}
	if got != n {
		t.Errorf("%d frames, want %d", got, n)
	}
}

// Cookies are those of the key, for the client's own address, by every scheme.
func TestLoadKey(t *testing.T) {
	const text = "00112233445566778899aabbccddeeff"
	key, err := cookie.ParseKey(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, scheme := range cookie.Schemes() {
		file := loadToFile(t, "[2001:db8::2]:80", "--clients", "2001:db8:1::/120", "--count", "300", "--scheme", scheme.Name(), "--key", text)
		ring := cookie.NewKeyring(scheme, key)
		checkFrames(t, file, 300, func(p *wire.Packet) bool {
			verdict, _ := ring.Check(p.TCP.Options.FastOpen().Cookie, p.IPv6.Src, p.IPv6.Dst)
			return verdict.Valid()
		})
	}
}

// The JSON of a run, and how the rate and the ramp are in the times of the file.
func TestLoadFileTimes(t *testing.T) {
	file := loadToFile(t, "198.18.0.2:80", "--clients", "198.18.1.0/24", "--rate", "100", "--ramp", "2s", "--duration", "4s")
	var times []float64
	reader, err := pcapng.NewReader(bytes.NewReader(readFile(t, file)))
	if err != nil {
		t.Fatal(err)
	}
	for frame, err := range reader.All() {
		if err != nil {
			t.Fatal(err)
		}
		times = append(times, float64(frame.Time.UnixMicro())/1e6)
	}
	// 100 on the ramp, and 100 a second for two seconds.
	if len(times) != 300 {
		t.Fatalf("%d frames, want 300", len(times))
	}
	for n, want := range map[int]float64{0: 0, 25: 1, 100: 2, 200: 3} {
		if got := times[n]; got < want-.001 || got > want+.001 {
			t.Errorf("frame %d has the time %.4f, want %.4f", n, got, want)
		}
	}
}
