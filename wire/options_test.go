package wire_test

import (
	"errors"
	"testing"

	"tfocraft/wire"
	"tfocraft/wire/wiretest"
)

// Each option in both directions: its bytes, what builds them, and what an
// endpoint reads from them.
func TestOptions(t *testing.T) {
	for _, test := range []struct {
		name, bytes string
		built       []byte
		want        wire.OptionSet
	}{
		{"MSS", "02 04 05b4", wire.AppendMSS(nil, 1460), wire.OptionSet{MSS: 1460, HasMSS: true}},
		{"MSS 0", "02 04 0000", wire.AppendMSS(nil, 0), wire.OptionSet{HasMSS: true}},
		{"window scale", "03 03 07", wire.AppendWindowScale(nil, 7), wire.OptionSet{WindowScale: 7, HasWindowScale: true}},
		{"window scale above 14", "03 03 ff", wire.AppendWindowScale(nil, 255), wire.OptionSet{WindowScale: 255, HasWindowScale: true}},
		{"SACK permitted", "04 02", wire.AppendSACKPermitted(nil), wire.OptionSet{SACKPermitted: true}},
		{"SACK, one block", "05 0a 00000001 00000002",
			wire.AppendSACK(nil, wire.SACKBlock{Left: 1, Right: 2}),
			wire.OptionSet{NumSACK: 1, SACK: [4]wire.SACKBlock{{Left: 1, Right: 2}}}},
		{"SACK, four blocks", "05 22 00000001 00000002 00000003 00000004 00000005 00000006 ffffffff 00000000",
			wire.AppendSACK(nil, wire.SACKBlock{1, 2}, wire.SACKBlock{3, 4}, wire.SACKBlock{5, 6}, wire.SACKBlock{0xffffffff, 0}),
			wire.OptionSet{NumSACK: 4, SACK: [4]wire.SACKBlock{{1, 2}, {3, 4}, {5, 6}, {0xffffffff, 0}}}},
		{"timestamps", "08 0a 00000064 ffffffff",
			wire.AppendTimestamps(nil, wire.Timestamps{Val: 100, Ecr: 0xffffffff}),
			wire.OptionSet{HasTimestamps: true, Timestamps: wire.Timestamps{Val: 100, Ecr: 0xffffffff}}},
		{"NOP", "01 01 01", wire.AppendNOP(nil, 3), wire.OptionSet{}},
		{"MD5", "13 12 000102030405060708090a0b0c0d0e0f",
			wire.AppendOption(nil, wire.KindMD5, wiretest.Unhex(t, "000102030405060708090a0b0c0d0e0f")), wire.OptionSet{}},
		{"unknown", "ac 05 010203", wire.AppendOption(nil, wire.KindAccECN0, []byte{1, 2, 3}), wire.OptionSet{}},
		{"padding", "03 03 07 01", wire.Pad(wire.AppendWindowScale(nil, 7), 0), wire.OptionSet{WindowScale: 7, HasWindowScale: true}},
		{"a Linux SYN", "02 04 05b4 04 02 08 0a 00000064 00000000 01 03 03 08 22 02 01 01",
			linuxSYNOptions(),
			wire.OptionSet{MSS: 1460, HasMSS: true, SACKPermitted: true, HasTimestamps: true, Timestamps: wire.Timestamps{Val: 100},
				WindowScale: 8, HasWindowScale: true, FastOpen: wire.FastOpen{Present: true, Cookie: []byte{}}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := wiretest.Unhex(t, test.bytes)
			wiretest.WantBytes(t, test.built, b)
			got, err := wire.Options(b).Decode()
			if err != nil {
				t.Fatal(err)
			}
			wantValue(t, "decoded", got, test.want)
		})
	}
}

func linuxSYNOptions() []byte {
	b := wire.AppendMSS(nil, 1460)
	b = wire.AppendSACKPermitted(b)
	b = wire.AppendTimestamps(b, wire.Timestamps{Val: 100})
	b = wire.AppendNOP(b, 1)
	b = wire.AppendWindowScale(b, 8)
	b = wire.FastOpen{Present: true}.Append(b)
	return wire.Pad(b, 0)
}

