package path_test

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"
	"time"

	"tfocraft/wire/path"
	"tfocraft/wire/wiretest"
)

var epoch = time.Unix(1_000_000_000, 0)

// A oneWay is a path of which one way is used.
type oneWay struct {
	*path.Path
	from, to path.Place
}

// newOneWay returns the way whose random stream is the first of the seed, or the second.
func newOneWay(t testing.TB, way path.Way, seed, stream uint64, boxes ...path.Middlebox) oneWay {
	t.Helper()
	p, err := path.New(path.Both(seed, way, boxes...))
	if err != nil {
		t.Fatal(err)
	}
	if stream == 0 {
		return oneWay{p, path.Near, path.Far}
	}
	return oneWay{p, path.Far, path.Near}
}

func (o oneWay) Send(now time.Time, frame []byte) { o.Path.Send(now, o.from, frame) }

func (o oneWay) Deliver(now time.Time) [][]byte { return o.Path.Deliver(now)[o.to] }

func (o oneWay) Counters() path.Counters {
	forward, backward := o.Path.Counters()
	if o.from == path.Near {
		return forward
	}
	return backward
}

// numbered returns a frame that carries n as its payload. Its checksum is wrong
// for any n but 0, which no path looks at.
func numbered(t testing.TB) func(n int) []byte {
	t.Helper()
	frame := wiretest.Frame(t, "192.0.2.1:1234", "192.0.2.2:80", ". 1:5(4) ack 1 win 9", "\x00\x00\x00\x00")
	return func(n int) []byte {
		binary.BigEndian.PutUint32(frame[len(frame)-4:], uint32(n))
		return frame
	}
}

func number(frame []byte) int { return int(binary.BigEndian.Uint32(frame[len(frame)-4:])) }

// An arrival is a frame by its number, and when it came.
type arrival struct {
	n     int
	after time.Duration // since the epoch
}

// run sends n numbered frames, one every gap, and returns what arrives.
func run(t testing.TB, d oneWay, n int, gap time.Duration) (arrivals []arrival) {
	t.Helper()
	frame := numbered(t)
	deliverUntil := func(limit time.Time) {
		for at := d.Deadline(); !at.IsZero() && !at.After(limit); at = d.Deadline() {
			got := d.Deliver(at)
			if len(got) == 0 {
				t.Fatal("nothing arrives at the deadline")
			}
			for _, f := range got {
				arrivals = append(arrivals, arrival{number(f), at.Sub(epoch)})
			}
		}
	}
	for i := range n {
		now := epoch.Add(time.Duration(i) * gap)
		deliverUntil(now)
		d.Send(now, frame(i))
	}
	deliverUntil(epoch.Add(time.Hour))
	return arrivals
}

// everything that can happen to a frame, at once.
var everything = path.Way{
	Delay: 10 * time.Millisecond, Jitter: 5 * time.Millisecond,
	Loss: 0.1, Duplicate: 0.1, Reorder: 0.1, Corrupt: 0.1,
}

// The seed decides, and each stream of it is another.
func TestFateFollowsFromTheSeed(t *testing.T) {
	first := run(t, newOneWay(t, everything, 1, 0), 1000, time.Millisecond)
	if again := run(t, newOneWay(t, everything, 1, 0), 1000, time.Millisecond); !slices.Equal(first, again) {
		t.Error("the same seed gives another fate")
	}
	for _, other := range [][2]uint64{{2, 0}, {1, 1}} {
		if slices.Equal(first, run(t, newOneWay(t, everything, other[0], other[1]), 1000, time.Millisecond)) {
			t.Errorf("seed and stream %d give the fate of another", other)
		}
	}
}

// What is lost at a low rate of loss is lost at a higher one, and other troubles
// do not change that.
func TestFatesAreApart(t *testing.T) {
	survivors := func(cfg path.Way) map[int]bool {
		got := make(map[int]bool)
		for _, a := range run(t, newOneWay(t, cfg, 3, 0), 1000, time.Millisecond) {
			got[a.n] = true
		}
		return got
	}
	few, more := survivors(path.Way{Loss: 0.2}), survivors(path.Way{Loss: 0.1, Duplicate: 0.5, Reorder: 0.5, Jitter: time.Second})
	if len(few) >= len(more) {
		t.Fatalf("got %d and %d survivors, want less of the first", len(few), len(more))
	}
	for n := range few {
		if !more[n] {
			t.Errorf("frame %d survives a loss of 0.2 and not of 0.1", n)
		}
	}
}

