package wire_test

import (
	"bytes"
	"fmt"
	"testing"

	"tfocraft/wire"
	"tfocraft/wire/wiretest"
)

// T-14, T-15, T-16: every cookie that fits can be written and found again in
// both forms; an endpoint takes only a request and the legal lengths.
func TestFastOpenLengths(t *testing.T) {
	legal := map[int]bool{0: true, 4: true, 6: true, 8: true, 10: true, 12: true, 14: true, 16: true}
	for _, form := range []struct {
		experimental bool
		header       func(n int) []byte
		longest      int
	}{
		{false, func(n int) []byte { return []byte{34, byte(2 + n)} }, 38},
		{true, func(n int) []byte { return []byte{254, byte(4 + n), 0xf9, 0x89} }, 36},
	} {
		for n := range form.longest + 1 {
			t.Run(fmt.Sprintf("experimental=%v/%d", form.experimental, n), func(t *testing.T) {
				cookie := bytes.Repeat([]byte{0xc0}, n)
				option := wire.FastOpen{Present: true, Experimental: form.experimental, Cookie: cookie}
				want := append(form.header(n), cookie...)
				wiretest.WantBytes(t, option.Append(nil), want)
				wantValue(t, "WireLen", option.WireLen(), len(want))
				wantValue(t, "Legal", option.Legal(), legal[n])
				wantValue(t, "Request", option.Request(), n == 0)

				wantValue(t, "found", wire.Options(want).FastOpen(), option)
				set, err := wire.Options(want).Decode()
				if err != nil {
					t.Fatal(err)
				}
				if !legal[n] {
					option = wire.FastOpen{}
				}
				wantValue(t, "decoded", set.FastOpen, option)
			})
		}
	}
}

func TestLegalCookieLen(t *testing.T) {
	var legal []int
	for n := -1; n <= wire.MaxOptionsLen; n++ {
		if wire.LegalCookieLen(n) {
			legal = append(legal, n)
		}
	}
	wantValue(t, "legal lengths", legal, []int{4, 6, 8, 10, 12, 14, 16})
}

// T-19: the option counts at any place, aligned or not, closed by NOP or EOL.
// T-22: a cookie of zeros is a cookie.
func TestFastOpenPlaces(t *testing.T) {
	want := wire.FastOpen{Present: true, Cookie: make([]byte, 4)}
	for _, list := range []string{
		"22 06 00000000 02 04 05b4 0101",
		"02 04 05b4 22 06 00000000 03 03 07 01",
		"01 22 06 00000000 01",
		"03 03 07 22 06 00000000 00 000000",
		"22 06 00000000",
	} {
		set, err := wire.Options(wiretest.Unhex(t, list)).Decode()
		if err != nil {
			t.Errorf("%s: %v", list, err)
		}
		wantValue(t, list, set.FastOpen, want)
	}
}

// T-23: of several options the last legal one counts, whatever its form.
func TestFastOpenTwice(t *testing.T) {
	a, b := []byte{1, 1, 1, 1}, []byte{2, 2, 2, 2}
	for _, test := range []struct {
		name, bytes string
		want        wire.FastOpen
	}{
		{"two cookies", "2206 01010101 2206 02020202", wire.FastOpen{Present: true, Cookie: b}},
		{"cookie, then experimental request", "2206 01010101 fe04 f989", wire.FastOpen{Present: true, Experimental: true, Cookie: []byte{}}},
		{"experimental, then cookie", "fe08 f989 01010101 2206 02020202", wire.FastOpen{Present: true, Cookie: b}},
		{"legal, then illegal", "2206 01010101 2205 020202", wire.FastOpen{Present: true, Cookie: a}},
		{"legal, then one behind EOL", "2206 01010101 00 2206 02020202", wire.FastOpen{Present: true, Cookie: a}},
	} {
		set, err := wire.Options(wiretest.Unhex(t, test.bytes)).Decode()
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		wantValue(t, test.name, set.FastOpen, test.want)
	}
}

// L-03: other experiments under the shared kinds are none of ours.
func TestFastOpenOtherExperiments(t *testing.T) {
	for _, list := range []string{
		"fe02", "fe03 f9", // too short for an identifier
		"fe08 f988 01010101",
		"fd08 f989 01010101",
		"ff08 f989 01010101",
		"2201",
		"22",
	} {
		options := wire.Options(wiretest.Unhex(t, list))
		wantValue(t, list+": found", options.FastOpen(), wire.FastOpen{})
		set, _ := options.Decode()
		wantValue(t, list+": decoded", set.FastOpen, wire.FastOpen{})
	}
}

func TestNoFastOpen(t *testing.T) {
	var none wire.FastOpen
	if none.Legal() || none.Request() || none.WireLen() != 0 || none.Append(nil) != nil {
		t.Errorf("the zero value is not no option: %+v", none)
	}
}
