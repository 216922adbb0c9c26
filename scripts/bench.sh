#!/usr/bin/env bash
# The figures of docs/benchmarks.md: each beside its peer, in turn, in one run. Nothing stays behind, however it ends.
#
#   ./scripts/bench.sh bulk [-n RUNS]          ours, gVisor's and the kernel's stack over veth (root)
#   ./scripts/bench.sh gvisor [-n RUNS]        gVisor's stack in many configurations (root)
#   ./scripts/bench.sh goodput [-n SEEDS]      ours and Linux's CUBIC over a path with loss (root)
#   ./scripts/bench.sh connections             memory of idle connections, 20,000 connections at once
#   ./scripts/bench.sh segments                time and allocations of a segment
#   ./scripts/bench.sh scripts                 packetdrill scripts a second, on one core
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PATH:/usr/sbin:/sbin"

usage() {
	sed -n 's/^#   //p' "$0" >&2
	exit 2
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
scripts) GOMAXPROCS=1 go test ./handshake/drill -run '^$' -bench '^BenchmarkScripts$' -count 5 ;;
*) usage ;;
esac
