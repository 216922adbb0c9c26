// Package metrics shows what a [endpoint.Stack] has counted to Prometheus.
//
// A [Collector] reads the stack when it is scraped, and never else. Register it
// with a [prometheus.Registerer] of the program's own; one that hosts several
// stacks tells them apart with [prometheus.WrapRegistererWith]. How the metrics
// are served is the program's affair.
package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"tfocraft/handshake/endpoint"
)

// A Source is what a Collector reads: an [*endpoint.Stack].
type Source interface {
	Counters() endpoint.Counters
	Connections() int
}

var _ Source = (*endpoint.Stack)(nil)

// A Collector has one metric for each field of [endpoint.Counters], and one for
// the number of connections. The names are those of the fields with tfo_ in
// front and _total behind; the field's own name, which is Linux's where Linux
// counts the same, stands in the help text. CurrEstab is a gauge, without _total.
type Collector struct {
	source                 Source
	connections, currEstab *prometheus.Desc
}

var _ prometheus.Collector = (*Collector)(nil)

// NewCollector returns a collector of what source has counted.
func NewCollector(source Source) *Collector {
	return &Collector{
		source:      source,
		connections: prometheus.NewDesc("tfo_connections", "Connections that are there, in whatever state.", nil, nil),
		currEstab:   prometheus.NewDesc("tfo_curr_estab", "Connections in ESTABLISHED or CLOSE-WAIT (CurrEstab).", nil, nil),
	}
}

// Describe implements [prometheus.Collector].
func (c *Collector) Describe(descs chan<- *prometheus.Desc) {
	descs <- c.connections
	descs <- c.currEstab
	for i := range counters {
		descs <- counters[i].desc
	}
}

// Collect implements [prometheus.Collector]. All values are of one moment, but
// for the number of connections, which is of the moment after.
func (c *Collector) Collect(metrics chan<- prometheus.Metric) {
	values := c.source.Counters()
	for i := range counters {
		metrics <- prometheus.MustNewConstMetric(counters[i].desc, prometheus.CounterValue, float64(counters[i].value(&values)))
	}
	metrics <- prometheus.MustNewConstMetric(c.currEstab, prometheus.GaugeValue, float64(values.CurrEstab))
	metrics <- prometheus.MustNewConstMetric(c.connections, prometheus.GaugeValue, float64(c.source.Connections()))
}