// wantShare checks a frequency against five standard deviations.
func wantShare(t *testing.T, what string, got uint64, n int, p float64) {
	t.Helper()
	want, sigma := float64(n)*p, math.Sqrt(float64(n)*p*(1-p))
	if math.Abs(float64(got)-want) > 5*sigma {
		t.Errorf("%s: got %d of %d, want %.0f ± %.0f", what, got, n, want, 5*sigma)
	}
}

func TestFrequencies(t *testing.T) {
	const n = 100_000
	cfg := path.Way{Loss: 0.05, Duplicate: 0.02, Reorder: 0.03, Corrupt: 0.01}
	d := newOneWay(t, cfg, 1, 0)
	arrivals := run(t, d, n, 0)
	got := d.Counters()
	wantShare(t, "lost", got.Lost, n, cfg.Loss)
	wantShare(t, "duplicated", got.Duplicated, n, cfg.Duplicate*(1-cfg.Loss))
	wantShare(t, "reordered", got.Reordered, n, cfg.Reorder*(1-cfg.Loss))
	wantShare(t, "corrupted", got.Corrupted, n, cfg.Corrupt*(1-cfg.Loss))
	if got.Sent != n || got.Delivered != uint64(len(arrivals)) || got.Delivered != n-got.Lost-got.QueueDrops+got.Duplicated {
		t.Errorf("counters do not add up: %+v, %d arrivals", got, len(arrivals))
	}
}

// Runs of loss have the length that was asked for and leave the rate as it is.
func TestLossBurst(t *testing.T) {
	const n, burst = 200_000, 4
	d := newOneWay(t, path.Way{Loss: 0.1, LossBurst: burst}, 1, 0)
	arrivals := run(t, d, n, time.Microsecond)
	runs := 0
	for i := 1; i < len(arrivals); i++ {
		if arrivals[i].n > arrivals[i-1].n+1 {
			runs++
		}
	}
	lost := float64(d.Counters().Lost)
	if share := lost / n; math.Abs(share-0.1) > 0.01 {
		t.Errorf("share of loss: got %v, want 0.1", share)
	}
	if mean := lost / float64(runs); math.Abs(mean-burst) > 0.2 {
		t.Errorf("mean run: got %v, want %v", mean, burst)
	}
}

func TestDelay(t *testing.T) {
	for i, a := range run(t, newOneWay(t, path.Way{Delay: 10 * time.Millisecond}, 1, 0), 100, time.Millisecond) {
		if want := (arrival{i, 10*time.Millisecond + time.Duration(i)*time.Millisecond}); a != want {
			t.Errorf("got %v, want %v", a, want)
		}
	}
}

// Jitter delays by all that it may and keeps the order.
func TestJitterKeepsOrder(t *testing.T) {
	cfg := path.Way{Delay: 10 * time.Millisecond, Jitter: 10 * time.Millisecond}
	var least, most time.Duration = time.Hour, 0
	for i, a := range run(t, newOneWay(t, cfg, 1, 0), 1000, time.Millisecond) {
		took := a.after - time.Duration(i)*time.Millisecond
		least, most = min(least, took), max(most, took)
		if a.n != i {
			t.Fatalf("frame %d arrives as number %d", a.n, i)
		}
	}
	if least < 10*time.Millisecond || least > 12*time.Millisecond || most < 18*time.Millisecond || most > 20*time.Millisecond {
		t.Errorf("got from %v to %v, want from 10ms to 20ms", least, most)
	}
}

// A frame that is held back is overtaken by those of as long as it is held.
func TestReorder(t *testing.T) {
	d := newOneWay(t, path.Way{Delay: 10 * time.Millisecond, Reorder: 0.1, ReorderBy: 3500 * time.Microsecond}, 1, 0)
	overtaken := uint64(0)
	for _, a := range run(t, d, 1000, time.Millisecond) {
		sent := time.Duration(a.n) * time.Millisecond
		switch a.after - sent {
		case 10 * time.Millisecond:
		case 13500 * time.Microsecond:
			overtaken++
		default:
			t.Errorf("frame %d took %v", a.n, a.after-sent)
		}
	}
	if want := d.Counters().Reordered; overtaken != want || want == 0 {
		t.Errorf("late: got %d, want %d", overtaken, want)
	}
}

