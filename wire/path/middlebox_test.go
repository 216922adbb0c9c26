package path_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"tfocraft/wire"
	"tfocraft/wire/path"
	"tfocraft/wire/wiretest"
)

// through returns what one middlebox makes of a frame; nil if it drops it.
func through(t testing.TB, m path.Middlebox, frame []byte) []byte {
	t.Helper()
	d := newOneWay(t, path.Way{MTU: 1 << 17}, 1, 0, m)
	d.Send(epoch, frame)
	got := d.Deliver(epoch)
	if dropped := d.Counters().Filtered; len(got)+int(dropped) != 1 {
		t.Fatalf("got %d frames, %d filtered, want one of both", len(got), dropped)
	}
	if len(got) == 0 {
		return nil
	}
	return bytes.Clone(got[0])
}

func parseBox(t testing.TB, text string) path.Middlebox {
	t.Helper()
	m, err := path.ParseMiddlebox(text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

const nops10 = "nop,nop,nop,nop,nop,nop,nop,nop,nop,nop"

// Each middlebox changes what it speaks of and nothing else. A want of "" is a
// drop, "=" no change.
func TestMiddlebox(t *testing.T) {
	const (
		linux    = "S 7:7(0) win 64240 <mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 7,FO 0102030405060708,nop,nop>"
		withData = "S 7:12(5) win 64240 <mss 1460,FOEXP 01020304>"
		synAck   = "S. 9:9(0) ack 8 win 65160 <mss 1400,FO 01020304>"
		acks     = ". 8:8(0) ack 10 win 9 <nop,nop,TS val 5 ecr 6,nop,nop,sack 20:30>"
		data     = "P. 8:13(5) ack 10 win 9"
	)
	for _, c := range []struct{ box, in, want string }{
		{"rewrite-option-to-nop", linux, "S 7:7(0) win 64240 <mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 7," + nops10 + ",nop,nop>"},
		{"rewrite-option-to-nop", withData, "S 7:12(5) win 64240 <mss 1460,nop,nop,nop,nop,nop,nop,nop,nop>"},
		{"rewrite-option-to-nop", synAck, "S. 9:9(0) ack 8 win 65160 <mss 1400,nop,nop,nop,nop,nop,nop>"},
		{"rewrite-option-to-nop", acks, "="},
		{"strip-option", linux, "S 7:7(0) win 64240 <mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 7>"},
		{"strip-option", withData, "S 7:12(5) win 64240 <mss 1460>"},
		{"strip-option", synAck, "S. 9:9(0) ack 8 win 65160 <mss 1400>"},
		{"strip-option", "S 7:7(0) win 9 <FO,nop,nop,wscale 0,nop>", "S 7:7(0) win 9 <nop,nop,wscale 0,nop,nop,nop>"},
		{"strip-option", "S 7:7(0) win 9 <FO,nop,nop>", "S 7:7(0) win 9"},
		{"strip-option", acks, "="},
		{"strip-option", "S 7:7(0) win 9 <mss 1460>", "="},
		{"normalise-options", linux, "S 7:7(0) win 64240 <mss 1460,sackOK,wscale 7,TS val 100 ecr 0,nop>"},
		{"normalise-options", withData, "S 7:12(5) win 64240 <mss 1460>"},
		{"normalise-options", synAck, "S. 9:9(0) ack 8 win 65160 <mss 1400>"},
		{"normalise-options", acks, "="},
		{"normalise-options", ". 8:8(0) ack 10 win 9 <kind 30 0102,TS val 5 ecr 6,nop,nop>", ". 8:8(0) ack 10 win 9 <TS val 5 ecr 6,nop,nop>"},
		{"drop-option", linux, ""},
		{"drop-option", withData, ""},
		{"drop-option", "S 7:12(5) win 9 <mss 1460>", "="},
		{"drop-option", synAck, ""},
		{"truncate-syn-data=0", withData, "S 7:7(0) win 64240 <mss 1460,FOEXP 01020304>"},
		{"truncate-syn-data=0", linux, "="},
		{"truncate-syn-data=0", data, "="},
		{"truncate-syn-data", withData, "S 7:11(4) win 64240 <mss 1460,FOEXP 01020304>"},
		{"truncate-syn-data=9", withData, "="},
		{"truncate-syn-data=1", "S. 9:12(3) ack 8 win 9", "S. 9:10(1) ack 8 win 9"},
		{"drop-syn-data", withData, ""},
		{"drop-syn-data", linux, "="},
		{"drop-syn-data", data, "="},
		{"strip-sack", linux, "S 7:7(0) win 64240 <mss 1460,nop,nop,TS val 100 ecr 0,nop,wscale 7,FO 0102030405060708,nop,nop>"},
		{"strip-sack", acks, ". 8:8(0) ack 10 win 9 <nop,nop,TS val 5 ecr 6,nop,nop," + nops10 + ">"},
		{"strip-sack", data, "="},
		{"strip-timestamps", linux, "S 7:7(0) win 64240 <mss 1460,sackOK," + nops10 + ",nop,wscale 7,FO 0102030405060708,nop,nop>"},
		{"strip-timestamps", acks, ". 8:8(0) ack 10 win 9 <nop,nop," + nops10 + ",nop,nop,sack 20:30>"},
		{"strip-window-scale", linux, "S 7:7(0) win 64240 <mss 1460,sackOK,TS val 100 ecr 0,nop,nop,nop,nop,FO 0102030405060708,nop,nop>"},
		{"clamp-mss=1300", linux, "S 7:7(0) win 64240 <mss 1300,sackOK,TS val 100 ecr 0,nop,wscale 7,FO 0102030405060708,nop,nop>"},
		{"clamp-mss=1300", synAck, "S. 9:9(0) ack 8 win 65160 <mss 1300,FO 01020304>"},
		{"clamp-mss=1400", synAck, "="},
		{"clamp-mss=1300", acks, "="},
	} {
		for _, addrs := range [][2]string{{"192.0.2.1:1234", "192.0.2.2:80"}, {"[2001:db8::1]:1234", "[2001:db8::2]:80"}} {
			name := c.box + "/" + addrs[0] + "/" + c.in
			t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
				in := frameOf(t, addrs, c.in)
				got := through(t, parseBox(t, c.box), in)
				switch c.want {
				case "":
					if got != nil {
						t.Errorf("got %x, want a drop", got)
					}
				case "=":
					wiretest.WantBytes(t, got, in)
				default:
					wiretest.WantBytes(t, got, frameOf(t, addrs, c.want))
				}
			})
		}
	}
}

