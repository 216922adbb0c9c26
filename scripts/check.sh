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

step go fix
go fix -diff ./...

step build for darwin and freebsd
GOOS=darwin go build ./...
GOOS=freebsd GOARCH=arm64 go build ./...

step go mod tidy
go mod tidy -diff

# Fuzz one target at a time: go test takes no more.
for package in $(go list ./...); do
	dir=$(go list -f '{{.Dir}}' "$package")
	targets=$(grep -ho '^func Fuzz[A-Za-z0-9_]*' "$dir"/*_test.go 2>/dev/null | awk '{print $2}' || true)
	for target in $targets; do
		step "fuzz $package $target"
		go test "$package" -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-10s}" >/tmp/fuzz.$$ || { cat /tmp/fuzz.$$; exit 1; }
	done
done
rm -f /tmp/fuzz.$$
echo "all clean"
