package scenario

import (
	"testing"
	"time"
)

// The checks allow 3 % of the round trip on the path, 10 % of it for applications, in either direction, at either side.
func TestMeasurementChecks(t *testing.T) {
	const ms = time.Millisecond
	good := Measurement{
		Stack: Kernel, RTT: 100 * ms, Trip: 100 * ms, Plain: Wait{150 * ms, 200 * ms}, FastOpen: Wait{50 * ms, 100 * ms},
		AppPlain: Wait{151 * ms, 201 * ms}, AppFastOpen: Wait{51 * ms, 101 * ms},
	}
	for _, test := range []struct {
		name        string
		change      func(m *Measurement)
		onPath, app bool
	}{
		{"as expected", func(*Measurement) {}, true, true},
		{"3 % more", func(m *Measurement) { m.Plain.Request += 3 * ms }, true, true},
		{"4 % more for the request", func(m *Measurement) { m.Plain.Request += 4 * ms }, false, true},
		{"4 % less for the response", func(m *Measurement) { m.FastOpen.Response += 4 * ms }, false, true},
		{"nothing saved", func(m *Measurement) { m.FastOpen = m.Plain }, false, true},
		{"a longer way", func(m *Measurement) { m.Trip = 104 * ms }, false, true},
		{"10 % more for the application", func(m *Measurement) { m.AppPlain.Response += 10 * ms }, true, true},
		{"11 % less for the application", func(m *Measurement) { m.AppFastOpen.Request += 11 * ms }, true, false},
	} {
		m := good
		test.change(&m)
		c := m.Checks()
		if len(c) != 2 || c[0].OK != test.onPath || c[1].OK != test.app {
			t.Errorf("%s: %+v", test.name, c)
		}
		if got := m.asExpected(); got != (test.onPath && test.app) {
			t.Errorf("%s: as expected: %t", test.name, got)
		}
	}
	good.RTT = 9 * ms
	if c := good.Checks(); len(c) != 0 {
		t.Errorf("9 ms are judged: %+v", c)
	}
}

func TestMedian(t *testing.T) {
	of := func(times ...time.Duration) (all []timing) {
		for _, d := range times {
			all = append(all, timing{trip: d})
		}
		return all
	}
	for _, test := range []struct {
		of   []timing
		want time.Duration
	}{{of(7), 7}, {of(9, 1, 5), 5}, {of(100, 4, 1, 2), 3}} {
		if got := median(test.of, func(t timing) time.Duration { return t.trip }); got != test.want {
			t.Errorf("median of %v = %d, want %d", test.of, got, test.want)
		}
	}
}
