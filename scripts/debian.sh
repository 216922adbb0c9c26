# shellcheck shell=bash
# For scripts that install packages of Debian or Ubuntu: `source` it.

apt_install() {
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# without_services runs a command that installs servers, and keeps their packages from starting them.
without_services() {
	local policy=/usr/sbin/policy-rc.d status=0
	[ ! -e $policy ] || policy=
	[ -z "$policy" ] || command install -m 755 /dev/stdin $policy <<<$'#!/bin/sh\nexit 101'
	"$@" || status=$?
	[ -z "$policy" ] || rm -f $policy
	return $status
}