// The bottleneck sends one frame after the other and drops what its queue does
// not take.
func TestBottleneck(t *testing.T) {
	size := len(numbered(t)(0))
	cfg := path.Way{Delay: time.Millisecond, Rate: size * 1000, Queue: 3 * size} // a frame a millisecond
	d := newOneWay(t, cfg, 1, 0)
	got := run(t, d, 5, 0)
	want := []arrival{{0, 2 * time.Millisecond}, {1, 3 * time.Millisecond}, {2, 4 * time.Millisecond}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if drops := d.Counters().QueueDrops; drops != 2 {
		t.Errorf("drops: got %d, want 2", drops)
	}
}

// ARP and neighbour discovery are never lost, and IPv6 itself is.
func TestOneWire(t *testing.T) {
	arp := make([]byte, 42)
	binary.BigEndian.PutUint16(arp[12:], 0x0806)
	solicitation := make([]byte, 14+40+24)
	binary.BigEndian.PutUint16(solicitation[12:], 0x86dd)
	copy(solicitation[14:], []byte{0x60, 0, 0, 0, 0, 24, 58, 255})
	solicitation[14+40] = 135
	for name, frame := range map[string][]byte{"ARP": arp, "solicitation": solicitation} {
		d := newOneWay(t, path.Way{Loss: 1, Delay: time.Second}, 1, 0)
		d.Send(epoch, frame)
		if got := d.Deliver(epoch.Add(time.Second)); len(got) != 1 || !slices.Equal(got[0], frame) {
			t.Errorf("%s: got %x, want the frame", name, got)
		}
	}
	d := newOneWay(t, path.Way{Loss: 1}, 1, 0)
	d.Send(epoch, wiretest.Frame(t, "[2001:db8::1]:1", "[2001:db8::2]:2", "S 0:0(0) win 1", ""))
	if got := d.Deliver(epoch.Add(time.Hour)); len(got) != 0 || d.Counters().Lost != 1 {
		t.Errorf("a SYN over IPv6 is not lost: %x", got)
	}
}

func TestCheck(t *testing.T) {
	for name, cfg := range map[string]path.Way{
		"loss":      {Loss: 1.1},
		"no number": {Corrupt: math.NaN()},
		"duplicate": {Duplicate: -0.1},
		"delay":     {Delay: -1},
		"rate":      {Rate: -1},
		"MTU":       {MTU: 67},
		"short run": {Loss: 0.1, LossBurst: 0.5},
		"runs":      {Loss: 0.9, LossBurst: 2},
	} {
		if p, err := path.New(path.Both(1, cfg)); err == nil || p != nil {
			t.Errorf("%s: got no error", name)
		}
	}
	if _, err := path.New(nil); err != nil {
		t.Errorf("defaults: %v", err)
	}
}

// In the steady state a frame costs no allocation.
func TestDirectionAllocatesNothing(t *testing.T) {
	cfg := everything
	cfg.Rate = 1e6
	d := newOneWay(t, cfg, 1, 0, path.Middlebox{Name: "strip-sack"}, path.Middlebox{Name: "rewrite-isn"}, path.Middlebox{Name: "normalise-options"})
	frame, now := numbered(t)(0), epoch
	step := func() {
		for range 100 {
			now = now.Add(100 * time.Microsecond)
			d.Send(now, frame)
			d.Deliver(now)
		}
	}
	for range 100 {
		step()
	}
	if n := testing.AllocsPerRun(100, step); n >= 1 {
		t.Errorf("allocations for 100 frames: got %v, want 0", n)
	}
}

func BenchmarkDirection(b *testing.B) {
	d := newOneWay(b, everything, 1, 0)
	frame, now := numbered(b)(0), epoch
	for b.Loop() {
		now = now.Add(10 * time.Microsecond)
		d.Send(now, frame)
		d.Deliver(now)
	}
}
