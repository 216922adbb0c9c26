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

// The guard knows the handle of each of its rules, so that it need not look for
// one among all to remove it.
func TestHandles(t *testing.T) {
	newNetNS(t)
	g := openTest(t, BackendNFT)
	engine := g.engine.(*nftEngine)
	scopes := []Scope{
		{Local: ap("192.0.2.1:4001"), Mode: ModeRST},
		{Local: ap("192.0.2.1:4001"), Remote: ap("192.0.2.2:80"), Mode: ModeInbound},
		{Local: ap("[2001:db8::1]:4002"), Mode: ModeInbound},
	}
	for _, scope := range scopes {
		add(t, g, scope)
	}
	listed, err := engine.conn.rules(g.Tag())
	if err != nil || len(listed) != len(scopes) {
		t.Fatalf("%d rules listed, %v; want %d", len(listed), err, len(scopes))
	}
	for _, l := range listed {
		if got := engine.handles[l.Rule]; got != l.handle {
			t.Errorf("%v: handle %d, want %d", l.Rule, got, l.handle)
		}
	}
	for _, scope := range scopes {
		if err := g.Remove(scope); err != nil {
			t.Fatal(err)
		}
	}
	if listed, err = engine.conn.rules(g.Tag()); err != nil || len(listed)+len(engine.handles) > 0 {
		t.Errorf("%d rules and %d handles are left, %v", len(listed), len(engine.handles), err)
	}
}
