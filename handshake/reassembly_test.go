package handshake

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"tfocraft/wire"
)

// Segments in any order, overlapping and repeated, come out byte for byte (C-20).
func TestReassembly(t *testing.T) {
	for seed := range uint64(1000) {
		rng := rand.New(rand.NewPCG(seed, 20))
		data := make([]byte, 1+rng.IntN(3000))
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		if got := reassemble(t, rng, data); !bytes.Equal(got, data) {
			t.Fatalf("seed %d: got %d bytes, want %d", seed, len(got), len(data))
		}
	}
}

// reassemble feeds a receiver until it has everything.
func reassemble(t *testing.T, rng *rand.Rand, data []byte) (got []byte) {
	t.Helper()
	start := wire.Seq(rng.Uint32())
	r := receiver{}
	r.init(&Config{RecvBuffer: 1 << 20, MSS: 1460})
	r.start(start)
	for range 100_000 {
		if len(got) == len(data) {
			return got
		}
		at := rng.IntN(len(data))
		n := min(1+rng.IntN(200), len(data)-at)
		if rng.IntN(10) == 0 { // the hole that everything waits for
			at = max(len(got)-rng.IntN(20), 0)
			n = min(1+rng.IntN(200), len(data)-at)
		}
		out, kept := r.take(start.Add(1+at), data[at:at+n], nil)
		if !kept {
			t.Fatal("no room")
		}
		for _, o := range out {
			got = append(got, o.Data...)
		}
		checkRuns(t, &r)
	}
	return got
}

// checkRuns says that the runs are in order and apart, from each other and from
// what was delivered.
func checkRuns(t *testing.T, r *receiver) {
	t.Helper()
	at := r.nxt
	for _, run := range r.early.runs {
		if len(run.data) == 0 || !at.Less(run.seq) {
			t.Fatalf("a run of %d bytes at %d, after %d", len(run.data), run.seq.Diff(r.irs), at.Diff(r.irs))
		}
		at = run.end()
	}
}

// Of bytes that come in two versions the first counts, wherever the later one
// begins and ends: what was kept may have been SACKed, and is not replaced (C-20).
func TestReassemblyFirstBytes(t *testing.T) {
	for _, test := range []struct {
		name string
		in   []string // texts and payloads in turns
		want string
	}{
		{"over all of it", []string{". 3:5(2) ack 1", "CD", ". 1:7(6) ack 1", "abxxef"}, "abCDef"},
		{"into it", []string{". 3:7(4) ack 1", "CDEF", ". 1:5(4) ack 1", "abxx"}, "abCDEF"},
		{"up to its end", []string{". 3:5(2) ack 1", "CD", ". 1:5(4) ack 1", "abxx"}, "abCD"},
		{"over several", []string{". 3:4(1) ack 1", "C", ". 6:8(2) ack 1", "FG", ". 1:10(9) ack 1", "abxdexxhi"}, "abCdeFGhi"},
		{"over several into the last", []string{". 3:4(1) ack 1", "C", ". 6:9(3) ack 1", "FGH", ". 1:8(7) ack 1", "abxdexx"}, "abCdeFGH"},
		{"between kept ones", []string{". 3:4(1) ack 1", "C", ". 2:6(4) ack 1", "bxde", ". 1:7(6) ack 1", "axxxxf"}, "abCdef"},
		{"from before RCV.NXT", []string{". 1:2(1) ack 1", "A", ". 3:4(1) ack 1", "C", ". 1:5(4) ack 1", "xbxd"}, "AbCd"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := connect(t, plainConfig(), "")
			for i := 0; i < len(test.in); i += 2 {
				h.in(test.in[i], test.in[i+1])
				checkRuns(t, &h.m.recv)
			}
			h.wantRead(test.want)
			if got := h.m.recv.nxt.Diff(theirISS) - 1; got != len(test.want) || h.m.recv.early.runs != nil {
				t.Errorf("acknowledged %d of %d bytes, %d runs are left", got, len(test.want), len(h.m.recv.early.runs))
			}
		})
	}
}

