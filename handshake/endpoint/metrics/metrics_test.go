package metrics_test

import (
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"tfocraft/handshake/endpoint"
	"tfocraft/handshake/endpoint/metrics"
)

// A source counts whatever the test wants.
type source struct {
	counters    endpoint.Counters
	connections int
}

func (s source) Counters() endpoint.Counters { return s.counters }
func (s source) Connections() int            { return s.connections }

// numbered has another value in each counter: 1 in the first field, 2 in the
// second.
func numbered() source {
	s := source{connections: 1000}
	v := reflect.ValueOf(&s.counters).Elem()
	for i := range v.NumField() {
		v.Field(i).SetUint(uint64(i + 1))
	}
	return s
}

var (
	acronym = regexp.MustCompile(`(TCP|ICMP|DSACK|PAWS|Q)([A-Z])`)
	word    = regexp.MustCompile(`([a-z])([A-Z])`)
)

// metricName is the name of the metric for a field.
func metricName(field string) string {
	field = acronym.ReplaceAllString(field, "${1}_${2}")
	name := "tfo_" + strings.ToLower(word.ReplaceAllString(acronym.ReplaceAllString(field, "${1}_${2}"), "${1}_${2}"))
	if field == "CurrEstab" {
		return name
	}
	return name + "_total"
}

// Every counter of a stack has its metric, with its name and its value, as a
// scraper sees it.
func TestScrape(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(metrics.NewCollector(numbered()))
	w := httptest.NewRecorder()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	fields := reflect.VisibleFields(reflect.TypeFor[endpoint.Counters]())
	for i, f := range fields {
		name := metricName(f.Name)
		family := families[name]
		if family == nil {
			t.Errorf("no metric %s for %s", name, f.Name)
			continue
		}
		m := family.GetMetric()[0]
		if got := m.GetCounter().GetValue() + m.GetGauge().GetValue(); got != float64(i+1) {
			t.Errorf("%s = %v, want %d", name, got, i+1)
		}
		if help := family.GetHelp(); !strings.Contains(help, "("+f.Name+")") {
			t.Errorf("%s: help %q does not name %s", name, help, f.Name)
		}
	}
	if got := families["tfo_connections"].GetMetric()[0].GetGauge().GetValue(); got != 1000 {
		t.Errorf("tfo_connections = %v, want 1000", got)
	}
	if got, want := len(families), len(fields)+1; got != want {
		t.Errorf("%d metrics, want %d", got, want)
	}
}

// The metrics are as Prometheus would have them.
func TestLint(t *testing.T) {
	problems, err := testutil.CollectAndLint(metrics.NewCollector(source{}))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}
