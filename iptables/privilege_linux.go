package iptables

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// checkPrivilege asks whether the packet filter may be changed. The answer of nf_tables
// counts: a capability may be that of a user namespace that does not own this network
// namespace. Without nf_tables, this thread's capabilities have to do.
func checkPrivilege() error {
	err := checkNFT()
	if errors.Is(err, ErrPrivilege) || err != nil && !hasNetAdmin() {
		return ErrPrivilege
	}
	return nil
}

// checkProgramPrivilege asks whether programs that this one starts may change the packet
// filter. Capabilities of this program's file do not reach them: root's do, and those
// that were made ambient.
func checkProgramPrivilege() error {
	if err := checkPrivilege(); err != nil {
		return err
	}
	if os.Geteuid() == 0 {
		return nil
	}
	ambient, err := unix.PrctlRetInt(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_IS_SET, unix.CAP_NET_ADMIN, 0, 0)
	if err != nil || ambient == 0 {
		return fmt.Errorf("iptables and ip6tables do not get this program's capabilities, use the nft backend or root: %w", ErrPrivilege)
	}
	return nil
}

// hasNetAdmin reports whether CAP_NET_ADMIN is in the effective set of this thread.
func hasNetAdmin() bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if unix.Capget(&header, &data[0]) != nil {
		return false
	}
	return data[0].Effective&(1<<unix.CAP_NET_ADMIN) != 0
}
