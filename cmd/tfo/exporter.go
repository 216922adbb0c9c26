package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"tfocraft/handshake/endpoint/metrics"
)

// An exporter shows Prometheus what a server counts. It listens on a socket of
// the kernel: who watches a server must not depend on what is watched. A nil
// exporter shows nothing.
type exporter struct {
	registry *prometheus.Registry
	listener net.Listener
	web      http.Server
}

// openExporter listens on an address, or returns nil if there is none.
func openExporter(ctx context.Context, address string) (*exporter, error) {
	if address == "" {
		return nil, nil
	}
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = net.DefaultResolver.LookupPort(ctx, "tcp", port)
	}
	if err != nil {
		return nil, usagef("--metrics: %q is not [ADDR]:PORT", address)
	}
	var lc net.ListenConfig
	e := &exporter{registry: prometheus.NewRegistry()}
	if e.listener, err = lc.Listen(ctx, "tcp", address); err != nil {
		return nil, fmt.Errorf("--metrics %s: %w", address, plain(err))
	}
	e.registry.MustRegister(collectors.NewGoCollector(), collectors.NewBuildInfoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(e.registry, promhttp.HandlerOpts{}))
	e.web = http.Server{Handler: mux, ReadTimeout: patience, WriteTimeout: patience, IdleTimeout: 2 * time.Minute}
	return e, nil
}

// watch adds the stack of an interface to what is shown.
func (e *exporter) watch(ifname string, source metrics.Source) {
	if e == nil {
		return
	}
	labelled := prometheus.WrapRegistererWith(prometheus.Labels{"interface": ifname}, e.registry)
	labelled.MustRegister(metrics.NewCollector(source))
}

// serve answers until close. What it was asked while the stacks were being
// opened has waited in the kernel.
func (e *exporter) serve() {
	if e != nil {
		go e.web.Serve(e.listener) // which fails when close closes it
	}
}

// describe is where the metrics are.
func (e *exporter) describe() string {
	if e == nil {
		return ""
	}
	return fmt.Sprintf(", metrics on http://%s/metrics", e.listener.Addr())
}

func (e *exporter) close() error {
	if e == nil {
		return nil
	}
	err := errors.Join(e.web.Close(), e.listener.Close())
	if errors.Is(err, net.ErrClosed) { // by the first of the two
		return nil
	}
	return err
}
