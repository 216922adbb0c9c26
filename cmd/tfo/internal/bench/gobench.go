package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
)

// goFigures are what a benchmark of Go's yields with -benchmem.
var goFigures = []figure{{"", "ns/op", 1}, {"", "B/op", 0}, {"", "allocs/op", 0}}

// A goBenchmark is a benchmark of a package; parts of its name are separated by slashes.
type goBenchmark struct {
	subject, pkg, name string
	against            string
}

func craftBenchmarks() []goBenchmark {
	gopacket := "gopacket, no cookie"
	return []goBenchmark{
		{"ours", "wire", "BenchmarkCraft/stamp-cookie", gopacket},
		{gopacket, "wire", "BenchmarkCraft/gopacket", ""},
	}
}

func microBenchmarks() []goBenchmark {
	return []goBenchmark{
		{"parse a frame", "wire", "BenchmarkParseFrame", ""},
		{"decode options", "wire", "BenchmarkOptionsDecode", ""},
		{"append a packet", "wire", "BenchmarkPacketAppend", ""},
		{"make a cookie, rfc7413", "cookie", "BenchmarkMint/rfc7413", ""},
		{"make a cookie, linux", "cookie", "BenchmarkMint/linux", ""},
		{"check a cookie, rfc7413", "cookie", "BenchmarkCheck/rfc7413/current", ""},
		{"decide about a SYN, valid cookie", "handshake", "BenchmarkGate/valid", ""},
		{"decide about a SYN, wrong cookie", "handshake", "BenchmarkGate/invalid", ""},
		{"a segment into a machine", "handshake", "BenchmarkInputInOrder", ""},
		{"a whole exchange of a server's machine", "handshake", "BenchmarkServerExchange", ""},
		{"find a connection, of 100", "handshake/endpoint", "BenchmarkLookup/100", ""},
		{"find a connection, of 200,000", "handshake/endpoint", "BenchmarkLookup/200000", "find a connection, of 100"},
		{"move a timer, of 100", "handshake/endpoint", "BenchmarkTimers/100", ""},
		{"move a timer, of 200,000", "handshake/endpoint", "BenchmarkTimers/200000", "move a timer, of 100"},
	}
}

func craftSubject() subject {
	return goSubject("craft", "a SYN of another client each time, its cookie computed, 64 bytes of data, right sums", craftBenchmarks())
}

func microSubject() subject {
	return goSubject("micro", "steps of a segment's way, by Go's benchmarks", microBenchmarks())
}

func goSubject(name, about string, benchmarks []goBenchmark) subject {
	s := subject{name: name, about: about, figures: goFigures}
	for _, b := range benchmarks {
		c := contender{name: b.subject, measure: b.measure}
		if b.against != "" {
			c.against = []string{b.against}
		}
		s.contenders = append(s.contenders, c)
	}
	return s
}

func (b goBenchmark) measure(ctx context.Context, t *traffic) ([]float64, error) {
	pattern := "^" + strings.ReplaceAll(b.name, "/", "$/^") + "$"
	out, err := t.goTest(ctx, b.pkg, "-run", "^$", "-bench", pattern, "-benchmem", "-benchtime", (t.duration / 4).String())
	if err != nil {
		return nil, err
	}
	return parseBenchmark(string(out), b.name)
}

func (t *traffic) goTest(ctx context.Context, pkg string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", slices.Concat([]string{"test"}, args, []string{"./" + pkg})...)
	cmd.Dir = t.root
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		// What does not compile is told on standard error.
		return nil, fmt.Errorf("go test %s: %w: %s", pkg, err, bytes.TrimSpace(slices.Concat(stdout.Bytes(), stderr.Bytes())))
	}
	return stdout.Bytes(), nil
}

// parseBenchmark finds the figures of a benchmark in what go test has printed.
func parseBenchmark(out, name string) ([]float64, error) {
	for line := range strings.Lines(out) {
		words := strings.Fields(line)
		if len(words) < 2 || trimProcs(words[0]) != name {
			continue
		}
		values := make(map[string]float64)
		for i := 2; i+1 < len(words); i += 2 {
			v, err := strconv.ParseFloat(words[i], 64)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			values[words[i+1]] = v
		}
		figures := make([]float64, len(goFigures))
		for i, f := range goFigures {
			v, ok := values[f.unit]
			if !ok {
				return nil, fmt.Errorf("%s: there is no %s", name, f.unit)
			}
			figures[i] = v
		}
		return figures, nil
	}
	return nil, fmt.Errorf("no figures of %s in %q", name, out)
}

// trimProcs takes the number of processors off a benchmark's name.
func trimProcs(name string) string {
	i := strings.LastIndexByte(name, '-')
	if i < 0 {
		return name
	}
	if _, err := strconv.Atoi(name[i+1:]); err != nil {
		return name
	}
	return name[:i]
}
