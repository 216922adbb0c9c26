package iptables

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
)

// What BackendStatus.Detail says about nft, by what the machine has.
const (
	nftOwned     = "netlink; tables end with their socket (owner flag)"
	nftWatched   = "netlink; no owner flag in this kernel (Linux 5.12), a watcher runs nft"
	nftUnguarded = "netlink; no owner flag in this kernel (Linux 5.12), no nft program: rules of a killed process stay until the next sweep"
)

// Available reports on both backends in the network namespace of the calling thread,
// nft first. It changes nothing: nf_tables is asked to validate a table and
// not to commit it, of the iptables programs only the version is read.
func Available(ctx context.Context) []BackendStatus {
	return []BackendStatus{nftStatus(), iptStatus(ctx)}
}

func nftStatus() BackendStatus {
	s := BackendStatus{Backend: BackendNFT}
	owned, err := probeNFT()
	switch {
	case err != nil:
		s.Err = err
	case owned:
		s.SurvivesKill, s.owned, s.Detail = true, true, nftOwned
	case findProgram("nft") != "":
		s.SurvivesKill, s.Detail = true, nftWatched
	default:
		s.Detail = nftUnguarded
	}
	return s
}

func iptStatus(ctx context.Context) BackendStatus {
	s := BackendStatus{Backend: BackendIPTables}
	for _, is4 := range []bool{true, false} {
		version, _, err := iptVersion(ctx, findProgram(programName(is4)))
		if err != nil {
			continue
		}
		if s.Detail != "" {
			s.Detail += ", "
		}
		s.Detail += version
	}
	if s.Detail == "" {
		s.Err = fmt.Errorf("iptables: neither iptables nor ip6tables is installed: %w", ErrNoBackend)
		return s
	}
	if err := checkProgramPrivilege(); err != nil {
		s.Err = fmt.Errorf("iptables: %w", err)
		return s
	}
	s.SurvivesKill = true
	return s
}

// findProgram returns the path of a program. The directories of system programs are
// searched too: a root shell by su does not have them in PATH.
func findProgram(name string) string {
	for _, dir := range []string{"", "/usr/sbin/", "/sbin/", "/usr/local/sbin/"} {
		if path, err := exec.LookPath(dir + name); err == nil {
			return path
		}
	}
	return ""
}

// choose finds the backend to use.
func choose(ctx context.Context, want Backend) (BackendStatus, error) {
	switch want {
	case BackendNFT:
		s := nftStatus()
		return s, s.Err
	case BackendIPTables:
		s := iptStatus(ctx)
		return s, s.Err
	case BackendAuto:
		nft := nftStatus()
		if nft.Err == nil && nft.owned {
			return nft, nil
		}
		return pick(nft, iptStatus(ctx))
	}
	return BackendStatus{}, fmt.Errorf("iptables: %v", want)
}

// pick is the order of BackendAuto.
func pick(nft, ipt BackendStatus) (BackendStatus, error) {
	switch {
	case nft.Err == nil && nft.owned:
		return nft, nil
	case ipt.Err == nil:
		return ipt, nil
	case nft.Err == nil:
		return nft, nil
	case errors.Is(nft.Err, ErrPrivilege), errors.Is(ipt.Err, ErrPrivilege):
		return nft, fmt.Errorf("iptables: %w", ErrPrivilege)
	}
	return nft, fmt.Errorf("iptables: nft: %v; iptables: not installed: %w", nft.Err, ErrNoBackend)
}
