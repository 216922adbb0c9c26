package iptables

import (
	"os"
	"testing"
)

// The kernel names sockets after the process while it can; an owner never has
// that name, which sockets before and after it may have as well.
func TestOwnerPortID(t *testing.T) {
	newNetNS(t)
	pid := uint32(os.Getpid())
	first, err := dialNFT()
	if err != nil {
		t.Fatal(err)
	}
	if id, err := first.portID(); err != nil || id != pid {
		t.Errorf("first socket: got port ID %d, %v, want that of the process, %d", id, err, pid)
	}
	first.close()
	owner, err := dialOwner()
	if err != nil {
		t.Fatal(err)
	}
	defer owner.close()
	if id, err := owner.portID(); err != nil || id == pid {
		t.Errorf("owner: got port ID %d, %v, want one that is not %d", id, err, pid)
	}
}
