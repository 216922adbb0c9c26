package main

import (
	"context"
	"fmt"
	"net/netip"
)

func latencySubject() subject {
	kernels := "kernel->kernel"
	return subject{
		name:    "latency",
		about:   "one connection after the other, from connecting to the first byte of the response",
		figures: []figure{{"median", "us", 1}, {"p99", "us", 1}, {"", "connections/s", 0}},
		contenders: []contender{
			{name: "ours->kernel", against: []string{kernels}, measure: latency(dialOurs(), kernelServer)},
			{name: "ours->ours", against: []string{kernels}, measure: latency(dialOurs(), oursServer)},
			{name: "kernel->ours", against: []string{kernels}, measure: latency(dialKernel, oursServer)},
			{name: "ours->kernel, XDP", against: []string{kernels}, measure: latency(dialOurs("-xdp"), kernelServer)},
			{name: "ours->ours, XDP", against: []string{kernels}, measure: latency(dialOurs("-xdp"), earlyServer)},
			{name: "kernel->ours, XDP", against: []string{kernels}, measure: latency(dialKernel, earlyServer)},
			{name: kernels, measure: latency(dialKernel, kernelServer)},
		},
	}
}

// dialKernel runs the kernel's client.
func dialKernel(ctx context.Context, s *scene) (numbers, error) {
	return runStick(ctx, s.Client, clientCore, s.t.program("cli"),
		s.Server.Addr4.String(), fmt.Sprint(port), fmt.Sprint(s.t.connections), "fastopen")
}

// dialOurs runs a client of the library's. Its address is not the kernel's, so it needs no guard.
func dialOurs(flags ...string) func(context.Context, *scene) (numbers, error) {
	return func(ctx context.Context, s *scene) (numbers, error) {
		return runStick(ctx, s.Client, clientCore, s.t.program("peer"), append([]string{"dial", "-i", s.Client.Interface,
			"-addr", oursAddr(s.Client).String(), "-peer", netip.AddrPortFrom(s.Server.Addr4, port).String(),
			"-peer-mac", s.Server.MAC.String(), "-n", fmt.Sprint(s.t.connections)}, flags...)...)
	}
}

func latency(dial func(context.Context, *scene) (numbers, error), server server) func(context.Context, *traffic) ([]float64, error) {
	return func(ctx context.Context, t *traffic) ([]float64, error) {
		return t.against(ctx, server, func(s *scene, _ *daemon) ([]float64, error) {
			n, err := dial(ctx, s)
			if err != nil {
				return nil, err
			}
			return latencyFigures(n)
		})
	}
}

func latencyFigures(n numbers) ([]float64, error) {
	counts, err := n.get("started", "done", "accepted")
	if err != nil {
		return nil, err
	}
	started, done, accepted := counts[0], counts[1], counts[2]
	// A SYN that the machine was too busy for is sent again without the request.
	if done != started || accepted < 0.9*started {
		return nil, fmt.Errorf("of %.0f connections %.0f got the response, %.0f had their request taken from the SYN", started, done, accepted)
	}
	return n.get("p50_us", "p99_us", "rate")
}
