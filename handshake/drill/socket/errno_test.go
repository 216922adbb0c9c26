package socket

import (
	"net/netip"
	"testing"
)

// What ends a connect that an ICMP error has come to, as a Linux 6.18 says it. RFC
// 5461, Section 4.1.
func TestICMPErrno(t *testing.T) {
	const parameter4, exceeded4, unreachable4 = 12, 11, 3
	const parameter6, exceeded6, unreachable6 = 4, 3, 1
	host6, server6 := netip.MustParseAddr("fd3d:a0b:17d6::1"), netip.MustParseAddrPort("[fd3d:fa7b:d17d::1]:8080")
	for _, family := range []struct {
		local  netip.Addr
		remote netip.AddrPort
		errnos map[[2]uint8]Errno // by type and code
	}{
		{hostAddr, server, map[[2]uint8]Errno{
			{unreachable4, 0}: ENETUNREACH, {unreachable4, 1}: EHOSTUNREACH, {unreachable4, 2}: ENOPROTOOPT,
			{unreachable4, 3}: ECONNREFUSED, {unreachable4, 5}: EOPNOTSUPP, {unreachable4, 6}: ENETUNREACH,
			{unreachable4, 7}: EHOSTDOWN, {unreachable4, 8}: ENONET, {unreachable4, 9}: ENETUNREACH,
			{unreachable4, 10}: EHOSTUNREACH, {unreachable4, 11}: ENETUNREACH, {unreachable4, 12}: EHOSTUNREACH,
			{unreachable4, 13}: EHOSTUNREACH, {unreachable4, 14}: EHOSTUNREACH, {unreachable4, 15}: EHOSTUNREACH,
			{unreachable4, 16}: "", {exceeded4, 0}: EHOSTUNREACH, {exceeded4, 1}: "", {parameter4, 0}: EPROTO,
		}},
		{host6, server6, map[[2]uint8]Errno{
			{unreachable6, 0}: ENETUNREACH, {unreachable6, 1}: EACCES, {unreachable6, 2}: EHOSTUNREACH,
			{unreachable6, 3}: EHOSTUNREACH, {unreachable6, 4}: ECONNREFUSED, {unreachable6, 5}: EACCES,
			{unreachable6, 6}: EACCES, {unreachable6, 7}: EPROTO, {exceeded6, 0}: EHOSTUNREACH,
			{exceeded6, 1}: EHOSTUNREACH, {parameter6, 0}: EPROTO, {parameter6, 2}: EPROTO,
		}},
	} {
		for of, want := range family.errnos {
			b := newBenchAt(t, family.local)
			fd := b.socket(SOCK_NONBLOCK)
			b.want(b.host.Connect(fd, family.remote), -1, EINPROGRESS)
			b.icmp(of[0], of[1])
			if got := b.want(b.host.Option(fd, SOL_SOCKET, SO_ERROR), 0, "").Option[0]; got != want.Number() {
				t.Errorf("%v, type %d, code %d: got errno %d, want %d, %s", family.local, of[0], of[1], got, want.Number(), want)
			}
			again := EALREADY
			if want != "" {
				again = ECONNABORTED // the error is told
			}
			b.want(b.host.Connect(fd, family.remote), -1, again)
		}
	}
}
