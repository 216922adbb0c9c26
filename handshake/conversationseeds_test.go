package handshake

import (
	"encoding/binary"
	"strconv"
	"strings"
	"testing"
)

// A seed is a sentence in words: the choices of the configuration, an opening, and
// moves. The choices of a move stand behind it in brackets.
type seed struct {
	config []byte
	words  string
}

// seeds are conversations as they should be, and such as they may be: together they
// use every move, and lead to every state and every reason to drop a segment.
var seeds = []seed{
	{nil, "client; a SYN-ACK; write; everything acknowledged; data in order; read all; close; everything acknowledged; FIN; all timers go off"},
	{nil, "client; a round trip; a SYN-ACK; close the writing side; everything acknowledged; data in order; FIN; FIN again; a younger SYN"},
	{nil, "client asks for a cookie [0 4 0]; a SYN-ACK [16]; data in order; read some; close the writing side; FIN; everything acknowledged"},
	{nil, "client with a cookie and data; a SYN-ACK; FIN with data; read all; close; everything acknowledged; RST in the window; FIN"},
	{nil, "client with a cookie and data [0 4 0]; a SYN-ACK of the SYN alone; a part acknowledged [1]; some timers go off [5]"},
	{nil, "client with data and no cookie [4 0]; a SYN-ACK of a part [0 9]; everything acknowledged; FIN; close the writing side; an old ACK; everything acknowledged"},
	{nil, "client that has nothing to write; a SYN-ACK of something else [1]; a SYN-ACK of something else [0 2]; a SYN-ACK; FIN; RST"},
	{nil, "client; a SYN-ACK; close the writing side; FIN [3]; FIN again; everything acknowledged; RST; a long time"},
	{nil, "client; RST of something else; RST of the SYN; data in order"},
	{nil, "server; everything acknowledged; data behind a hole; RST in the window; RST; data in order"},
	{nil, "client with a cookie and data; ICMP: too big [0 0 3]; ICMP: unreachable; ICMP: unreachable for good; data in order"},
	{nil, "client; FIN; a SYN anywhere [1]; data in order; write; everything acknowledged; a SYN with a FIN; a SYN with a RST"},
	{nil, "client with a cookie and data; a crossing SYN; a SYN-ACK; data in order; abort; data in order; a SYN-ACK"},
	{nil, "client with a cookie and data; a crossing SYN; all timers go off; data in order"},
	{nil, "server; a crossing SYN; everything acknowledged; a SYN in the window; good round trips [5]; ICMP: too big; ICMP: too big, forged; ICMP: unreachable, forged"},
	{nil, "server takes data [1 0]; write; a SYN in the window; everything acknowledged; RST outside the window; data from before the SYN; close; FIN"},
	{nil, "server leaves data [1 0]; a timer goes off; a timer goes off late [2 0]; everything acknowledged; user timeout; write; all timers go off"},
	{nil, "server by a SYN cookie [0 0 0 0 0 1]; write; keepalive; everything acknowledged; Nagle; write [1]; write [1]; all timers go off"},
	{nil, "server; everything acknowledged; data behind a hole; data over what is kept [0 0 0 99]; data behind a hole [0 9]; data half again [0 9 2]; data that fills all holes; read all"},
	{nil, "server; everything acknowledged; data again; data behind the window; data over the edge of the window; a window full of data; read some [1 0]; read all"},
	{nil, "server; everything acknowledged; single bytes with gaps [0 7]; data that fills all holes; urgent data; data without an ACK; several segments at once [0 0 3 9]"},
	{[]byte{0, 0, 0, 0, 3}, "server; everything acknowledged; a window full of data behind a hole; data behind a hole; FIN behind a hole; FIN in the middle of what is kept [9]; FIN behind what is kept; data that fills all holes; FIN"},
	{nil, "server; everything acknowledged; close the writing side; everything acknowledged; orphan; close"},
	{nil, "client; a SYN-ACK; write; begin to fill in; everything acknowledged; fill in; push; everything acknowledged; begin to fill in; close the writing side; fill in; everything acknowledged"},
	{nil, "server; everything acknowledged; FIN at the edge of the window; a window full of data; FIN at the edge of the window [2]; close; close"},
	{nil, "server; everything acknowledged; a round trip; write [3]; SACK of a part [4 0 2 0]; SACK of a part [0 9 9 0]; D-SACK below the ACK; D-SACK within a block; SACK of all but the first; some timers go off [8]"},
	{nil, "server; everything acknowledged; write [4]; SACK of several parts; SACK that makes no sense [1 6 1 2]; SACK that makes no sense [2 4 9 1]; a segment acknowledged; all but the last byte acknowledged; all timers go off"},
	{[]byte{2}, "server; everything acknowledged; good round trips [3]; write [4]; a segment acknowledged; duplicate ACKs; a segment acknowledged; an ACK as from before what was sent last; a duplicate ACK"},
	{nil, "server; everything acknowledged; a round trip; write [3]; some timers go off [2]; an ACK as from before what was sent last; something acknowledged that was not sent; an ACK that is too old"},
	{nil, "server; everything acknowledged; a closed window; write; some timers go off [3]; a window of little; a timer goes off; a window that shrinks; a window from an older segment; a window update; a moment; orphan; close"},
	{[]byte{2}, "server; everything acknowledged; a round trip; write [3]; a timer goes off; a round trip; an ACK as from before what was sent last [1]; good round trips"},
	{nil, "server; everything acknowledged; good round trips [4]; write [4]; ICMP: too big [0 0 3]; some timers go off [5]; everything acknowledged; good round trips [4]; a long time; good round trips [4]"},
	{[]byte{1}, "server; everything acknowledged; write [4]; some timers go off [5]; everything acknowledged; good round trips [4]; good round trips [4]; SACK of all but the first; good round trips [4]; a long time; good round trips [4]"},
	{nil, narrowPath + "; SACK of a part [5 180 7 208]; everything acknowledged; good round trips [4]"},
	{nil, narrowPath + "; SACK of several parts; a part acknowledged; duplicate ACKs; everything acknowledged; good round trips [4]"},
	{[]byte{3}, "server; everything acknowledged; write [4]; some timers go off [5]; everything acknowledged; good round trips [4]; a long time; good round trips [4]"},
	{nil, "client; next with: echo of what was never sent [0 0 1]; a SYN-ACK; next with: echo of what was never sent; a SYN-ACK; close the writing side; FIN; a round trip; a younger SYN [1]; a younger SYN"},
	{nil, "client with a cookie and data; ICMP: unreachable; all timers go off"},
	{[]byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 5}, "server takes data [1 0]; data in order; close the writing side; everything acknowledged; FIN"},
	{[]byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 5}, "server takes data [1 0]; a crossing SYN; all timers go off"},
	{[]byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 5}, "server takes data [1 0]; some timers go off; write; everything acknowledged; FIN"},
	{[]byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 6}, "server; everything acknowledged; a timer goes off; everything acknowledged; data in order; close; everything acknowledged; FIN"},
	{nil, "server; next with: no options; data in order; next with: old timestamp; data in order; next with: timestamp of the future; data in order; next with: echo of what was never sent [0 0 1]; everything acknowledged; a long time; data in order"},
	{nil, "server; next with: options twice; data in order; next with: options cut [7]; data in order; next with: options padded; data in order; next with: options behind their end; data in order; next with: options with a wrong length [1 1]; data in order"},
	{nil, "server; next with: unknown options; data in order; next with: options of a SYN; data in order; next with: SACK blocks; write; data in order; next with: a flag [1]; data in order; next with: any flags [15 255]; data in order"},
	{nil, "server; next with: another sequence number [1 2]; data in order; next with: another acknowledgement [1 2]; data in order; next with: another window; data in order; queue; Advance too early; push; abort"},
}