// A checksum that was wrong stays wrong.
func TestMiddleboxMendsNoChecksum(t *testing.T) {
	frame := frameOf(t, [2]string{"192.0.2.1:1234", "192.0.2.2:80"}, "S 7:7(0) win 9 <mss 1460,sackOK,nop,nop>")
	frame[len(frame)-1]++
	p, err := wire.ParseFrame(through(t, path.Middlebox{Name: "clamp-mss", N: 500}, frame))
	if err != nil || p.ChecksumsOK() {
		t.Errorf("got %v, checksums right: %v, want wrong ones", err, p.ChecksumsOK())
	}
}

// Each side sees one story, moved by its own offset: what the box adds to one
// side's numbers it takes off the acknowledgements of the other.
func TestRewriteISN(t *testing.T) {
	box := path.Middlebox{Name: "rewrite-isn"}
	move := func(src, dst, text string) wire.Segment {
		t.Helper()
		p, err := wire.ParseFrame(through(t, box, frameOf(t, [2]string{src, dst}, text)))
		if err != nil || !p.ChecksumsOK() {
			t.Fatalf("%s: %v, checksums right: %v", text, err, p.ChecksumsOK())
		}
		return p.TCP
	}
	const client, server = "192.0.2.1:1234", "192.0.2.2:80"
	syn := move(client, server, "S 7:7(0) win 9 <mss 1460>")
	offset := syn.Seq - 7
	if offset == 0 || syn.Ack != 0 {
		t.Errorf("SYN: got offset %d, ack %d, want another offset and no ack", offset, syn.Ack)
	}
	synAck := move(server, client, "S. 9:9(0) ack 8 win 9 <mss 1460>")
	if synAck.Ack != 8-offset {
		t.Errorf("SYN-ACK: got ack %d, want %d", synAck.Ack, 8-offset)
	}
	serverOffset := synAck.Seq - 9
	ack := move(client, server, ". 8:8(0) ack 10 win 9 <nop,nop,sack 20:30>")
	set, err := ack.Options.Decode()
	want := wire.SACKBlock{Left: 20 - serverOffset, Right: 30 - serverOffset}
	if err != nil || ack.Seq != 8+offset || ack.Ack != 10-serverOffset || set.NumSACK != 1 || set.SACK[0] != want {
		t.Errorf("ACK: got seq %d, ack %d, %v, want %d, %d, %v", ack.Seq, ack.Ack, set.SACK, 8+offset, 10-serverOffset, want)
	}
}

func TestParseMiddlebox(t *testing.T) {
	for _, info := range path.Middleboxes() {
		text := strings.Replace(info.Name, "=N", "=1200", 1)
		m := parseBox(t, text)
		if m.String() != text || info.About.En == "" || info.About.Zh == "" || m.About() != info.About {
			t.Errorf("%s: got %v, %+v", text, m, info.About)
		}
	}
	for _, text := range []string{"", "nonsense", "clamp-mss", "clamp-mss=N", "clamp-mss=", "clamp-mss=0", "clamp-mss=65536", "strip-sack=1"} {
		if m, err := path.ParseMiddlebox(text); err == nil {
			t.Errorf("%q: got %v, want an error", text, m)
		}
	}
}

// No bit that is flipped goes unnoticed by the checksums.
func TestCorruptionIsSeen(t *testing.T) {
	d := newOneWay(t, path.Way{Corrupt: 1}, 1, 0)
	kinds := make(map[string]int)
	for _, frame := range wiretest.LinuxFrames(t) {
		p, err := wire.ParseFrame(frame)
		if err != nil || !p.ChecksumsOK() {
			continue // not TCP
		}
		for range 2000 {
			d.Send(epoch, frame)
			got := d.Deliver(epoch.Add(time.Second))
			if bytes.Equal(got[0], frame) {
				t.Fatal("nothing was flipped")
			}
			p, err := wire.ParseFrame(got[0])
			switch {
			case err != nil:
				kinds["no TCP any more"]++
			case p.ChecksumsOK():
				t.Fatalf("checksums are right:\n%x\n%x", got[0], frame)
			default:
				kinds["wrong checksum"]++
			}
		}
	}
	if len(kinds) != 2 {
		t.Errorf("got %v, want some of both", kinds)
	}
}
