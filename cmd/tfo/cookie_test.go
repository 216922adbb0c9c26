package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"tfocraft/cookie"
	"tfocraft/cookie/store"
)

// Cookies that other implementations have computed, by scheme.
var cookieVectors = []struct {
	key, client, server string
	cookies             map[string]string
}{
	{"a1a1a1a1-b2b2b2b2-c3c3c3c3-d4d4d4d4", "192.0.2.1", "192.168.0.1",
		map[string]string{"linux": "3021b9d889017eeb", "linux-aes": "bed4b7e67e6cb89b", "rfc7413": "cece688780a08f2c", "freebsd": "0f383ffa9a42e5fe"}},
	{"a1a1a1a1b2b2b2b2c3c3c3c3d4d4d4d4", "10.248.0.2", "192.168.0.2",
		map[string]string{"linux": "7b1246f910ac6023", "linux-aes": "93d074e9af3b1abe", "rfc7413": "07de921e1d1dfaaf", "freebsd": "86e40cd695b89c01"}},
	{"a0bf63f7-ed803d81-cd641d30-cebc4a90", "192.0.2.1", "192.168.0.1",
		map[string]string{"linux": "f49b0ef989d9f624", "linux-aes": "0a11332c67ce4158", "rfc7413": "0cd07dc2bcd753a8", "freebsd": "44d2c836c8b03669"}},
	{"f763bfa0813d80ed301d64cd904abcce", "fd3d:fa7b:d17d::1", "fd3d:0a0b:17d6::1",
		map[string]string{"linux": "792f542eed8979b8", "linux-aes": "0d0bbaf247032677", "freebsd": "cae875764189a7b7"}},
	{"0-0-0-0", "::ffff:192.0.2.1", "192.168.0.1",
		map[string]string{"linux": "b7c12350a90dc8f5", "linux-aes": "9508873d3d4ca621", "rfc7413": "3818ee0692e75157", "freebsd": "2069a359c930dba9"}},
}

func TestCookieMakeAndVerify(t *testing.T) {
	for _, v := range cookieVectors {
		for scheme, want := range v.cookies {
			t.Run(scheme+" "+v.client, func(t *testing.T) {
				flags := []string{"--scheme", scheme, "--key", v.key, "--client", v.client, "--server", v.server}
				if got := tfo(t, "", append([]string{"cookie", "make"}, flags...)...).done(t); got != want+"\n" {
					t.Errorf("made %s, want %s", got, want)
				}
				if got := tfo(t, "", append([]string{"cookie", "verify", want}, flags...)...).done(t); got != "current\n" {
					t.Errorf("verified: %s", got)
				}
				wrong := tfo(t, "", append([]string{"cookie", "verify", "0" + want[1:15] + "0"}, flags...)...)
				if wrong.code != exitFailed || wrong.stdout != "invalid\n" || wrong.stderr != "" {
					t.Errorf("a wrong cookie: %+v", wrong)
				}
			})
		}
	}
}

func TestCookieJSON(t *testing.T) {
	v := cookieVectors[0]
	flags := []string{"--json", "--key", v.key, "--client", v.client}
	got := tfo(t, "", append([]string{"cookie", "make"}, flags...)...).done(t)
	if want := `{"scheme":"rfc7413","client":"192.0.2.1","cookie":"cece688780a08f2c"}` + "\n"; got != want {
		t.Errorf("make: got %s, want %s", got, want)
	}
	bad := tfo(t, "", append([]string{"cookie", "verify", "00"}, flags...)...)
	if want := `{"verdict":"invalid","fresh":"cece688780a08f2c"}` + "\n"; bad.code != exitFailed || bad.stdout != want {
		t.Errorf("verify: got %+v, want %s", bad, want)
	}
	// The second key is one that was used before.
	flags[2] = strings.Repeat("00", 16) + "," + v.key
	old := tfo(t, "", append([]string{"cookie", "verify", "cece688780a08f2c"}, flags...)...).done(t)
	if !strings.Contains(old, `"fresh":"3818ee0692e75157"`) || strings.Contains(old, `"invalid"`) {
		t.Errorf("under the older key: %s", old)
	}
}

