package load

import (
	"encoding/hex"
	"strings"
	"testing"

	"tfocraft/wire"
)

// frameHex reads bytes with spaces and comments between them.
func frameHex(t *testing.T, text string) []byte {
	t.Helper()
	var digits strings.Builder
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "//")
		digits.WriteString(strings.Join(strings.Fields(line), ""))
	}
	b, err := hex.DecodeString(digits.String())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAppendAnswer(t *testing.T) {
	mac := wire.MAC{2, 0, 0, 0, 0, 1}
	for _, test := range []struct{ name, clients, question, answer string }{
		{
			"ARP", "198.18.1.0/24",
			`ffffffffffff 020000000002 0806 // to everybody
			0001 0800 06 04 0001            // Ethernet, IPv4, a request
			020000000002 c6120002           // from 198.18.0.2
			000000000000 c6120107           // for 198.18.1.7`,
			`020000000002 020000000001 0806
			0001 0800 06 04 0002            // a reply
			020000000001 c6120107
			020000000002 c6120002`,
		},
		{"ARP for another", "198.18.1.0/24", `ffffffffffff 020000000002 0806 0001 0800 06 04 0001 020000000002 c6120002 000000000000 c6120207`, ""},
		{"ARP probe", "198.18.1.0/24", `ffffffffffff 020000000002 0806 0001 0800 06 04 0001 020000000002 00000000 000000000000 c6120107`, ""},
		{"ARP reply", "198.18.1.0/24", `ffffffffffff 020000000002 0806 0001 0800 06 04 0002 020000000002 c6120002 000000000000 c6120107`, ""},
		{"cut ARP", "198.18.1.0/24", `ffffffffffff 020000000002 0806 0001 0800 06 04 0001 020000000002 c6120002 000000000000 c61201`, ""},
		{
			"solicitation", "2001:db8::100-2001:db8::1ff",
			`3333ff000107 020000000002 86dd  // to a group
			60000000 0020 3a ff              // hop limit 255
			20010db8000000000000000000000002 ff0200000000000000000001ff000107
			87 00 0000 00000000              // the checksum is not looked at
			20010db8000000000000000000000107
			01 01 020000000002`,
			`020000000002 020000000001 86dd
			60000000 0020 3a ff
			20010db8000000000000000000000107 20010db8000000000000000000000002
			88 00 8867 60000000              // solicited, override
			20010db8000000000000000000000107
			02 01 020000000001`,
		},
		{
			"solicitation from afar", "2001:db8::100-2001:db8::1ff",
			`3333ff000107 020000000002 86dd 60000000 0020 3a fe 20010db8000000000000000000000002 ff0200000000000000000001ff000107
			87 00 0000 00000000 20010db8000000000000000000000107 01 01 020000000002`, "",
		},
		{"nothing", "198.18.1.0/24", "ffffffffffff", ""},
	} {
		c, err := ParseClients(test.clients)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := AppendAnswer(nil, frameHex(t, test.question), c, mac)
		if want := frameHex(t, test.answer); hex.EncodeToString(got) != hex.EncodeToString(want) || ok != (test.answer != "") {
			t.Errorf("%s: %x, %v, want %x", test.name, got, ok, want)
		}
	}
}
