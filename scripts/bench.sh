#!/usr/bin/env bash
# The figures of docs/benchmarks.md: each beside its peer, in turn, in one run. Nothing stays behind, however it ends.
#
#   ./scripts/bench.sh bulk [-n RUNS]          ours, gVisor's and the kernel's stack over veth (root)
#   ./scripts/bench.sh gvisor [-n RUNS]        gVisor's stack in many configurations (root)
#   ./scripts/bench.sh goodput [-n SEEDS]      ours and Linux's CUBIC over a path with loss (root)
#   ./scripts/bench.sh connections             memory of idle connections, 20,000 connections at once
#   ./scripts/bench.sh segments                time and allocations of a segment
#   ./scripts/bench.sh scripts                 packetdrill scripts a second, on one core
#
# Fast Open traffic, each subject [-n RUNS] [-time D] [-only REGEXP] [--json]:
#
#   ./scripts/bench.sh syn                     SYNs a second of one core, and other people's programs beside (root)
#   ./scripts/bench.sh exchanges               exchanges a second of servers: ours, the kernel's, one without state (root)
#   ./scripts/bench.sh latency                 first byte of one connection after the other (root)
#   ./scripts/bench.sh idle                    memory of idle connections (root)
#   ./scripts/bench.sh crowd                   exchanges while many connections are open (root)
#   ./scripts/bench.sh flood                   exchanges while SYNs with wrong cookies come (root)
#   ./scripts/bench.sh craft                   time of making a SYN
#   ./scripts/bench.sh micro                   time of the steps of a segment's way
#   ./scripts/bench.sh traffic                 all of these
#   ./scripts/bench.sh --install               the programs that syn compares with, on Debian and Ubuntu (root)
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PATH:/usr/sbin:/sbin"
source scripts/debian.sh

usage() {
	sed -n 's/^#   //p' "$0" >&2
	exit 2
}

subjects="syn exchanges latency idle crowd flood craft micro"

# traffic runs the driver for the subjects that are named before "--", with the flags behind it. In the foreground, so
# that an interrupt reaches it.
traffic() {
	local named=()
	while [ "$1" != -- ]; do
		named+=("$1")
		shift
	done
	shift
	programs=$(mktemp -d)
	trap 'rm -rf "$programs"' EXIT
	go build -o "$programs" ./cmd/tfo ./cmd/tfo/internal/bench ./scripts/bench/peer
	local source
	for source in scripts/bench/*.c; do
		gcc -Wall -Wextra -O2 -o "$programs/$(basename "$source" .c)" "$source"
	done
	"$programs/bench" "${named[@]}" -programs "$programs" "$@"
}

install_peers() {
	without_services apt_install gcc iproute2 util-linux netsniff-ng hping3 masscan nmap python3-scapy
}

# over_veth runs the driver, which makes the namespaces: they go with it. In the foreground, so that an interrupt
# reaches it.
over_veth() {
	programs=$(mktemp -d)
	trap 'rm -rf "$programs"' EXIT
	go build -o "$programs" ./cmd/tfo/internal/bench ./scripts/bench/peer
	(cd scripts/bench/gvisor && go build -o "$programs" .)
	"$programs/bench" -peer "$programs/peer" -gvisor "$programs/gvisor" "$@"
}

# goodput alternates: both stacks with one seed, then both with the next.
goodput() {
	local seeds=5
	[ "${1:-}" = -n ] && seeds=${2:?}
	go test ./handshake/endpoint -run '^$' -bench '^BenchmarkGoodput$' -benchtime "${seeds}x" -timeout 1h
}

[ $# -gt 0 ] || usage
what=$1
shift
case $what in
bulk) over_veth "$@" ;;
gvisor) over_veth -configs "$@" ;;
goodput) goodput "$@" ;;
connections) go test ./handshake/endpoint -run '^$' -bench '^BenchmarkIdleConnections$|^BenchmarkManyConnections(Veth)?$' -benchtime 1x ;;
segments)
	go test ./handshake -run '^$' -bench '^BenchmarkInputInOrder$|^BenchmarkWriteAndAck$'
	go test ./handshake/endpoint -run '^$' -bench '^BenchmarkTransfer$|^BenchmarkPingPong$'
	;;
syn | exchanges | latency | idle | crowd | flood | craft | micro) traffic "$what" -- "$@" ;;
# shellcheck disable=SC2086 # words
traffic) traffic $subjects -- "$@" ;;
--install) install_peers ;;
scripts) GOMAXPROCS=1 go test ./handshake/drill -run '^$' -bench '^BenchmarkScripts$' -count 5 ;;
*) usage ;;
esac
