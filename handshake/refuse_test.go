package handshake

import (
	"testing"

	"tfocraft/wire"
)

// What a segment for nobody gets. RFC 9293, Section 3.10.7.1 (C-59).
func TestRefuse(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"S 100:100(0) win 1000", "R. 0:0(0) ack 101 win 0"},
		{"S 100:105(5) win 1000 <FO a24e1d399638e060>", "R. 0:0(0) ack 106 win 0"}, // as Linux does
		{"SF 100:105(5) win 1000", "R. 0:0(0) ack 107 win 0"},
		{". 100:100(0) ack 500 win 1000", "R 500:500(0) win 0"},
		{"FP. 100:105(5) ack 500 win 1000", "R 500:500(0) win 0"},
		{"S. 100:100(0) ack 500 win 1000", "R 500:500(0) win 0"},
		{"F 100:105(5) win 1000", "R. 0:0(0) ack 106 win 0"},
		{"- 100:100(0) win 1000", "R. 0:0(0) ack 100 win 0"},
		{"R 100:100(0) win 0", ""},
		{"R. 100:100(0) ack 500 win 0", ""},
		{"SR 100:100(0) win 0", ""},
	} {
		t.Run(test.in, func(t *testing.T) {
			p, err := wire.ParseText(test.in)
			if err != nil {
				t.Fatal(err)
			}
			p.Segment.SrcPort, p.Segment.DstPort = 1000, 80
			reset, ok := Refuse(&p.Segment)
			if !ok {
				if test.want != "" {
					t.Errorf("got nothing, want %s", test.want)
				}
				return
			}
			if got := reset.String(); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if reset.SrcPort != 80 || reset.DstPort != 1000 {
				t.Errorf("ports: got %d and %d", reset.SrcPort, reset.DstPort)
			}
		})
	}
}
