package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"tfocraft/wire"
	"tfocraft/wire/pcapng"
)

// A SYN with a cookie and data, and its bytes, one field a line.
const craftText = "S 0:5(5) win 65535 <mss 1460,sackOK,FO 0102030405060708>"

var craftBytes = unspaced(`
	45 00 00 3d 0000 4000 40 06 b6b7 c0000201 c0000202
	9c40 1f90 00000000 00000000 9002 ffff ae4e 0000
	020405b4 0402 220a 0102030405060708
	68656c6c6f
`)

func unspaced(s string) string { return strings.Join(strings.Fields(s), "") }

// craftPacket wants craft to work, and returns the packet that it prints.
func craftPacket(t *testing.T, args ...string) wire.Packet {
	t.Helper()
	b, err := hex.DecodeString(strings.TrimSpace(tfo(t, "", append([]string{"craft"}, args...)...).done(t)))
	if err != nil {
		t.Fatal(err)
	}
	p, err := wire.ParsePacket(b)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// In every format the packet is the same.
func TestCraftFormats(t *testing.T) {
	for format, read := range map[string]func(t *testing.T, text string) string{
		"hex": func(_ *testing.T, text string) string { return strings.TrimSpace(text) },
		"c":   readC, "go": readGo, "scapy": readScapy, "pcap": readPcap,
	} {
		t.Run(format, func(t *testing.T) {
			text := tfo(t, "", "craft", craftText, "-d", "hello", "--format", format).done(t)
			if got := read(t, text); got != craftBytes {
				t.Errorf("got  %s\nwant %s", got, craftBytes)
			}
		})
	}
	t.Run("text", func(t *testing.T) {
		got := tfo(t, "", "craft", craftText, "-d", "hello", "--format", "text").done(t)
		if want := "192.0.2.1:40000 > 192.0.2.2:8080 " + craftText + "\n"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// readC takes the bytes out of C. The compiler has a look if there is one.
func readC(t *testing.T, text string) string {
	t.Helper()
	if gcc, err := exec.LookPath("gcc"); err == nil {
		source := filepath.Join(t.TempDir(), "packet.c")
		program := source + ".out"
		main := text + "#include <stdio.h>\nint main(void) { for (unsigned i = 0; i < sizeof packet; i++) printf(\"%02x\", packet[i]); return 0; }\n"
		if err := os.WriteFile(source, []byte(main), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(gcc, "-Wall", "-Werror", "-o", program, source).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		out, err := exec.Command(program).Output()
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	_, body, ok := strings.Cut(text, "static const unsigned char packet[] = {")
	if !ok {
		t.Fatalf("no array in:\n%s", text)
	}
	return strings.Join(regexp.MustCompile(`0x([0-9a-f]{2})`).FindAllString(body, -1), "")
}

// readGo evaluates the variable.
func readGo(t *testing.T, text string) string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "packet.go", "package p\n"+text, 0)
	if err != nil {
		t.Fatal(err)
	}
	value := file.Decls[0].(*ast.GenDecl).Specs[0].(*ast.ValueSpec).Values[0].(*ast.CompositeLit)
	var b []byte
	for _, e := range value.Elts {
		n, err := strconv.ParseUint(e.(*ast.BasicLit).Value, 0, 8)
		if err != nil {
			t.Fatal(err)
		}
		b = append(b, byte(n))
	}
	return hex.EncodeToString(b)
}

func readScapy(t *testing.T, text string) string {
	t.Helper()
	m := regexp.MustCompile(`^# .*\nIP\(bytes\.fromhex\("([0-9a-f]+)"\)\)\n$`).FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("no expression in:\n%s", text)
	}
	return m[1]
}

func readPcap(t *testing.T, text string) string {
	t.Helper()
	r, err := pcapng.NewReader(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	frame, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	ip, ok := pcapng.Strip(frame.LinkType, frame.Data)
	if !ok || frame.Direction != pcapng.Out {
		t.Errorf("frame: %+v", frame)
	}
	return hex.EncodeToString(ip)
}

func TestCraftIPv6(t *testing.T) {
	args := []string{"S 0:0(0) <FO>", "--dst", "[2001:db8::2]:8080"}
	p := craftPacket(t, args...)
	if src := netip.MustParseAddrPort("[2001:db8::1]:40000"); p.IPVersion != 6 || p.Src() != src || !p.ChecksumsOK() {
		t.Errorf("got %v", &p)
	}
	if got := tfo(t, "", append([]string{"craft", "--format", "scapy"}, args...)...).done(t); !strings.Contains(got, "\nIPv6(") {
		t.Errorf("scapy gets:\n%s", got)
	}
}

// Every field can be set, and is what it was set to.
func TestCraftSet(t *testing.T) {
	for _, test := range []struct {
		set  string
		want func(p *wire.Packet) any
		is   any
	}{
		{"ip.version=5", func(p *wire.Packet) any { return p.IPVersion }, nil}, // nothing can read it
		{"ip.ttl=3", func(p *wire.Packet) any { return p.IPv4.TTL }, uint8(3)},
		{"ip.tos=0x2e", func(p *wire.Packet) any { return p.IPv4.TOS }, uint8(0x2e)},
		{"ip.id=0xbeef", func(p *wire.Packet) any { return p.IPv4.ID }, uint16(0xbeef)},
		{"ip.checksum=7", func(p *wire.Packet) any { return p.IPv4.Checksum }, uint16(7)},
		{"ip.src=198.18.0.1", func(p *wire.Packet) any { return p.Src().String() }, "198.18.0.1:40000"},
		{"ip.dst=198.18.0.2", func(p *wire.Packet) any { return p.Dst().String() }, "198.18.0.2:8080"},
		{"tcp.sport=1", func(p *wire.Packet) any { return p.TCP.SrcPort }, uint16(1)},
		{"tcp.dport=2", func(p *wire.Packet) any { return p.TCP.DstPort }, uint16(2)},
		{"tcp.seq=4294967295", func(p *wire.Packet) any { return p.TCP.Seq }, wire.Seq(4294967295)},
		{"tcp.ack=9", func(p *wire.Packet) any { return p.TCP.Ack }, wire.Seq(9)},
		{"tcp.reserved=5", func(p *wire.Packet) any { return p.TCP.Flags.String() }, "S!5"},
		{"tcp.flags=FR", func(p *wire.Packet) any { return p.TCP.Flags.String() }, "FR"},
		{"tcp.window=0", func(p *wire.Packet) any { return p.TCP.Window }, uint16(0)},
		{"tcp.urgent=4", func(p *wire.Packet) any { return p.TCP.Urgent }, uint16(4)},
		{"tcp.checksum=0x1234", func(p *wire.Packet) any { return p.TCP.Checksum }, uint16(0x1234)},
		{"tcp.options=22020101", func(p *wire.Packet) any { return p.TCP.Options.String() }, "FO,nop,nop"},
	} {
		t.Run(test.set, func(t *testing.T) {
			if test.is == nil {
				if got := tfo(t, "", "craft", "S 0:0(0)", "--set", test.set).done(t); !strings.HasPrefix(got, "5") {
					t.Errorf("got %s", got)
				}
				return
			}
			p := craftPacket(t, "S 0:0(0)", "--set", test.set)
			if got := test.want(&p); got != test.is {
				t.Errorf("got %v, want %v", got, test.is)
			}
		})
	}
}

func TestCraftBadChecksum(t *testing.T) {
	for _, args := range [][]string{{"--bad-checksum"}, {"--set", "tcp.checksum=bad"}} {
		if p := craftPacket(t, append([]string{"S 0:0(0)"}, args...)...); p.ChecksumsOK() {
			t.Errorf("%v: the checksum is right", args)
		}
	}
}

func TestCraftRawOption(t *testing.T) {
	p := craftPacket(t, "S 0:0(0) <mss 1460>", "--raw-option", "fd04aabb", "--raw-option", "2203")
	if got, want := fmt.Sprintf("%x", []byte(p.TCP.Options)), "020405b4fd04aabb22030101"; got != want {
		t.Errorf("options = %s, want %s", got, want)
	}
}

func TestCraftData(t *testing.T) {
	file := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(file, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ arg, stdin string }{{"hello", ""}, {"@" + file, ""}, {"-", "hello"}} {
		got := tfo(t, test.stdin, "craft", craftText, "--data", test.arg).done(t)
		if strings.TrimSpace(got) != craftBytes {
			t.Errorf("--data %s: got %s, want %s", test.arg, got, craftBytes)
		}
	}
	p := craftPacket(t, "P. 1:6(5) ack 1")
	if got := p.TCP.Payload; !bytes.Equal(got, make([]byte, 5)) {
		t.Errorf("without --data the payload is %q, want zeros", got)
	}
}

// What -o names is written whole or not at all.
func TestCraftOut(t *testing.T) {
	file := filepath.Join(t.TempDir(), "out")
	if got := tfo(t, "", "craft", "S 0:0(0)", "-o", file).done(t); got != "" {
		t.Errorf("stdout: %s", got)
	}
	before, err := os.ReadFile(file)
	if err != nil || len(before) == 0 {
		t.Fatalf("%q, %v", before, err)
	}
	tfo(t, "", "craft", "S 0:0(1)", "-o", file).failed(t, exitUsage)
	if after, _ := os.ReadFile(file); !bytes.Equal(after, before) {
		t.Error("the file has changed")
	}
	tfo(t, "", "craft", "S 0:0(0)", "-o", filepath.Join(file, "x")).failed(t, exitFailed, "not a directory")
}

func TestCraftMistakes(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	for _, test := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"options", []string{"S 0:0(0) <mss 1460,FO zz>"}, exitUsage, "column 23: expected bytes in hex, two digits each\n" +
			"     S 0:0(0) <mss 1460,FO zz>\n     " + strings.Repeat(" ", 22) + "^\n"},
		{"numbers", []string{"S 0:5(6)"}, exitUsage, "column 5: "},
		{"flags", []string{"X 0:0(0)"}, exitUsage, "column 1: "},
		{"nothing", []string{""}, exitUsage, "column 1: "},
		{"no flags", []string{"- 0:0(0)"}, exitUsage, "a SEGMENT without flags begins with -: put -- in front of it"},
		{"open options", []string{"S 0:0(0) <...>"}, exitUsage, "<...> leaves the options open"},
		{"too many options", []string{"S 0:0(0) <md5 00112233445566778899aabbccddeeff,md5 00112233445566778899aabbccddeeff,FO 0102030405060708>"}, exitUsage, "options"},
		{"data too short", []string{"S 0:5(5)", "-d", "hell"}, exitUsage, "--data has 4 bytes and the segment says 5: write 0:4(4)"},
		{"data for none", []string{"S 7:7(0)", "-d", "hell"}, exitUsage, "--data has 4 bytes and the segment says 0: write 7:11(4)"},
		{"data missing", []string{"S 0:5(5)", "-d", "@" + missing}, exitFailed, "--data: open " + missing + ": no such file"},
		{"source", []string{"S 0:0(0)", "--src", "192.0.2.1"}, exitUsage, `--src: "192.0.2.1" is not ADDR:PORT`},
		{"destination", []string{"S 0:0(0)", "--dst", "example.net:80"}, exitUsage, `--dst: "example.net:80" is not ADDR:PORT`},
		{"families", []string{"S 0:0(0)", "--src", "[::1]:1"}, exitUsage, "--src [::1]:1 and --dst 192.0.2.2:8080 are not of one family"},
		{"format", []string{"S 0:0(0)", "--format", "xml"}, exitUsage, `--format: unknown format "xml": want hex`},
		{"no value", []string{"S 0:0(0)", "--set", "ip.ttl"}, exitUsage, "--set ip.ttl: want NAME=VALUE"},
		{"no field", []string{"S 0:0(0)", "--set", "ip.hops=1"}, exitUsage, `--set ip.hops=1: no field "ip.hops"`},
		{"no number", []string{"S 0:0(0)", "--set", "ip.ttl=x"}, exitUsage, "--set ip.ttl=x: "},
		{"too much", []string{"S 0:0(0)", "--set", "ip.ttl=256"}, exitUsage, "--set ip.ttl=256: "},
		{"raw option", []string{"S 0:0(0)", "--raw-option", "0g"}, exitUsage, `--raw-option: "0g" is not hex`},
		{"wait for nothing", []string{"S 0:0(0)", "--wait", "1s"}, exitUsage, "--wait works with --send only"},
		{"guard for nothing", []string{"S 0:0(0)", "--guard", "none"}, exitUsage, "--guard works with --send only"},
		{"format of nothing", []string{"S 0:0(0)", "--send", "--format", "c"}, exitUsage, "--format has no effect with --send"},
		{"negative wait", []string{"S 0:0(0)", "--send", "--wait", "-1s"}, exitUsage, "--wait: -1s"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := tfo(t, "", append([]string{"craft"}, test.args...)...)
			got.failed(t, test.code, test.want)
			if got.stdout != "" {
				t.Errorf("stdout: %s", got.stdout)
			}
		})
	}
}

func TestPublic(t *testing.T) {
	for _, test := range []struct {
		addr string
		want bool
	}{
		{"8.8.8.8", true}, {"2606:4700::1111", true}, {"1.1.1.1", true}, {"2001:db9::1", true}, {"198.20.0.1", true}, {"100.128.0.1", true},
		{"10.1.2.3", false}, {"172.16.0.1", false}, {"192.168.0.1", false}, {"fd00::1", false}, {"127.0.0.1", false}, {"::1", false},
		{"169.254.0.1", false}, {"fe80::1", false}, {"224.0.0.1", false}, {"ff02::1", false}, {"255.255.255.255", false}, {"0.0.0.0", false},
		{"192.0.2.1", false}, {"198.51.100.1", false}, {"203.0.113.1", false}, {"198.18.0.1", false}, {"198.19.255.255", false},
		{"100.64.0.1", false}, {"2001:db8::1", false},
	} {
		if got := public(netip.MustParseAddr(test.addr)); got != test.want {
			t.Errorf("public(%s) = %t, want %t", test.addr, got, test.want)
		}
	}
}

// A forged source towards a public address is refused before anything is
// opened or looked up. Nothing is sent: the packet is only prepared.
func TestCraftRefusesForgery(t *testing.T) {
	for _, args := range [][]string{
		{"--src", "1.2.3.4:5", "--dst", "8.8.8.8:80"},
		{"--src", "[2606:4700::5]:5", "--dst", "[2606:4700::1111]:80"},
		{"--src", "192.0.2.77:5", "--dst", "192.0.2.1:80", "--set", "ip.dst=8.8.8.8"},
	} {
		got := tfo(t, "", append([]string{"craft", "S 0:0(0)", "--send", "-i", "no-such-interface"}, args...)...)
		got.failed(t, exitUsage, "is public: the answer would hit somebody else", "\n     --allow-public")
	}
}
