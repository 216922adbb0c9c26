package main

import (
	"strconv"
	"strings"
	"testing"

	"tfocraft/cmd/tfo/internal/lab"
)

// The counters of a server are there for Prometheus, on a socket of the kernel.
func TestMetrics(t *testing.T) {
	t.Parallel()
	e2eNeed(t, "curl")
	l := e2eNewLab(t, lab.Config{})
	address := l.server(false, e2ePort).String()
	s := e2eServe(t, l.Server, address, "--metrics", "192.0.2.2:0", "--exit-after", "2")
	_, url, _ := strings.Cut(strings.TrimSpace(s.stderr.String()), "metrics on ")
	l.connect(exitDone, address, "-d", "first")
	got := e2eScrape(t, l.Client, url)
	for name, want := range map[string]float64{
		`tfo_passive_opens_total{interface="eth0"}`:             1,
		`tfo_passive_opens_total{interface="lo"}`:               0,
		`tfo_tcp_fast_open_cookie_reqd_total{interface="eth0"}`: 1,
		`tfo_tcp_fast_open_passive_total{interface="eth0"}`:     0,
	} {
		if got[name] != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	for _, name := range []string{"go_goroutines", "process_start_time_seconds", `tfo_connections{interface="eth0"}`} {
		if _, ok := got[name]; !ok {
			t.Errorf("no %s", name)
		}
	}
	if code := e2eSh(t, l.Client, "curl -sS --noproxy '*' -o /dev/null -w '%{http_code}' "+strings.TrimSuffix(url, "metrics")); code != "404" {
		t.Errorf("another path than /metrics is answered with %s, want 404", code)
	}
	l.connect(exitDone, address, "-d", "second")
	s.end()
}

// e2eScrape reads metrics, by name and labels.
func e2eScrape(t *testing.T, host *lab.Host, url string) map[string]float64 {
	t.Helper()
	values := map[string]float64{}
	for line := range strings.Lines(e2eSh(t, host, "curl -sS --noproxy '*' "+url)) {
		if name, text, ok := strings.Cut(strings.TrimSpace(line), " "); ok && name != "#" {
			value, err := strconv.ParseFloat(text, 64)
			if err != nil {
				t.Fatalf("%v: %s", err, line)
			}
			values[name] = value
		}
	}
	return values
}