// A segment over many runs comes out in a bounded number of parts (C-20).
func TestReassemblyParts(t *testing.T) {
	h := connect(t, plainConfig(), "")
	for i := range maxRuns {
		s := h.parse(". 2:3(1) ack 1", "K")
		s.Seq = s.Seq.Add(2 * i)
		h.take(h.m.Input(h.now, s, h.out[:0]))
	}
	n := 2*maxRuns + 1
	h.in(". 1:"+itoa(1+n)+"("+itoa(n)+") ack 1", strings.Repeat("x", n))
	if got, want := string(h.read), strings.Repeat("xK", maxRuns)+"x"; got != want {
		t.Errorf("got %d bytes, %d of them kept ones", len(got), strings.Count(got, "K"))
	}
	if got := len(h.out); got > n+1 {
		t.Errorf("got %d outputs, want %d at the most", got, n+1)
	}
}

// Single bytes with gaps between them cost a bounded number of runs; what is
// dropped comes again (C-20).
func TestReassemblyBound(t *testing.T) {
	h := connect(t, plainConfig(), "")
	for i := range 2 * maxRuns {
		s := h.parse(". 3:4(1) ack 1", "x")
		s.Seq = s.Seq.Add(2 * i)
		h.take(h.m.Input(h.now, s, h.out[:0]))
	}
	h.wantDropped(DropNoRoom)
	if got := len(h.m.recv.early.runs); got != maxRuns {
		t.Errorf("runs: got %d, want %d", got, maxRuns)
	}
	n := 2*maxRuns + 2
	h.in("P. 1:"+itoa(1+n)+"("+itoa(n)+") ack 1", bytesOf(n))
	if got := len(h.read); got != n {
		t.Errorf("delivered: got %d, want %d", got, n)
	}
	if h.m.recv.early.runs != nil {
		t.Errorf("%d runs are left", len(h.m.recv.early.runs))
	}
}

// Segments that come backwards cost the copying of a bounded number of bytes each,
// and are one SACK block all the same (C-20).
func TestReassemblyBackwards(t *testing.T) {
	var r receiver
	r.init(&Config{RecvBuffer: 1 << 20, MSS: 1460})
	r.start(theirISS)
	const pieces = 600
	for i := pieces; i > 0; i-- {
		if !r.early.keep(r.nxt.Add(i*1000), make([]byte, 1000)) {
			t.Fatalf("no room for piece %d", i)
		}
		for _, run := range r.early.runs {
			if cap(run.data) > 2*maxRun {
				t.Fatalf("a run of %d bytes takes %d", len(run.data), cap(run.data))
			}
		}
	}
	want := wire.SACKBlock{Left: r.nxt.Add(1000), Right: r.nxt.Add((pieces + 1) * 1000)}
	if got := r.early.blocks(nil, 4); len(got) != 1 || got[0] != want {
		t.Errorf("got blocks %v, want one, %v", got, want)
	}
}

// What waits out of order does not take room from the window it was sent in.
func TestReassemblyLeavesWindow(t *testing.T) {
	c := plainConfig()
	c.RecvBuffer = 10_000
	h := connect(t, c, "")
	h.in(". 1461:2921(1460) ack 1", bytesOf(1460))
	h.want(". 1:1(0) ack 1 win 10000")
	h.in(". 1:1461(1460) ack 1", bytesOf(1460))
	h.want(". 1:1(0) ack 2921 win 7080")
	h.consume(2920)
	h.in(". 2921:4381(1460) ack 1", bytesOf(1460))
	h.in(". 4381:5841(1460) ack 1", bytesOf(1460))
	h.want(". 1:1(0) ack 5841 win 7080")
}

