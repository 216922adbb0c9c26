package wiretest_test

import (
	"testing"

	"tfocraft/wire"
	"tfocraft/wire/wiretest"
)

// What the helpers build is what the parsers of package wire read.
func TestFrame(t *testing.T) {
	const text = "S 7:12(5) win 9 <FO 01020304050607,nop,nop,nop>"
	for _, addrs := range [][2]string{{"192.0.2.1:1234", "192.0.2.2:80"}, {"[2001:db8::1]:1234", "[2001:db8::2]:80"}} {
		p, err := wire.ParseFrame(wiretest.Frame(t, addrs[0], addrs[1], text, "hello"))
		if err != nil {
			t.Fatal(err)
		}
		if p.Src().String() != addrs[0] || p.Dst().String() != addrs[1] || string(p.TCP.Payload) != "hello" || !p.ChecksumsOK() {
			t.Errorf("got %v, checksums %v", &p, p.ChecksumsOK())
		}
		wiretest.WantText(t, p.TCP, wire.TextBase{}, text)
		wiretest.WantText(t, p.TCP, wire.TextBase{SeqBase: 7}, "S 0:5(5) <...>")
	}
}

func TestSegmentPads(t *testing.T) {
	s := wiretest.Segment(t, "S 0:0(0) win 0 <FO 00>")
	wiretest.WantBytes(t, s.Options, []byte{34, 3, 0, 1})
	if s.DataOffset != 6 {
		t.Errorf("data offset: got %d, want 6", s.DataOffset)
	}
}

// record stands in for a test that is meant to fail.
type record struct {
	testing.TB
	failed bool
}

func (r *record) Helper()               {}
func (r *record) Errorf(string, ...any) { r.failed = true }

func TestWantTextFails(t *testing.T) {
	s := wiretest.Segment(t, "S. 7:7(0) ack 3 win 5 <mss 1460>")
	for text, want := range map[string]bool{
		"S. 7:7(0) ack 3 win 5 <mss 1460>": false,
		"S. 7:7(0) ack 3 <mss 1460>":       false,
		"S. 7:7(0) ack 3 <...>":            false,
		"S. 7:7(0) ack 3 win 6 <...>":      true,
		"S. 7:7(0) ack 4 <...>":            true,
		"S. 7:7(0) ack 3":                  true,
		"S 7:7(0) ack 3 <...>":             true,
	} {
		r := &record{TB: t}
		if wiretest.WantText(r, s, wire.TextBase{}, text); r.failed != want {
			t.Errorf("%s: failed %v, want %v", text, r.failed, want)
		}
	}
}

func TestUnhex(t *testing.T) {
	got := wiretest.Unhex(t, `
		22 0a     # kind, length
		0102 0304 # cookie`)
	wiretest.WantBytes(t, got, []byte{0x22, 0x0a, 1, 2, 3, 4})
}

func TestWantChineseFails(t *testing.T) {
	for text, fails := range map[string]bool{
		"确认 SYN":             false,
		"长度：2 字节（RFC 7413）。": false,
		"没有 cookie，1.5 次往返":  false,
		"acknowledges":       true,
		"确认, 然后关闭":           true,
		"确认(SYN)":            true,
		"ICMP 消息":            true,
		"MAC，消息认证码":          false,
		"首部不是头部":             true,
	} {
		r := record{TB: t}
		wiretest.WantChinese(&r, text)
		if r.failed != fails {
			t.Errorf("%q fails: %t, want %t", text, r.failed, fails)
		}
	}
}