func TestCookieKey(t *testing.T) {
	want := "sysctl  a0bf63f7-ed803d81-cd641d30-cebc4a90\nhex     f763bfa0813d80ed301d64cd904abcce\n"
	for _, from := range []string{"a0bf63f7-ed803d81-cd641d30-cebc4a90", "f763bfa0813d80ed301d64cd904abcce"} {
		if got := tfo(t, "", "cookie", "key", "--from", from).done(t); got != want {
			t.Errorf("--from %s: got %s", from, got)
		}
	}
	got := tfo(t, "", "cookie", "key", "--json", "--from", "0-0-0-1").done(t)
	if want := `{"sysctl":"00000000-00000000-00000000-00000001","hex":"00000000000000000000000001000000"}` + "\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	random := regexp.MustCompile(`^sysctl  [0-9a-f]{8}(-[0-9a-f]{8}){3}\nhex     [0-9a-f]{32}\n$`)
	first, second := tfo(t, "", "cookie", "key").done(t), tfo(t, "", "cookie", "key").done(t)
	if first == second || !random.MatchString(first) {
		t.Errorf("random keys: %s%s", first, second)
	}
}

func TestCookieKeyFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	tfo(t, "", "cookie", "key", "--from", cookieVectors[0].key, "--out", file).done(t)
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	made := tfo(t, "", "cookie", "make", "--key-file", file, "--client", "192.0.2.1").done(t)
	if want := cookieVectors[0].cookies["rfc7413"] + "\n"; made != want {
		t.Errorf("made %s, want %s", made, want)
	}
	before, _ := os.ReadFile(file)
	tfo(t, "", "cookie", "key", "--out", file).failed(t, exitFailed, file, "exists")
	if after, _ := os.ReadFile(file); !bytes.Equal(before, after) {
		t.Error("the key has changed")
	}
}

// A key file that cannot be used is said to be so, and stays as it is.
func TestCookieKeyFileBad(t *testing.T) {
	for name, content := range map[string]string{
		"cut":          "a1a1a1a1-b2b2b2b2-c3c3",
		"cut in a key": "a1a1a1a1-b2b2b2b2-c3c3c3c3-d4d4d4d",
		"too short":    "a1a1a1a1b2b2\n",
		"too long":     strings.Repeat("00", 17) + "\n",
		"no hex":       "hello world\n",
		"empty":        "",
		"two lines":    "0-0-0-0\n0-0-0-1\n",
		"binary":       "\x7fELF\x00\x00",
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "key")
			if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, args := range [][]string{
				{"cookie", "make", "--client", "192.0.2.1"}, {"listen", ":8080", "-i", "no-such"},
			} {
				tfo(t, "", append(args, "--key-file", file)...).failed(t, exitFailed, "key file", file)
			}
			if after, _ := os.ReadFile(file); string(after) != content {
				t.Error("the file has changed")
			}
		})
	}
	missing := filepath.Join(t.TempDir(), "missing")
	tfo(t, "", "cookie", "make", "--client", "::1", "--key-file", missing).failed(t, exitFailed, missing, "no such file")
}

