package dissect_test

import (
	"slices"
	"strings"
	"testing"

	"tfocraft/wire/dissect"
)

// TestControlMessages reads messages of ICMP, and the headers of IPv6, as their RFCs have them. What Wireshark shows too is compared with
// it elsewhere; this is what it does not say.
func TestControlMessages(t *testing.T) {
	frames := append(craftedIPv4(t), craftedIPv6(t)...)
	for _, test := range []struct{ frame, id, meaning, reason string }{
		{"filtered", "icmp.code", "prohibited by an administrator", ""},
		{"filtered", "icmp.type", "", "only if the quoted sequence number is in flight"},
		{"redirect of TOS", "icmp.code", "for the type of service and the host", ""},
		{"old too big", "icmp.mtu", "from before RFC 1191", "how the MTU of a path is found"},
		{"parameter", "icmp.pointer", "at byte 9, the first being 0", ""},
		{"option missing", "icmp.pointer", "Which option is missing: type 130", ""},
		{"times", "icmp.originate", "1 ms after midnight", ""},
		{"times of its own", "icmp.originate", "no time of the standard form", ""},
		{"times", "icmp.type", "Timestamp", "drops the message without a word (RFC 1122"},
		{"mask", "icmp.mask", "those of the network: 255.255.255.0", ""},
		{"routers", "icmp.preference-2", "-2147483648", ""},
		{"unreachable", "icmpv6.type", "Destination Unreachable", "only if the quoted sequence number is in flight"},
		{"unreachable and more", "icmpv6.code", "failed a policy", ""},
		{"unreachable and more", "icmpv6.length", "16 units of 8 bytes", ""},
		{"unreachable and more", "icmp.ext.checksum", "; right.", ""},
		{"exceeded and more", "icmp.ext.data", "besides the error", ""},
		{"headers cut", "icmpv6.code", "the first fragment has not all the headers", ""},
		{"headers cut", "icmpv6.pointer", "at byte 40", ""},
		{"solicitation", "icmpv6.type", "Neighbor Solicitation", "only with a Hop Limit of 255"},
		{"listener", "icmpv6.type", "", "so no error (RFC 4443, Section 2.4)"},
		{"listener", "icmpv6.mld.delay", "For queries only", ""},
		{"query", "icmpv6.mld.delay", "1000 ms", ""},
		{"query 2", "icmpv6.mld.delay", "81920 ms", ""},
		{"query 2", "icmpv6.mld.flag.s", "do not set their timers anew", ""},
		{"auxiliary data", "icmpv6.mldr.group-2", "a group of hosts", ""},
		{"whole fragment", "ipv6.fraghdr.more", "atomic fragment", ""},
		{"last fragment", "ipv6.fraghdr.more", "the last fragment", ""},
		{"last fragment", "ipv6.fraghdr.offset", "at byte 24 of it", ""},
		{"behind the last header", "data", "receivers ignore it", ""},
		{"options behind", "ipv6.dstopts.opt.type", "AltMark", ""},
		{"hop by hop", "ipv6.plen", "", "45 = 8 (extension headers) + 32 (TCP header) + 5 (data)"},
		{"hop by hop", "ipv6.flow", "0x12345", "as good as at random"},
	} {
		i := slices.IndexFunc(frames, func(f linkFrame) bool { return f.name == test.frame })
		if i < 0 {
			t.Fatalf("there is no frame %q", test.frame)
		}
		f := dissect.Dissect(frames[i].data, frames[i].link)
		dissect.Explain(&f, frames[i].data, nil)
		got := field(t, &f, test.id)
		if got.Bad || !strings.Contains(got.Meaning.En, test.meaning) || !strings.Contains(got.Reason.En, test.reason) {
			t.Errorf("%s: %s is bad %t and means\n  %q,\nbecause\n  %q;\nwant %q and %q", test.frame, test.id, got.Bad, got.Meaning.En, got.Reason.En, test.meaning, test.reason)
		}
	}
}