// narrowPath leads to a probe of a path that has swallowed large segments: it needs
// two timeouts, and then a window of several segments at once.
var narrowPath = "server; everything acknowledged; write [4]; some timers go off [5]; everything acknowledged" +
	strings.Repeat("; write [4]; a segment acknowledged", 8) + "; everything acknowledged"

// frame returns the frame for a word.
func (s *seed) frame(t testing.TB, word string) []byte {
	t.Helper()
	name, choices, _ := strings.Cut(word, " [")
	w, ok := wordOf(name)
	if !ok {
		t.Fatalf("there is no move %q", name)
	}
	frame := binary.BigEndian.AppendUint16(make([]byte, 0, frameLen), w)
	for number := range strings.FieldsSeq(strings.TrimSuffix(choices, "]")) {
		choice, err := strconv.ParseUint(number, 10, 8)
		if err != nil {
			t.Fatalf("%s: %v", word, err)
		}
		frame = append(frame, byte(choice))
	}
	return frame[:frameLen:frameLen]
}

func (s *seed) sentence(t testing.TB) []byte {
	t.Helper()
	sentence := append(make([]byte, 0, frameLen), s.config...)[:frameLen:frameLen]
	for word := range strings.SplitSeq(s.words, "; ") {
		sentence = append(sentence, s.frame(t, word)...)
	}
	return sentence
}
