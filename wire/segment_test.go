package wire_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"tfocraft/wire"
	"tfocraft/wire/wiretest"
)

func TestSegment(t *testing.T) {
	for _, test := range []struct {
		name, bytes string
		want        wire.Segment
	}{
		{"SYN with cookie and data", `
			3039 0050     # ports 12345 and 80
			00000001      # sequence number
			00000000      # acknowledgement number
			8 002 ffff    # 8 words, SYN, window
			abcd 0000     # checksum, urgent pointer
			22080102 03040506 0101 0101  # Fast Open with a cookie of 6 bytes, NOPs
			6869          # payload`,
			wire.Segment{SrcPort: 12345, DstPort: 80, Seq: 1, DataOffset: 8, Flags: wire.SYN, Window: 0xffff, Checksum: 0xabcd,
				Options: wire.Options{0x22, 8, 1, 2, 3, 4, 5, 6, 1, 1, 1, 1}, Payload: []byte("hi")}},
		{"every flag and reserved bit", `
			0000 ffff
			ffffffff fffffffe
			5 fff 0001
			0000 1234`,
			wire.Segment{DstPort: 65535, Seq: 0xffffffff, Ack: 0xfffffffe, DataOffset: 5, Flags: 0xfff, Window: 1, Urgent: 0x1234,
				Options: wire.Options{}, Payload: []byte{}}},
		{"longest header", "0001 0002 00000000 00000000 f 010 0000 0000 0000" + string(bytes.Repeat([]byte("00"), 40)),
			wire.Segment{SrcPort: 1, DstPort: 2, DataOffset: 15, Flags: wire.ACK,
				Options: make(wire.Options, 40), Payload: []byte{}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := wiretest.Unhex(t, test.bytes)
			got, err := wire.ParseSegment(b)
			if err != nil {
				t.Fatal(err)
			}
			wantValue(t, "segment", got, test.want)
			wiretest.WantBytes(t, got.Append(nil), b)
			wantValue(t, "WireLen", got.WireLen(), len(b))
		})
	}
}

func TestFlagBits(t *testing.T) {
	for bit, flag := range [...]wire.Flags{
		wire.FIN, wire.SYN, wire.RST, wire.PSH, wire.ACK, wire.URG, wire.ECE, wire.CWR, wire.AE,
		wire.ReservedFlags & (1 << 9), wire.ReservedFlags & (1 << 10), wire.ReservedFlags & (1 << 11),
	} {
		b := make([]byte, wire.HeaderLen)
		binary.BigEndian.PutUint16(b[12:], 5<<12|1<<bit)
		s, err := wire.ParseSegment(b)
		if err != nil {
			t.Fatal(err)
		}
		wantValue(t, "flags", s.Flags, flag)
		wiretest.WantBytes(t, s.Append(nil), b)
	}
}

func TestSegmentErrors(t *testing.T) {
	good := wiretest.Unhex(t, "00010002 00000000 00000000 6000 0000 0000 0000 01010101")
	for _, test := range []struct {
		name   string
		change func(b []byte) []byte
		want   error
		offset int
	}{
		{"no bytes", func(b []byte) []byte { return nil }, wire.ErrTruncated, 0},
		{"half a header", func(b []byte) []byte { return b[:19] }, wire.ErrTruncated, 19},
		{"cut in the options", func(b []byte) []byte { return b[:23] }, wire.ErrTruncated, 12},
		{"data offset 4", func(b []byte) []byte { b[12] = 0x40; return b }, wire.ErrHeaderLength, 12},
		{"data offset 0", func(b []byte) []byte { b[12] = 0; return b }, wire.ErrHeaderLength, 12},
		{"data offset 15", func(b []byte) []byte { b[12] = 0xf0; return b }, wire.ErrTruncated, 12},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := wire.ParseSegment(test.change(bytes.Clone(good)))
			wantParseError(t, err, test.want, "tcp", test.offset)
		})
	}
}

// SYN and FIN take a sequence number each, and a SYN comes before its data.
func TestSequenceSpace(t *testing.T) {
	for _, test := range []struct {
		text    string
		length  int
		dataSeq wire.Seq
		end     wire.Seq
	}{
		{"S 7:7(0)", 1, 8, 8},
		{"S 7:12(5)", 6, 8, 13},
		{"SF 7:12(5)", 7, 8, 14},
		{". 7:7(0) ack 1", 0, 7, 7},
		{"F. 7:12(5) ack 1", 6, 7, 13},
		{"P. 4294967295:4(5) ack 1", 5, 4294967295, 4},
		{"S 4294967295:4(5)", 6, 0, 5},
	} {
		s := wiretest.Segment(t, test.text)
		wantValue(t, test.text+": Len", s.Len(), test.length)
		wantValue(t, test.text+": DataSeq", s.DataSeq(), test.dataSeq)
		wantValue(t, test.text+": End", s.End(), test.end)
	}
}

// A data offset that contradicts the options stays as it was set.
func TestSegmentKeepsWrongDataOffset(t *testing.T) {
	s := wire.Segment{DataOffset: 15, Options: wire.Options{1, 1, 1, 1}}
	if got := s.Append(nil)[12] >> 4; got != 15 {
		t.Errorf("data offset: got %d, want 15", got)
	}
	s.SetDataOffset()
	if got := s.Append(nil)[12] >> 4; got != 6 {
		t.Errorf("data offset: got %d, want 6", got)
	}
}
