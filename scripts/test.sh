#!/usr/bin/env bash
# Runs every test: unit tests and fuzz seeds, all under the race detector, and, as root, the tests that talk to the
# kernel and to other programs in network namespaces of their own. On Debian and Ubuntu root installs what is missing.
#
#   ./scripts/test.sh [PACKAGE...]    default: all packages
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/debian.sh

# program, Debian package, what is skipped without it
needs='
ip       iproute2       interoperability tests
iptables iptables       tests of the iptables backend and of middleboxes
nft      nftables       tests that read back what the nft backend installs
tshark   tshark         tests that let Wireshark judge our frames
openssl  openssl        the lesson that makes a cookie by hand
xxd      xxd            the lesson that makes a cookie by hand
curl     curl           interoperability tests with curl
python3  python3        interoperability tests with python
kdig     knot-dnsutils  interoperability tests with kdig
nginx    nginx-light    interoperability tests with nginx
haproxy  haproxy        interoperability tests with haproxy
chromium chromium       tests of the page in a browser
gcc      gcc            the race detector; the measuring sticks of scripts/bench
'

missing() {
	while read -r program package skips; do
		[ -n "$program" ] && ! command -v "$program" >/dev/null && echo "$program $package $skips"
	done <<<"$needs"
	return 0
}

install_missing() {
	local packages
	packages=$(missing | awk '{print $2}')
	[ -n "$packages" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 0
	echo "installing:" $packages
	# shellcheck disable=SC2086
	without_services apt_install $packages
}

export PATH="$PATH:/usr/sbin:/sbin"
install_missing || echo "installing failed; going on without"
missing | while read -r program package skips; do
	echo "missing: $program (package $package): skips $skips"
done
[ "$(id -u)" = 0 ] || echo "not root: tests in network namespaces run only where a user namespace allows it, and skip otherwise"

race=-race
command -v gcc >/dev/null || race=
[ $# -gt 0 ] || set -- ./...
export CGO_ENABLED=${race:+1}
[ -n "$CGO_ENABLED" ] || export CGO_ENABLED=0

# The race detector makes allocations of its own, so what is to allocate nothing is tested without it first.
go test -count=1 -run 'Allocates?Nothing|NoAllocations' ./cookie ./wire/... ./handshake/...
# The simulation has its full number of seeds without it, where it is ten times as fast, and few with it.
go test -count=1 -run '^TestSimulation$' ./handshake
exec go tool gotestsum --format pkgname --format-hide-empty-pkg -- $race -shuffle=on -timeout 10m "$@"
