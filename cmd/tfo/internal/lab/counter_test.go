package lab

import "testing"

func TestParseCounter(t *testing.T) {
	const netstat = "TcpExt: SyncookiesSent TCPFastOpenPassive Last\nTcpExt: 0 7 18446744073709551615\n" +
		"IpExt: InNoRoutes Last\nIpExt: 3 4\n"
	for _, test := range []struct {
		group, name string
		want        uint64
		ok          bool
	}{
		{"TcpExt:", "TCPFastOpenPassive", 7, true},
		{"TcpExt:", "Last", 1<<64 - 1, true},
		{"IpExt:", "Last", 4, true},
		{"TcpExt:", "InNoRoutes", 0, false},
		{"TcpExt:", "TcpExt:", 0, false},
		{"MPTcpExt:", "Last", 0, false},
	} {
		got, err := parseCounter(netstat, test.group, test.name)
		if got != test.want || (err == nil) != test.ok {
			t.Errorf("parseCounter(%s, %s) = %d, %v, want %d, ok %t", test.group, test.name, got, err, test.want, test.ok)
		}
	}
	for _, bad := range []string{"", "\n", "TcpExt: A", "TcpExt: A\n", "TcpExt: A\nTcpExt:\n", "TcpExt: A\nTcpExt: x\n"} {
		if got, err := parseCounter(bad, "TcpExt:", "A"); err == nil {
			t.Errorf("parseCounter(%q) = %d, want an error", bad, got)
		}
	}
}
