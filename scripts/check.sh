#!/usr/bin/env bash
# What has to be clean before a change goes in: format, vet, staticcheck, go fix, a build for another system, tidy
# module files, and ten seconds of every fuzz target. The tests are scripts/test.sh.
#
#   FUZZTIME=1m ./scripts/check.sh
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '== %s\n' "$*"; }

step gofmt
unformatted=$(gofmt -l .)
[ -z "$unformatted" ] || { echo "not formatted:" "$unformatted"; exit 1; }

step go vet
go vet ./...

step staticcheck
go tool staticcheck ./...

step the module of gVisor in scripts/bench
(cd scripts/bench/gvisor && go vet ./... && go mod tidy -diff)

step go fix
go fix -diff ./...

step build and vet for other systems and for 32 bits, tests included
for system in darwin/amd64 freebsd/arm64 linux/386; do
	GOOS=${system%/*} GOARCH=${system#*/} go build ./...
	GOOS=${system%/*} GOARCH=${system#*/} go vet ./...
done

step go mod tidy
go mod tidy -diff

log=$(mktemp)
trap 'rm -f "$log"' EXIT

# fuzz runs one target. To shorten every interesting input, which go test may do for a minute each, would leave no time
# for new ones. And up to Go 1.26 the end of the time itself is now and then reported as a failure (go.dev/issue/75804);
# what a target finds wrong says more than that.
fuzz() { # package, target
	go test "$1" -run '^$' -fuzz "^$2\$" -fuzztime "${FUZZTIME:-10s}" -fuzzminimizetime 100x >"$log" 2>&1 && return
	local said
	said=$(awk -v fail="--- FAIL: $2 " 'found && /^FAIL/ { exit } found; index($0, fail) == 1 { found = 1 }' "$log")
	[ "$said" = "    context deadline exceeded" ] && return
	cat "$log"
	return 1
}

# One target at a time: go test takes no more.
for package in $(go list ./...); do
	dir=$(go list -f '{{.Dir}}' "$package")
	targets=$(grep -ho '^func Fuzz[A-Za-z0-9_]*' "$dir"/*_test.go 2>/dev/null | awk '{print $2}' || true)
	for target in $targets; do
		step "fuzz $package $target"
		fuzz "$package" "$target"
	done
done
echo "all clean"