// learnt makes a cache with a cookie and a path where Fast Open is off.
func learnt(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "cookies.db")
	s, err := store.Open(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c, err := cookie.Parse("0102030405060708")
	if err != nil {
		t.Fatal(err)
	}
	path := cookie.Path{Client: netip.MustParseAddr("192.0.2.1"), Server: netip.MustParseAddr("192.0.2.2"), Port: 80}
	if err := s.Learn(time.Now(), path, c, 1460, true); err != nil {
		t.Fatal(err)
	}
	path.Server = netip.MustParseAddr("198.18.0.9")
	if err := s.Block(time.Now(), path, "reset"); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestCookieCache(t *testing.T) {
	file := learnt(t)
	text := tfo(t, "", "cookie", "cache", "--cache", file).done(t)
	if want := "192.0.2.1 > 192.0.2.2  cookie 0102030405060708  mss 1460 (experimental option)\n"; !strings.Contains(text, want) {
		t.Errorf("no %q in:\n%s", want, text)
	}
	if want := "192.0.2.1 > 198.18.0.9:80  Fast Open off until "; !strings.Contains(text, want) {
		t.Errorf("no %q in:\n%s", want, text)
	}
	found := map[string]cacheLine{}
	for line := range strings.Lines(tfo(t, "", "cookie", "cache", "--json", "--cache", file).done(t)) {
		var c cacheLine
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatal(err)
		}
		found[c.Server] = c
	}
	if got, want := found["192.0.2.2"], (cacheLine{Client: "192.0.2.1", Server: "192.0.2.2", Cookie: "0102030405060708", MSS: 1460, Experimental: true}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := found["198.18.0.9"]; got.Blocked != "reset" || got.Port != 80 || got.Until == "" || len(found) != 2 {
		t.Errorf("got %+v", found)
	}
}

func TestCookieCacheForget(t *testing.T) {
	file := learnt(t)
	tfo(t, "", "cookie", "cache", "--cache", file, "--forget", "x").failed(t, exitUsage, `--forget: "x" is not an IP address`)
	tfo(t, "", "cookie", "cache", "--cache", file, "--forget", "192.0.2.2").done(t)
	if left := tfo(t, "", "cookie", "cache", "--cache", file).done(t); strings.Count(left, "\n") != 1 || !strings.Contains(left, "198.18.0.9") {
		t.Errorf("left: %s", left)
	}
	tfo(t, "", "cookie", "cache", "--cache", file, "--clear").done(t)
	if left := tfo(t, "", "cookie", "cache", "--cache", file).done(t); left != "" {
		t.Errorf("left: %s", left)
	}
}

// Looking makes nothing.
func TestCookieCacheMissing(t *testing.T) {
	home := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", home)
	if got := tfo(t, "", "cookie", "cache").done(t); got != "" {
		t.Errorf("stdout: %s", got)
	}
	file := filepath.Join(home, "x.db")
	tfo(t, "", "cookie", "cache", "--cache", file).failed(t, exitFailed, file, "no such file")
	if left, err := os.ReadDir(home); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// badCaches are files that are no cache of ours, cut short ones among them.
func badCaches(t *testing.T) map[string][]byte {
	t.Helper()
	whole, err := os.ReadFile(learnt(t))
	if err != nil {
		t.Fatal(err)
	}
	damaged := bytes.Clone(whole)
	for i := range 64 {
		damaged[i] ^= 0xff
	}
	return map[string][]byte{
		"text": []byte("hello, world\n"), "empty": {}, "half": whole[:len(whole)/2],
		"one page": whole[:4096], "damaged": damaged, "another version": anotherVersion(t),
	}
}

// anotherVersion is a cache whose format has a number that nobody knows.
func anotherVersion(t *testing.T) []byte {
	t.Helper()
	b, err := os.ReadFile(learnt(t))
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.ReplaceAll(b, []byte("format1"), []byte("format9"))
	if bytes.Equal(b, changed) {
		t.Fatal("the cache has no format number where one was expected")
	}
	return changed
}

// A cache that cannot be used is said to be so, and stays as it is.
func TestCookieCacheBad(t *testing.T) {
	for name, content := range badCaches(t) {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "cookies.db")
			if err := os.WriteFile(file, content, 0o600); err != nil {
				t.Fatal(err)
			}
			for _, flag := range []string{"--json", "--clear", "--forget=192.0.2.2"} {
				tfo(t, "", "cookie", "cache", "--cache", file, flag).failed(t, exitFailed, file)
			}
			if after, _ := os.ReadFile(file); !bytes.Equal(after, content) {
				t.Error("the file has changed")
			}
		})
	}
}

func TestResultBeforeTheFirstSYN(t *testing.T) {
	got := tfo(t, "", "connect", "127.0.0.1:1", "-i", "no-such", "--json")
	var line map[string]any
	if err := json.Unmarshal([]byte(got.stdout), &line); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{
		"attempt": 1.0, "remote": "127.0.0.1:1", "syn_option": "none", "synack_option": "none", "fast_open": "disabled", "reason": "no SYN was sent",
		"reply": "", "sent": 0.0,
	} {
		if line[name] != want {
			t.Errorf("%s = %v, want %v", name, line[name], want)
		}
	}
	if text := fmt.Sprint(line["error"]); text == "" || strings.Contains(text, "\n") {
		t.Errorf("error = %q", text)
	}
}
