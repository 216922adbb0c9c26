package follow_test

import (
	"slices"
	"testing"
	"time"

	"tfocraft/wire"
	"tfocraft/wire/follow"
	"tfocraft/wire/wiretest"
)

const (
	clientAddr = "192.0.2.1:40000"
	serverAddr = "192.0.2.2:80"
)

func TestLimit(t *testing.T) {
	f := follow.Follower{Limit: 2}
	at := time.Unix(0, 0)
	frame := func(src string) int {
		p := wiretest.Packet(t, src, serverAddr, "S 0:0(0) win 1000", "")
		return f.Frame(at, &p).Connection
	}
	var got []int
	for _, src := range []string{"192.0.2.1:1001", "192.0.2.1:1002", "192.0.2.1:1001", "192.0.2.1:1003", "192.0.2.1:1001", "192.0.2.1:1002"} {
		got = append(got, frame(src))
	}
	// The second is the one that was silent for longest when the third came.
	if want := []int{1, 2, 1, 3, 1, 4}; !slices.Equal(got, want) {
		t.Errorf("connections: got %v, want %v", got, want)
	}
	var kept []int
	for _, c := range f.Connections() {
		kept = append(kept, c.Number)
	}
	if want := []int{1, 4}; !slices.Equal(kept, want) {
		t.Errorf("remembered: got %v, want %v", kept, want)
	}
	if got, want := f.Forgotten(), 2; got != want {
		t.Errorf("forgotten: got %d, want %d", got, want)
	}
}

// A connection whose ends were used again is forgotten without the newer one.
func TestLimitReuse(t *testing.T) {
	f := follow.New()
	f.Limit = 1
	at := time.Unix(0, 0)
	for i, text := range []string{"S 0:0(0) win 1000", "S 5000:5000(0) win 1000", "S 5000:5000(0) win 900"} {
		p := wiretest.Packet(t, clientAddr, serverAddr, text, "")
		if got, want := f.Frame(at, &p).Connection, min(i+1, 2); got != want {
			t.Errorf("%s: got connection %d, want %d", text, got, want)
		}
	}
}

// What a Follower keeps is its own: the buffer of a frame may be used again,
// and a caller may change what it was given.
func TestCopies(t *testing.T) {
	f := follow.New()
	b := wiretest.Frame(t, clientAddr, serverAddr, "S 0:0(0) win 1000 <FO 01020304,nop,nop>", "")
	p, err := wire.ParseFrame(b)
	if err != nil {
		t.Fatal(err)
	}
	f.Frame(time.Unix(0, 0), &p)
	clear(b)
	want := []byte{1, 2, 3, 4}
	for range 2 {
		got := f.Connections()[0].SynCookie
		if !slices.Equal(got, want) {
			t.Errorf("cookie: got %x, want %x", got, want)
		}
		clear(got)
	}
}

func TestTimes(t *testing.T) {
	f := follow.New()
	ms := func(n int) time.Time { return time.Unix(1000, 0).Add(time.Duration(n) * time.Millisecond) }
	for _, s := range []struct {
		at         int
		fromClient bool
		text       string
		payload    string
	}{
		{0, true, "S 0:5(5) win 1000 <FO 01020304,nop,nop>", "hello"},
		{10, false, "S. 0:0(0) ack 6 win 1000", ""},
		{11, false, "P. 1:6(5) ack 6 win 1000", "world"},
		{20, true, "F. 6:6(0) ack 6 win 1000", ""},
		{30, false, "F. 6:6(0) ack 7 win 1000", ""},
		{40, true, ". 7:7(0) ack 7 win 1000", ""},
	} {
		src, dst := serverAddr, clientAddr
		if s.fromClient {
			src, dst = dst, src
		}
		p := wiretest.Packet(t, src, dst, s.text, s.payload)
		line := f.Frame(ms(s.at), &p)
		if got, want := line.At, time.Duration(s.at)*time.Millisecond; got != want {
			t.Errorf("%s: got time %v, want %v", s.text, got, want)
		}
		if line.FromClient != s.fromClient {
			t.Errorf("%s: got from client %v, want %v", s.text, line.FromClient, s.fromClient)
		}
	}
	c := f.Connections()[0]
	for _, v := range []struct {
		name      string
		got, want time.Time
	}{
		{"SYN", c.Syn, ms(0)},
		{"SYN-ACK", c.SynAck, ms(10)},
		{"established", c.Established, ms(20)},
		{"server has request", c.ServerHasRequest, ms(0)},
		{"client has response", c.ClientHasResponse, ms(11)},
		{"closed", c.Closed, ms(40)},
	} {
		if !v.got.Equal(v.want) {
			t.Errorf("%s: got %v, want %v", v.name, v.got, v.want)
		}
	}
	if got, want := [...]int{c.RequestSegments, c.ResponseSegments, c.Segments}, [...]int{1, 3, 6}; got != want {
		t.Errorf("segments: got %v, want %v", got, want)
	}
	if got, want := c.Client.String()+" "+c.Server.String(), clientAddr+" "+serverAddr; got != want {
		t.Errorf("ends: got %s, want %s", got, want)
	}
}

// A connection of a host with itself on one port has no two ends to tell
// apart.
func TestSelf(t *testing.T) {
	f := follow.New()
	for _, text := range []string{"S 0:0(0) win 1000", "S. 0:0(0) ack 1 win 1000", ". 1:1(0) ack 1 win 1000"} {
		p := wiretest.Packet(t, clientAddr, clientAddr, text, "")
		if got := f.Frame(time.Unix(0, 0), &p).Connection; got != 1 {
			t.Errorf("%s: got connection %d, want 1", text, got)
		}
	}
}
