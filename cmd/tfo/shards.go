package main

import (
	"errors"
	"runtime"
	"syscall"

	"github.com/spf13/pflag"

	"tfocraft/handshake/endpoint"
)

// A shardFlag is how many stacks share an interface; 0 leaves it to the program.
type shardFlag int

func (n *shardFlag) add(f *pflag.FlagSet) {
	f.IntVar((*int)(n), "shards", 0, "share the clients of an interface between `N` stacks, each with a processor to itself;\n0 means as many as there are processors")
}

func (n shardFlag) check() error {
	if n < 0 || n > maxShards {
		return usagef("--shards: %d is not between 0 and %d", n, maxShards)
	}
	return nil
}

// maxShards is what the kernel lets share an interface.
const maxShards = 256

// A shardedStack is the stacks of an interface that share its clients, with their guard.
type shardedStack struct {
	shards []*endpoint.Stack
	guard  *portGuard
}

// openShardedStack starts the stacks that the flag asks for. They close the guard, and the
// observer stays the caller's.
func openShardedStack(ifname string, n shardFlag, c endpoint.Config, guard *portGuard, ob *observer) (*shardedStack, error) {
	want := int(n)
	switch {
	case n == 0 && c.XDP:
		want = 1
	case n == 0:
		want = min(runtime.GOMAXPROCS(0), maxShards)
	}
	shards, err := openShards(ifname, want, c, guard, ob)
	if n == 0 && errors.Is(err, syscall.ENETDOWN) {
		// What is down has no clients to share, and may come up.
		shards, err = openShards(ifname, 1, c, guard, ob)
	}
	if err != nil {
		return nil, err
	}
	return &shardedStack{shards, guard}, nil
}

// Counters implements [metrics.Source]: what all of them have counted.
func (s *shardedStack) Counters() (sum endpoint.Counters) {
	for _, shard := range s.shards {
		sum = sum.Plus(shard.Counters())
	}
	return sum
}

// Connections implements [metrics.Source].
func (s *shardedStack) Connections() (n int) {
	for _, shard := range s.shards {
		n += shard.Connections()
	}
	return n
}

// shutdown waits for orderly closes, and then removes the guard.
func (s *shardedStack) shutdown() error {
	return errors.Join(shutdown(s.shards...), s.guard.close())
}
