package iptables

import (
	"os"
	"path/filepath"
	"testing"
)

// variant is a backend as the tests know it: both kinds of iptables count.
type variant struct {
	name    string
	backend Backend
	suffix  string // of the program to use as iptables, after its name
}

func variants() []variant {
	return []variant{{"nft", BackendNFT, ""}, {"iptables-nft", BackendIPTables, "-nft"}, {"iptables-legacy", BackendIPTables, "-legacy"}}
}

// TestVariants runs each test with each backend that the machine has, in a network
// namespace of its own. They wait for the kernel more than they work: hence in parallel.
func TestVariants(t *testing.T) {
	tests := map[string]func(*testing.T, Backend){
		"GuardSilencesKernel":        testGuardSilencesKernel,
		"GuardRemote":                testGuardRemote,
		"InboundReachesPacketSocket": testInboundReachesPacketSocket,
		"GuardCountsReferences":      testGuardCountsReferences,
		"GuardClose":                 testGuardClose,
		"GuardSurvivesFlush":         testGuardSurvivesFlush,
		"GuardFromOtherNamespace":    testGuardFromOtherNamespace,
		"KilledProcessLeavesNothing": testKilledProcessLeavesNothing,
		"OrderlyEnd":                 testOrderlyEnd,
		"InstallUninstall":           testInstallUninstall,
		"EveryShape":                 testEveryShape,
		"PrintedCommandsWork":        testPrintedCommandsWork,
		"Sweep":                      testSweep,
		"SweepKeepsReusedPID":        testSweepKeepsReusedPID,
		"OpenSweeps":                 testOpenSweeps,
		"ForeignRules":               testForeignRules,
	}
	for _, v := range variants() {
		t.Run(v.name, func(t *testing.T) {
			v.use(t)
			for name, test := range tests {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					newNetNS(t)
					test(t, v.backend)
				})
			}
		})
	}
}

// use makes the variant what the machine has, or skips the test.
func (v variant) use(t *testing.T) {
	t.Helper()
	if v.backend == BackendNFT {
		if s := nftStatus(); s.Err != nil {
			t.Skip(s.Err)
		}
		return
	}
	dir := t.TempDir()
	for _, name := range []string{"iptables", "ip6tables"} {
		path := findProgram(name + v.suffix)
		if path == "" {
			t.Skipf("needs the program %s%s", name, v.suffix)
		}
		if err := os.Symlink(path, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	t.Setenv("XTABLES_LOCKFILE", filepath.Join(t.TempDir(), "xtables.lock"))
}
