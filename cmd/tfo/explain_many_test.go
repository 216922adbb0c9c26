package main

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"tfocraft/wire"
	"tfocraft/wire/follow"
	"tfocraft/wire/pcapng"
)

// Of more connections than can be remembered each is told of once, in the order of their numbers.
func TestExplainManyConnections(t *testing.T) {
	const count = follow.DefaultLimit + 100
	var b bytes.Buffer
	file, err := pcapng.NewWriter(&b, pcapng.Interface{LinkType: wire.LinkRaw})
	if err != nil {
		t.Fatal(err)
	}
	server := netip.MustParseAddrPort("192.0.2.2:80")
	for i := range count {
		client := netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 18, byte(i >> 8), byte(i)}), 9)
		p := wire.NewPacket(client, server, wire.Segment{Flags: wire.SYN, Options: wire.Options{34, 2, 1, 1}})
		p.SetLengths()
		p.SetChecksums()
		if err := file.Write(p.Append(nil), time.Unix(1, int64(i)), 0, pcapng.Out); err != nil {
			t.Fatal(err)
		}
	}
	if err := file.Flush(); err != nil {
		t.Fatal(err)
	}
	told := 0
	for line := range strings.Lines(tfo(t, b.String(), "explain", "-", "--only-tfo").done(t)) {
		if strings.HasPrefix(line, "connection ") {
			if told++; !strings.HasPrefix(line, fmt.Sprintf("connection %d: ", told)) {
				t.Fatalf("told of %d connections, then: %s", told-1, line)
			}
		}
	}
	if told != count {
		t.Errorf("told of %d connections, want %d", told, count)
	}
}

// In Chinese it is the same story.
func TestExplainChinese(t *testing.T) {
	golden(t, "explain_zh.golden", tfo(t, "", "explain", kernelCapture, "--only-tfo", "--lang", "zh").done(t))
	t.Setenv("LC_ALL", "zh_CN.UTF-8")
	if got := tfo(t, "", "explain", kernelCapture).done(t); !strings.Contains(got, "\n连接 1：") {
		t.Errorf("with LC_ALL=zh_CN.UTF-8:\n%s", got)
	}
	if got := tfo(t, "", "explain", "--json", kernelCapture).done(t); !strings.Contains(got, `"meaning":"Which version of the Internet Protocol`) {
		t.Errorf("JSON is not in English:\n%s", got)
	}
	if got := tfo(t, "", "explain", "--json", "--lang", "zh", kernelCapture).done(t); !strings.Contains(got, `"name":"版本"`) {
		t.Errorf("JSON is not in Chinese:\n%s", got)
	}
}

func TestExplainBadFlags(t *testing.T) {
	for args, want := range map[string]string{
		"--lang de":                  `--lang: "de" is neither en nor zh`,
		"--color no":                 `--color: "no" is none of auto, always and never`,
		"--packet 0":                 "--packet: frames are numbered from 1",
		"--packet 3 --only-tfo":      "--packet and --only-tfo exclude each other",
		"--packet 3 --html x":        "--packet and --html exclude each other",
		"--key 12":                   "--key: ",
		"--key 12 --scheme nonsense": "--scheme: ",
	} {
		tfo(t, "", append([]string{"explain", kernelCapture}, strings.Fields(args)...)...).failed(t, exitUsage, want)
	}
}