// SACK blocks: the latest first, as many as there is room for, and none that
// were not agreed on; before them what came twice. RFC 2018, Section 4; RFC 2883,
// Section 4 (C-23).
func TestSACKBlocks(t *testing.T) {
	c := plainConfig()
	c.NoSACK = false
	h := connect(t, c, "S. 0:0(0) ack 1 <mss 1460,sackOK>")
	for _, step := range []struct{ in, want string }{
		{"101:201", "101:201"},
		{"301:401", "301:401 101:201"},
		{"501:601", "501:601 301:401 101:201"},
		{"701:801", "701:801 501:601 301:401 101:201"},
		{"901:1001", "901:1001 701:801 501:601 301:401"},
		{"401:501", "301:601 901:1001 701:801 101:201"}, // joins two
		{"101:201", "101:201 101:201 301:601 901:1001"}, // again: RFC 2883
	} {
		h.in("P. "+step.in+"(100) ack 1", bytesOf(100))
		h.want(". 1:1(0) ack 1 <nop,nop,sack " + step.want + ">")
	}
	h.in("P. 1:101(100) ack 1", bytesOf(100))
	h.want(". 1:1(0) ack 201 <nop,nop,sack 301:601 901:1001 701:801>")
}

// With timestamps there is room for three (C-23).
func TestSACKBlocksWithTimestamps(t *testing.T) {
	c := withTimestamps()
	c.NoSACK = false
	h := connect(t, c, "S. 0:0(0) ack 1 <mss 1460,sackOK,TS val 7 ecr 100>")
	for _, at := range []string{"101:201", "301:401", "501:601", "701:801"} {
		h.in("P. "+at+"(100) ack 1 <nop,nop,TS val 7 ecr 100>", bytesOf(100))
	}
	h.sent = h.sent[3:]
	h.want(". 1:1(0) ack 1 <nop,nop,TS val 100 ecr 7,nop,nop,sack 701:801 501:601 301:401>")
}

// Without agreement none are sent, and none are read (C-23).
func TestNoSACK(t *testing.T) {
	h := connect(t, plainConfig(), "")
	h.in("P. 101:201(100) ack 1", bytesOf(100))
	h.want(". 1:1(0) ack 1")
	h.write(bytesOf(3000))
	h.sent = nil
	h.in(". 1:1(0) ack 1 <nop,nop,sack 1461:2921>", "")
	h.wait(h.m.Info().RTO)
	h.want(". 1:1461(1460) ack 1")
}

// The sender keeps what was SACKed: a receiver may change its mind. Once it has shown
// that, everything goes again from SND.UNA, after a timeout that is short. RFC 2018, Section 8 (C-24).
func TestReneging(t *testing.T) {
	c := plainConfig()
	c.NoSACK = false
	h := connect(t, c, "S. 0:0(0) ack 1 <mss 1460,sackOK>")
	h.write(bytesOf(4380))
	h.sent = nil
	h.in(". 1:1(0) ack 1 <nop,nop,sack 1461:4381>", "")
	h.want(". 1:1461(1460) ack 1") // at once: what was sent with it has arrived
	h.wait(h.m.Info().RTO)
	h.want(". 1:1461(1460) ack 1")
	h.in(". 1:1(0) ack 1461", "")
	h.wantIdle()
	h.wait(renegedAfter)
	h.want(". 1461:2921(1460) ack 1")
	h.in(". 1:1(0) ack 2921", "")
	h.want("P. 2921:4381(1460) ack 1")
}

// The FIN comes before the data that it follows: the end is last (C-93).
func TestFinOutOfOrder(t *testing.T) {
	h := connect(t, plainConfig(), "")
	h.in("FP. 6:11(5) ack 1", "world")
	h.want(". 1:1(0) ack 1")
	h.wantEOF(false)
	h.wantState(Established)
	h.in("P. 1:6(5) ack 1", "hello")
	h.want(". 1:1(0) ack 12")
	h.wantRead("helloworld")
	h.wantEOF(true)
	h.wantState(CloseWait)
}

// A FIN with data behind it was not the peer's and cuts nothing off.
func TestForgedFin(t *testing.T) {
	for _, order := range [][]string{
		{"F. 6:6(0) ack 1", "P. 1:11(10) ack 1"},
		{"P. 3:11(8) ack 1", "F. 6:6(0) ack 1", "P. 1:11(10) ack 1"},
	} {
		h := connect(t, plainConfig(), "")
		for _, text := range order {
			h.in(text, "")
		}
		if got := len(h.read); got != 10 || h.eof {
			t.Errorf("%v: got %d bytes, EOF %v", order, got, h.eof)
		}
		h.in("F. 11:11(0) ack 1", "")
		h.wantEOF(true)
	}
}
