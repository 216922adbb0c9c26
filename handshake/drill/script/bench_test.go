package script_test

import (
	"strings"
	"testing"

	"tfocraft/handshake/drill/script"
)

// BenchmarkParse reads a script of some 5 KiB.
func BenchmarkParse(b *testing.B) {
	text := []byte(strings.Repeat(`
// The server acknowledges the data and gives a new cookie.
 +.01 socket(..., SOCK_STREAM, IPPROTO_TCP) = 4
   +0 fcntl(4, F_SETFL, O_RDWR|O_NONBLOCK) = 0
   +0 sendto(4, ..., 1000, MSG_FASTOPEN, ..., ...) = 1000
   +0 > S 0:1000(1000) <mss 1460,nop,nop,sackOK,nop,wscale 8,FO TFO_COOKIE,nop,nop>
 +.05 < S. 1234:1234(0) ack 1001 win 14600 <mss 940,nop,nop,sackOK,nop,wscale 6,FO 12345678,nop,nop>
   +0 > . 1001:1001(0) ack 1
   +0 %{ assert (tcpi_options & TCPI_OPT_SYN_DATA) != 0, tcpi_options }%
   +0 close(4) = 0
`, 10))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := script.Parse("bench.pkt", text, otherDefs); err != nil {
			b.Fatal(err)
		}
	}
}
