package main

import "strings"

// A side is one of the stacks, with flags for its program.
type side struct {
	stack string // "ours", "gvisor" or "kernel"
	flags string
}

// A pair is who sends and who receives. The ratio of its rate is to that of the pair called against.
type pair struct {
	from, to side
	against  string
}

func (p pair) name() string {
	name := p.from.stack + "->" + p.to.stack
	flags := p.from.flags
	if flags == "" {
		flags = p.to.flags
	}
	return strings.TrimSpace(name + " " + flags)
}

var (
	ours   = side{stack: "ours"}
	gvisor = side{stack: "gvisor"}
	kernel = side{stack: "kernel"}
)

// bulkPairs has each pair of ours beside its peer.
func bulkPairs() []pair {
	return []pair{
		{from: ours, to: ours, against: "gvisor->gvisor"},
		{from: gvisor, to: gvisor},
		{from: ours, to: kernel, against: "gvisor->kernel"},
		{from: gvisor, to: kernel},
		{from: kernel, to: ours, against: "kernel->gvisor"},
		{from: kernel, to: gvisor},
		{from: kernel, to: kernel},
	}
}

// gvisorConfigs are what might be the fastest on one machine or another; the first is the default. That "own" and
// "off" segmentation are here is for the record: they send what the MTU allows, one by one. Without the receive
// offload, only finished checksums are taken, which "host" segmentation does not send either.
var gvisorConfigs = []string{
	"",
	"-fifo=false",
	"-rack",
	"-rack -cc cubic",
	"-cc cubic",
	"-gro",
	"-dispatch mmap",
	"-dispatch readv",
	"-processors 1",
	"-buffer 2097152",
	"-buffer 8388608",
	"-buffer 33554432",
	"-socket-buffer 4194304",
	"-gso own",
	"-gso own -gro",
	"-gso off",
	"-gso off -rxsum=false",
}

// configPairs has configurations of gVisor's stack, each in every role. Where the kernel sends, frames are long and
// their checksums unfinished: without the receive offload nothing can arrive, so this is left out.
func configPairs(configs []string) (pairs []pair) {
	for _, flags := range configs {
		g := side{stack: "gvisor", flags: flags}
		pairs = append(pairs, pair{from: g, to: g, against: "gvisor->gvisor"}, pair{from: g, to: kernel, against: "gvisor->kernel"})
		if !strings.Contains(flags, "-rxsum=false") {
			pairs = append(pairs, pair{from: kernel, to: g, against: "kernel->gvisor"})
		}
	}
	return append(pairs, pair{from: kernel, to: kernel})
}
