package script_test

import (
	"testing"
	"time"

	"tfocraft/handshake/drill/script"
)

func TestTime(t *testing.T) {
	const ms = time.Millisecond
	const packet, call = " > S 0:0(0)", " close(3) = 0"
	for text, want := range map[string]script.Time{
		"0" + call:            {},
		"1.5" + call:          {At: 1500 * ms},
		".1" + call:           {At: 100 * ms},
		"007" + call:          {At: 7 * time.Second},
		"+0" + call:           {Kind: script.Relative},
		"+ 1.25" + call:       {Kind: script.Relative, At: 1250 * ms},
		"+.0000015" + call:    {Kind: script.Relative, At: 1500 * time.Nanosecond},
		"+0.123456789999 `a`": {Kind: script.Relative, At: 123456789},
		"1~2" + packet:        {Kind: script.AbsoluteRange, At: time.Second, End: 2 * time.Second},
		"+.99~+1.1" + packet:  {Kind: script.RelativeRange, At: 990 * ms, End: 1100 * ms},
		"+1 ~ + 2" + packet:   {Kind: script.RelativeRange, At: time.Second, End: 2 * time.Second},
		"*" + packet:          {Kind: script.Anytime},
		"+0...0.010" + call:   {Kind: script.Relative, End: 10 * ms, Blocks: true},
		"+.01...0.02" + call:  {Kind: script.Relative, At: 10 * ms, End: 20 * ms, Blocks: true},
		"+0 ... .02" + call:   {Kind: script.Relative, End: 20 * ms, Blocks: true},
		"3...5" + call:        {At: 3 * time.Second, End: 5 * time.Second, Blocks: true},
		"1...1" + call:        {At: time.Second, End: time.Second, Blocks: true},
	} {
		if got := parseEvent(t, text).Time; got != want {
			t.Errorf("%s:\n got %+v\nwant %+v", text, got, want)
		}
	}
}

func TestTimeErrors(t *testing.T) {
	const packet, call = " > S 0:0(0)", " close(3) = 0"
	const forms = "expected a time: 1.5, +1.5, 1~2, +1~+2 or *"
	for text, want := range map[string]string{
		"-1" + call:                   "1:1: expected a time that is not negative",
		"+-.5" + call:                 "1:2: expected a time that is not negative",
		"+" + call:                    "1:3: " + forms,
		"0x1" + call:                  "1:1: " + forms,
		"+1~2" + packet:               `1:4: expected "+" before the end of the range, as before its beginning`,
		"+1~*" + packet:               `1:4: expected "+" before the end of the range, as before its beginning`,
		"1~+2" + packet:               "1:3: expected the end of the range",
		"2~1" + packet:                "1:3: expected an end that is not before the beginning",
		"+2~+1" + packet:              "1:5: expected an end that is not before the beginning",
		"2...1" + call:                "1:5: expected an end that is not before the beginning",
		"1..." + call:                 "1:6: expected when the call returns",
		"1.." + call:                  `1:2: expected what happens: a packet after "<" or ">", a call, a command in backquotes or %{ code }%`,
		"9223372036" + call:           "1:1: expected a time of 290 years at most",
		"99999999999999999999" + call: "1:1: expected a time of 290 years at most",
		"1~2" + call:                  "1:1: expected one time: a range or * is for packets that are expected",
		"*" + call:                    "1:1: expected one time: a range or * is for packets that are expected",
		"* < S 0:0(0)":                "1:1: expected one time: a range or * is for packets that are expected",
		"+1~+2 < icmp unreachable":    "1:1: expected one time: a range or * is for packets that are expected",
		"+0...1" + packet:             "1:1: expected one time: an end after ... is for calls",
		"+0...1 `true`":               "1:1: expected one time: an end after ... is for calls",
	} {
		wantError(t, text, nil, want)
	}
}