// Options whose length their specification does not allow are passed over, and
// what follows them still counts.
func TestDecodePassesOverWrongLengths(t *testing.T) {
	for _, wrong := range []string{
		"02 03 05", "02 02", "02 05 05b400", // MSS
		"03 02", "03 04 0707", // window scale
		"04 03 00",                                                     // SACK permitted
		"05 02", "05 0b 00000001 00000002 00", "05 09 00000001 000000", // SACK
		"08 02", "08 09 00000001 000000", "08 0b 00000001 00000002 00", // timestamps
	} {
		set, err := wire.Options(wiretest.Unhex(t, wrong+" 02 04 0218")).Decode()
		if err != nil {
			t.Errorf("%s: %v", wrong, err)
		}
		wantValue(t, wrong, set, wire.OptionSet{MSS: 536, HasMSS: true})
	}
}

// T-21: reading stops at the first impossible length, keeps what came before
// it, and nothing behind it counts.
func TestDecodeStops(t *testing.T) {
	const mss, windowScale = "02 04 05b4", "03 03 07"
	before := wire.OptionSet{MSS: 1460, HasMSS: true}
	for _, test := range []struct {
		name, bytes string
		want        error
		offset      int
	}{
		{"length 0", mss + "22 00" + windowScale, wire.ErrOption, 4},
		{"length 1", mss + "22 01" + windowScale, wire.ErrOption, 4},
		{"length past the end", mss + "22 3c 01020304", wire.ErrTruncated, 4},
		{"one byte past the end", mss + "08 0a 00000000 000000", wire.ErrTruncated, 4},
		{"kind without a length", mss + "22", wire.ErrTruncated, 4},
		{"unknown kind, length 0", mss + "99 00" + windowScale, wire.ErrOption, 4},
	} {
		t.Run(test.name, func(t *testing.T) {
			options := wire.Options(wiretest.Unhex(t, test.bytes))
			set, err := options.Decode()
			wantParseError(t, err, test.want, "tcp option", test.offset)
			wantValue(t, "decoded", set, before)

			var kinds []wire.OptionKind
			for opt, err := range options.All() {
				if err != nil {
					wantParseError(t, err, test.want, "tcp option", test.offset)
					break
				}
				kinds = append(kinds, opt.Kind)
			}
			wantValue(t, "walked", kinds, []wire.OptionKind{wire.KindMSS})
		})
	}
}

func TestDecodeEndsAtEOL(t *testing.T) {
	options := wire.Options(wiretest.Unhex(t, "03 03 07 00 02 04 05b4"))
	set, err := options.Decode()
	if err != nil {
		t.Fatal(err)
	}
	wantValue(t, "decoded", set, wire.OptionSet{WindowScale: 7, HasWindowScale: true})
	walked := 0
	for _, err := range options.All() {
		if err != nil {
			t.Fatal(err)
		}
		walked++
	}
	wantValue(t, "options walked", walked, 2)
}

func TestAllStopsWhenAsked(t *testing.T) {
	for opt := range wire.Options(linuxSYNOptions()).All() {
		wantValue(t, "first kind", opt.Kind, wire.KindMSS)
		break
	}
}

func TestPad(t *testing.T) {
	for n := range 9 {
		header := []byte{9, 9, 9} // what stands before the options does not count
		got := wire.Pad(append(header, make([]byte, n)...), len(header))
		if want := (n + 3) / 4 * 4; len(got)-len(header) != want {
			t.Errorf("%d bytes: got %d, want %d", n, len(got)-len(header), want)
		}
		for _, b := range got[len(header)+n:] {
			wantValue(t, "padding", b, byte(wire.KindNOP))
		}
	}
}

func TestParseErrorText(t *testing.T) {
	_, err := wire.Options{34, 0}.Decode()
	wantValue(t, "text", err.Error(), "wire: tcp option, byte 0: option length is impossible")
	if !errors.Is(err, wire.ErrOption) {
		t.Errorf("%v is not ErrOption", err)
	}
}
