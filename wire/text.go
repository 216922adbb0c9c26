package wire

import "strconv"

// A TextBase holds the numbers that count as zero in a text.
type TextBase struct {
	// SeqBase is subtracted from the sequence number: the initial one of the
	// side that sends the segment, for relative numbers as in packetdrill.
	SeqBase Seq
	// AckBase is subtracted from the acknowledgement number, if its flag is set,
	// and from the numbers in a SACK option: the initial one of the other side.
	AckBase Seq
}

// AppendText adds the text form of s to dst. Ports, data offset, checksum and
// the payload are not part of it. It reads nothing but s and allocates only to
// grow dst.
func AppendText(dst []byte, s *Segment, base TextBase) []byte {
	dst = s.Flags.appendText(dst)
	dst = append(dst, ' ')
	seq := s.Seq - base.SeqBase
	dst = appendSeq(dst, seq)
	dst = append(dst, ':')
	dst = appendSeq(dst, seq.Add(len(s.Payload)))
	dst = append(dst, '(')
	dst = strconv.AppendInt(dst, int64(len(s.Payload)), 10)
	dst = append(dst, ')')
	switch {
	case s.Flags.Has(ACK):
		dst = appendSeq(append(dst, " ack "...), s.Ack-base.AckBase)
	case s.Ack != 0:
		dst = appendSeq(append(dst, " ack "...), s.Ack)
	}
	dst = strconv.AppendUint(append(dst, " win "...), uint64(s.Window), 10)
	if s.Urgent != 0 {
		dst = strconv.AppendUint(append(dst, " urg "...), uint64(s.Urgent), 10)
	}
	if len(s.Options) == 0 {
		return dst
	}
	dst = append(dst, " <"...)
	dst = appendOptions(dst, s.Options, base.AckBase)
	return append(dst, '>')
}

// String returns the text form with absolute sequence numbers.
func (s Segment) String() string { return string(AppendText(nil, &s, TextBase{})) }

// String returns addresses, ports and the text form of the segment, with
// absolute sequence numbers.
func (p *Packet) String() string {
	dst := p.Src().AppendTo(nil)
	dst = append(dst, " > "...)
	dst = p.Dst().AppendTo(dst)
	return string(AppendText(append(dst, ' '), &p.TCP, TextBase{}))
}

// AddBase makes relative numbers absolute, the reverse of what [AppendText]
// does with the same numbers. It changes a SACK option in place, so the options
// must be the segment's own, as those of [ParseText] are.
func (s *Segment) AddBase(base TextBase) {
	s.Seq += base.SeqBase
	if s.Flags.Has(ACK) {
		s.Ack += base.AckBase
	}
	s.Options.addSACKBase(base.AckBase)
}

// flagLetters are in packetdrill's order, which is also tcpdump's.
var flagLetters = [...]struct {
	letter byte
	flag   Flags
}{
	{'F', FIN}, {'S', SYN}, {'R', RST}, {'P', PSH}, {'.', ACK}, {'U', URG}, {'E', ECE}, {'W', CWR}, {'A', AE},
}

// String returns the letters of the text form; - if no bit is set.
func (f Flags) String() string { return string(f.appendText(nil)) }

func (f Flags) appendText(dst []byte) []byte {
	start := len(dst)
	for _, l := range flagLetters {
		if f.Has(l.flag) {
			dst = append(dst, l.letter)
		}
	}
	if len(dst) == start {
		dst = append(dst, '-')
	}
	if reserved := f & ReservedFlags; reserved != 0 {
		dst = append(dst, '!', '0'+byte(reserved>>9))
	}
	return dst
}

func appendSeq(dst []byte, s Seq) []byte { return strconv.AppendUint(dst, uint64(s), 10) }
