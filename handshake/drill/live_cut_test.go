package drill

import (
	"slices"
	"testing"

	"tfocraft/wire"
)

// What a network card has joined becomes what was on the wire.
func TestCut(t *testing.T) {
	for _, test := range []struct {
		length int
		want   []string
	}{
		{0, []string{"FP.W 5:5(0) ack 9 win 7"}},
		{10, []string{"FP.W 5:15(10) ack 9 win 7"}},
		{25, []string{".W 5:15(10) ack 9 win 7", ". 15:25(10) ack 9 win 7", "FP. 25:30(5) ack 9 win 7"}},
	} {
		s := wire.Segment{Seq: 5, Ack: 9, Window: 7, Flags: wire.FIN | wire.PSH | wire.CWR | wire.ACK, Payload: make([]byte, test.length)}
		var got []string
		for part := range cut(&s, 10) {
			got = append(got, part.String())
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%d bytes:\n got %q\nwant %q", test.length, got, test.want)
		}
	}
}
