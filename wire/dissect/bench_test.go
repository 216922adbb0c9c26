package dissect_test

import (
	"testing"

	"tfocraft/wire"
	"tfocraft/wire/dissect"
	"tfocraft/wire/follow"
	"tfocraft/wire/wiretest"
)

func BenchmarkDissect(b *testing.B) {
	data := wiretest.LinuxFrames(b)[1]
	b.ReportAllocs()
	for b.Loop() {
		dissect.Dissect(data, wire.LinkEthernet)
	}
}

func BenchmarkExplain(b *testing.B) {
	data := wiretest.LinuxFrames(b)[1]
	f := dissect.Dissect(data, wire.LinkEthernet)
	b.ReportAllocs()
	for b.Loop() {
		dissect.Explain(&f, data, &follow.Facts{Receiver: end(clientAddr, 682427613, 1, 0)})
	}
}
