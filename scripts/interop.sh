#!/usr/bin/env bash
# Lets programs from Debian's packages talk to tfo, each in network namespaces of its own, and prints a table of what
# became of Fast Open. Needs root. What is missing is installed; services that the packages bring are not started.
#
#   ./scripts/interop.sh                              the table
#   ./scripts/interop.sh --only nginx                 the cases called nginx
#   ./scripts/interop.sh --list                       the cases
#   ./scripts/interop.sh --json                       for programs
#   ./scripts/interop.sh --pcap DIR                   keep the captures
#   ./scripts/interop.sh --markdown > docs/interop.md
#
# INSTALL=no leaves the system as it is: cases without their program fail then. Exit code 1 means that a cell is not
# what it is known to be; the reason and the exchange go to standard error.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
export PATH="$PATH:/usr/sbin:/sbin" DEBIAN_FRONTEND=noninteractive
[ "$(id -u)" = 0 ] || { echo "interop.sh: needs root for network namespaces and packages" >&2; exit 3; }

work=$(mktemp -d)
policy=
child=
# shellcheck disable=SC2317 # called by the traps
clean() {
	if [ -n "$child" ]; then
		kill "$child" 2>/dev/null || true
		wait "$child" || true
	fi
	[ -z "$policy" ] || rm -f "$policy"
	rm -rf "$work"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

(cd "$root" && go build -o "$work/" ./cmd/tfo ./cmd/tfo/internal/interop)

# missing prints the packages that are not installed.
missing() {
	"$work/interop" -packages "$@" | while read -r package; do
		dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^ii' || echo "$package"
	done
}

# install takes nothing away for what it installs, such as another mail server. It keeps packages from starting their
# services: a program named policy-rc.d that says 101 (forbidden) does that.
install() {
	if [ ! -e /usr/sbin/policy-rc.d ]; then
		policy=/usr/sbin/policy-rc.d
		printf '#!/bin/sh\nexit 101\n' >"$policy"
		chmod 755 "$policy"
	fi
	apt-get update -qq && apt-get install -y -qq --no-install-recommends --no-remove "$@"
}

packages=$(missing "$@") || exit 2
if [ -n "$packages" ] && [ "${INSTALL:-yes}" != no ]; then
	echo "installing:" $packages >&2
	# shellcheck disable=SC2086
	install $packages >"$work/install.log" 2>&1 || { cat "$work/install.log" >&2; exit 3; }
	[ -z "$policy" ] || rm -f "$policy"
	policy=
fi

"$work/interop" -tfo "$work/tfo" "$@" &
child=$!
wait "$child" && code=0 || code=$?
child=
exit "$code"
