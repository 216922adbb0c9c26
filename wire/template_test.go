package wire_test

import (
	"bytes"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"tfocraft/wire"
	"tfocraft/wire/wiretest"
)

func newTemplate(t *testing.T, version int, set ...string) *wire.Template {
	t.Helper()
	src, dst := "192.0.2.1:12345", "192.0.2.2:80"
	if version == 6 {
		src, dst = "[2001:db8::1]:12345", "[2001:db8::2]:80"
	}
	template, err := wire.NewTemplate(netip.MustParseAddrPort(src), netip.MustParseAddrPort(dst))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range set {
		name, value, _ := strings.Cut(s, "=")
		if err := template.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	return template
}

func build(t *testing.T, template *wire.Template, text, payload string) []byte {
	t.Helper()
	s := parseText(t, text)
	s.Payload = []byte(payload)
	b, err := template.Build(nil, s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// With nothing set the packet is as right as one that is built by hand.
func TestTemplateDefaults(t *testing.T) {
	const text = "S 0:5(5) win 1000 <mss 1460,FO 0102030405060708,nop,nop>"
	wiretest.WantBytes(t, build(t, newTemplate(t, 4), text, "hello"), wiretest.Unhex(t, `
		45 00 003d 0000 4000 40 06 b6b7 c0000201 c0000202
		3039 0050 00000000 00000000 9 002 03e8 38af 0000
		020405b4 220a01020304 05060708 0101
		68656c6c6f`))
	p := wiretest.Packet(t, "[2001:db8::1]:12345", "[2001:db8::2]:80", text, "hello")
	wiretest.WantBytes(t, build(t, newTemplate(t, 6), text, "hello"), p.Append(nil))
}

// Every field, set to something that is not its default, changes its own bytes
// and none but those that are computed over it.
func TestTemplateFields(t *testing.T) {
	for _, test := range []struct {
		set     string
		version int
		at      int    // where the field begins
		want    string // what stands there
	}{
		{"ip.version=5", 4, 0, "55"},
		{"ip.version=4", 6, 0, "40"},
		{"ip.ihl=15", 4, 0, "4f"},
		{"ip.tos=0xb9", 4, 1, "b9"},
		{"ip.tos=0xb9", 6, 0, "6b90"},
		{"ip.flowlabel=0xfffff", 6, 1, "0fffff"},
		{"ip.length=3", 4, 2, "0003"},
		{"ip.length=65535", 6, 4, "ffff"},
		{"ip.id=0x1234", 4, 4, "1234"},
		{"ip.flags=5", 4, 6, "a000"},
		{"ip.fragment=0x1fff", 4, 6, "5fff"},
		{"ip.ttl=3", 4, 8, "03"},
		{"ip.ttl=3", 6, 7, "03"},
		{"ip.protocol=17", 4, 9, "11"},
		{"ip.protocol=0", 6, 6, "00"},
		{"ip.checksum=0xbeef", 4, 10, "beef"},
		{"ip.src=198.18.0.9", 4, 12, "c6120009"},
		{"ip.src=::ffff:198.18.0.9", 4, 12, "c6120009"},
		{"ip.src=2001:db8::9", 6, 23, "09"},
		{"ip.dst=255.255.255.255", 4, 16, "ffffffff"},
		{"ip.dst=2001:db8::9", 6, 39, "09"},
		{"tcp.sport=0", 4, 20, "0000"},
		{"tcp.dport=65535", 4, 22, "ffff"},
		{"tcp.seq=4294967295", 4, 24, "ffffffff"},
		{"tcp.ack=7", 4, 28, "00000007"},
		{"tcp.offset=15", 4, 32, "f0"},
		{"tcp.offset=0", 6, 52, "00"},
		{"tcp.reserved=7", 4, 32, "5e"},
		{"tcp.flags=S.", 4, 32, "5012"},
		{"tcp.flags=-", 4, 32, "5000"},
		{"tcp.flags=0xfff", 4, 32, "5fff"},
		{"tcp.window=1", 4, 34, "0001"},
		{"tcp.checksum=0", 4, 36, "0000"},
		{"tcp.urgent=9", 4, 38, "0009"},
	} {
		t.Run(test.set, func(t *testing.T) {
			plain := build(t, newTemplate(t, test.version), "S 0:5(5) win 1000", "hello")
			got := build(t, newTemplate(t, test.version, test.set), "S 0:5(5) win 1000", "hello")
			want := wiretest.Unhex(t, test.want)
			wiretest.WantBytes(t, got[test.at:test.at+len(want)], want)
			computed := []int{10, 11, 36, 37}
			if test.version == 6 {
				computed = []int{56, 57}
			}
			for i := range plain {
				own := i >= test.at && i < test.at+len(want)
				if got[i] != plain[i] && !own && !slices.Contains(computed, i) {
					t.Errorf("byte %d changed too: got %#02x, want %#02x", i, got[i], plain[i])
				}
			}
		})
	}
}

// A set field is covered by the sums of what is around it.
func TestTemplateSumsCoverSetFields(t *testing.T) {
	for _, set := range []string{
		"ip.tos=1", "ip.id=7", "ip.flags=4", "ip.ttl=1", "ip.src=198.18.0.9", "ip.dst=198.18.0.9",
		"tcp.sport=1", "tcp.dport=1", "tcp.seq=1", "tcp.ack=1", "tcp.reserved=7", "tcp.flags=S.", "tcp.window=1", "tcp.urgent=1",
		"ip.options=94040000", "tcp.options=02040218",
	} {
		p, err := wire.ParsePacket(build(t, newTemplate(t, 4, set), "S 0:5(5)", "hello"))
		if err != nil || !p.ChecksumsOK() {
			t.Errorf("%s: checksums right: %v, %v", set, p.ChecksumsOK(), err)
		}
	}
}

func TestTemplateBadChecksums(t *testing.T) {
	for _, test := range []struct {
		set     string
		version int
	}{
		{"ip.checksum=bad", 4}, {"tcp.checksum=bad", 4}, {"tcp.checksum=bad", 6},
	} {
		p, err := wire.ParsePacket(build(t, newTemplate(t, test.version, test.set), "S 0:5(5)", "hello"))
		if err != nil {
			t.Fatal(err)
		}
		if p.ChecksumsOK() {
			t.Errorf("%s, IPv%d: checksums are right", test.set, test.version)
		}
		if p.SetChecksums(); !p.ChecksumsOK() {
			t.Errorf("%s, IPv%d: checksums stay wrong", test.set, test.version)
		}
	}
}

func TestTemplateOptions(t *testing.T) {
	for _, test := range []struct {
		name, text string
		set        []string
		want       string // from the data offset on
	}{
		{"padded", "S 0:5(5) win 0 <FO 00>", nil, "6 002 0000 0000 0000 220300 01 68656c6c6f"},
		{"raw options are not", "S 0:5(5) win 0", []string{"tcp.options=220300"}, "5 002 0000 0000 0000 220300 68656c6c6f"},
		{"raw options replace", "S 0:5(5) win 0 <mss 1460>", []string{"tcp.options=2200ffff"}, "6 002 0000 0000 0000 2200ffff 68656c6c6f"},
		{"and can be none", "S 0:5(5) win 0 <mss 1460>", []string{"tcp.options="}, "5 002 0000 0000 0000 68656c6c6f"},
		{"more than a header can have", "S 0:5(5) win 0", []string{"tcp.options=" + strings.Repeat("01", 44), "tcp.offset=15"},
			"f 002 0000 0000 0000" + strings.Repeat("01", 44) + "68656c6c6f"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := build(t, newTemplate(t, 4, append(test.set, "tcp.checksum=0")...), test.text, "hello")
			wiretest.WantBytes(t, got[32:], wiretest.Unhex(t, test.want))
		})
	}
}

func TestTemplateExtensions(t *testing.T) {
	got := build(t, newTemplate(t, 6, "ip.protocol=60", "ip.extensions=0600010400000000"), "S 0:5(5)", "hello")
	p, err := wire.ParsePacket(got)
	if err != nil || !p.ChecksumsOK() || string(p.TCP.Payload) != "hello" || len(p.IPv6.Extensions) != 8 {
		t.Errorf("got %v, %v", &p, err)
	}
	got = build(t, newTemplate(t, 4, "ip.options=94040000"), "S 0:5(5)", "hello")
	if p, err = wire.ParsePacket(got); err != nil || p.IPv4.IHL != 6 || string(p.TCP.Payload) != "hello" {
		t.Errorf("got %v, %v", &p, err)
	}
}

// The last value counts, and a template can be used again and again.
func TestTemplateSetAgain(t *testing.T) {
	template := newTemplate(t, 4, "ip.ttl=1", "ip.ttl=2", "ip.ttl=9")
	first := build(t, template, "S 0:5(5)", "hello")
	wantValue(t, "TTL", first[8], byte(9))
	wiretest.WantBytes(t, build(t, template, "S 0:5(5)", "hello"), first)
}

// Padding does not write into memory behind the options.
func TestTemplateLeavesSegmentAlone(t *testing.T) {
	memory := []byte{34, 3, 0, 0xaa, 0xaa}
	s := wire.Segment{Flags: wire.SYN, Options: memory[:3]}
	if _, err := newTemplate(t, 4).Build(nil, s); err != nil {
		t.Fatal(err)
	}
	wiretest.WantBytes(t, memory, []byte{34, 3, 0, 0xaa, 0xaa})
}

func TestTemplateSetErrors(t *testing.T) {
	for _, test := range []struct {
		version     int
		name, value string
		want        string
	}{
		{4, "ip.tll", "3", `wire: no field "ip.tll", there are ip.version, ip.ihl,`},
		{4, "", "3", `wire: no field "", there are ip.version,`},
		{4, "ip.ttl", "256", `wire: field ip.ttl: "256" is not a number from 0 to 255`},
		{4, "ip.ttl", "-1", `is not a number`},
		{4, "ip.ttl", "bad", `is not a number`},
		{4, "tcp.offset", "16", `is not a number from 0 to 15`},
		{4, "tcp.checksum", "worse", `is not a number from 0 to 65535`},
		{4, "tcp.flags", "X", `wire: field tcp.flags: "X" is not a number from 0 to 4095`},
		{4, "tcp.options", "abc", `wire: field tcp.options: "abc" is not bytes in hex`},
		{4, "ip.src", "example", `wire: field ip.src: "example" is not an address`},
		{4, "ip.src", "2001:db8::1", `wire: field ip.src: 2001:db8::1 is not an address of IPv4`},
		{6, "ip.dst", "192.0.2.1", `wire: field ip.dst: 192.0.2.1 is not an address of IPv6`},
		{6, "ip.id", "1", `wire: field ip.id is in an IPv4 header and these are packets of IPv6`},
		{4, "ip.flowlabel", "1", `wire: field ip.flowlabel is in an IPv6 header and these are packets of IPv4`},
	} {
		err := newTemplate(t, test.version).Set(test.name, test.value)
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s=%s: got %v, want %s", test.name, test.value, err, test.want)
		}
	}
}

func TestTemplateTooLong(t *testing.T) {
	for _, test := range []struct {
		name    string
		version int
		options int
		payload int
		set     []string // what makes it fit
	}{
		{"IPv4 packet", 4, 0, 65536 - 40, []string{"ip.length=1"}},
		{"IPv6 packet", 6, 0, 65536 - 20, []string{"ip.length=1"}},
		{"options", 4, 44, 0, []string{"tcp.offset=15"}},
	} {
		s := wire.Segment{Options: make([]byte, test.options), Payload: make([]byte, test.payload)}
		before := []byte("before")
		got, err := newTemplate(t, test.version).Build(before, s)
		if !errors.Is(err, wire.ErrTooLong) || !bytes.Equal(got, before) {
			t.Errorf("%s: got %v", test.name, err)
		}
		if _, err := newTemplate(t, test.version, test.set...).Build(nil, s); err != nil {
			t.Errorf("%s, with %s: %v", test.name, test.set, err)
		}
		s.Options, s.Payload = s.Options[:max(0, test.options-4)], s.Payload[:max(0, test.payload-1)]
		if _, err := newTemplate(t, test.version).Build(nil, s); err != nil {
			t.Errorf("%s, just fitting: %v", test.name, err)
		}
	}
	long := newTemplate(t, 4, "ip.options="+strings.Repeat("01", 44))
	if _, err := long.Build(nil, wire.Segment{}); !errors.Is(err, wire.ErrTooLong) {
		t.Errorf("IP options: got %v", err)
	}
}

func TestNewTemplateErrors(t *testing.T) {
	v4, v6 := netip.MustParseAddrPort("192.0.2.1:1"), netip.MustParseAddrPort("[2001:db8::1]:1")
	for _, test := range [][2]netip.AddrPort{{v4, v6}, {v6, v4}, {{}, v4}, {v6, {}}, {}} {
		if template, err := wire.NewTemplate(test[0], test[1]); err == nil || template != nil {
			t.Errorf("%v to %v: no error", test[0], test[1])
		}
	}
	mapped := netip.MustParseAddrPort("[::ffff:192.0.2.9]:1")
	if _, err := wire.NewTemplate(mapped, v4); err != nil {
		t.Error(err)
	}
}

// Every name can be set in at least one family.
func TestFieldNames(t *testing.T) {
	names := wire.FieldNames()
	for _, name := range names {
		value := "1"
		switch {
		case strings.HasSuffix(name, "options") || strings.HasSuffix(name, "extensions"):
			value = "00"
		case name == "ip.src" || name == "ip.dst":
			value = "192.0.2.9"
		}
		if newTemplate(t, 4).Set(name, value) != nil && newTemplate(t, 6).Set(name, value) != nil {
			t.Errorf("%s cannot be set", name)
		}
	}
	wantValue(t, "names", len(slices.Compact(slices.Sorted(slices.Values(names)))), 26)
}
