package wire

import (
	"encoding/binary"
	"iter"
)

// OptionKind is the first byte of a TCP option.
type OptionKind uint8

// The kinds that have a name here (IANA, "TCP Option Kind Numbers").
const (
	KindEOL           OptionKind = 0
	KindNOP           OptionKind = 1
	KindMSS           OptionKind = 2
	KindWindowScale   OptionKind = 3
	KindSACKPermitted OptionKind = 4
	KindSACK          OptionKind = 5
	KindTimestamps    OptionKind = 8
	KindMD5           OptionKind = 19
	KindFastOpen      OptionKind = 34  // RFC 7413
	KindAccECN0       OptionKind = 172 // RFC 9768
	KindAccECN1       OptionKind = 174 // RFC 9768
	KindExperiment1   OptionKind = 253 // RFC 6994
	KindExperiment2   OptionKind = 254 // RFC 6994
)

// Options are the option bytes of a TCP header as they are on the wire,
// padding included. They are built with the Append functions of this package
// and closed with [Pad].
type Options []byte

// An Option is one entry of an option list.
type Option struct {
	Kind OptionKind
	Data []byte // what follows kind and length; nil for EOL and NOP
}

// All walks the options in order. It stops after an EOL and at the first
// option whose length is impossible, which it yields with an error.
func (o Options) All() iter.Seq2[Option, error] {
	return func(yield func(Option, error) bool) {
		for i := 0; i < len(o); {
			opt, n, err := o.at(i)
			if !yield(opt, err) || err != nil || opt.Kind == KindEOL {
				return
			}
			i += n
		}
	}
}

// at reads the option that begins at byte i and returns its length on the wire.
func (o Options) at(i int) (Option, int, error) {
	opt := Option{Kind: OptionKind(o[i])}
	if opt.Kind == KindEOL || opt.Kind == KindNOP {
		return opt, 1, nil
	}
	if i+1 >= len(o) {
		return opt, 0, parseErr("tcp option", i, ErrTruncated)
	}
	n := int(o[i+1])
	if n < 2 {
		return opt, 0, parseErr("tcp option", i, ErrOption)
	}
	if i+n > len(o) {
		return opt, 0, parseErr("tcp option", i, ErrTruncated)
	}
	opt.Data = o[i+2 : i+n : i+n]
	return opt, n, nil
}

// Timestamps are the two values of the Timestamps option (RFC 7323, Section 3).
type Timestamps struct {
	Val, Ecr uint32
}

// A SACKBlock is a range of received bytes: Left is its first, Right the one
// after its last (RFC 2018, Section 3).
type SACKBlock struct {
	Left, Right Seq
}

// MaxSACKBlocks is how many blocks fit in the option space.
const MaxSACKBlocks = 4

// OptionSet is what an endpoint reads from the options of one segment. Kinds
// with a length that their specification does not allow are left out as if
// they were not there.
type OptionSet struct {
	MSS            uint16 // meaningful if HasMSS
	WindowScale    uint8  // as sent, not limited to 14; meaningful if HasWindowScale
	HasMSS         bool
	HasWindowScale bool
	SACKPermitted  bool
	HasTimestamps  bool
	Timestamps     Timestamps
	NumSACK        int
	SACK           [MaxSACKBlocks]SACKBlock
	FastOpen       FastOpen
	// IllegalFastOpen tells that there was a Fast Open option of a length that
	// RFC 7413, Section 4.1.1, does not allow. It counts as absent.
	IllegalFastOpen bool
}

// Decode reads all options. It gives up at the first one whose length is
// impossible and returns what stood before it, with the error.
func (o Options) Decode() (OptionSet, error) {
	var set OptionSet
	for i := 0; i < len(o); {
		opt, n, err := o.at(i)
		if err != nil {
			return set, err
		}
		if opt.Kind == KindEOL {
			break
		}
		set.add(opt)
		i += n
	}
	return set, nil
}

func (set *OptionSet) add(opt Option) {
	switch d := opt.Data; opt.Kind {
	case KindMSS:
		if len(d) == 2 {
			set.MSS, set.HasMSS = binary.BigEndian.Uint16(d), true
		}
	case KindWindowScale:
		if len(d) == 1 {
			set.WindowScale, set.HasWindowScale = d[0], true
		}
	case KindSACKPermitted:
		if len(d) == 0 {
			set.SACKPermitted = true
		}
	case KindTimestamps:
		if len(d) == 8 {
			set.Timestamps = Timestamps{binary.BigEndian.Uint32(d), binary.BigEndian.Uint32(d[4:])}
			set.HasTimestamps = true
		}
	case KindSACK:
		set.addSACK(d)
	case KindFastOpen, KindExperiment2:
		// Two Fast Open options in one SYN are undefined by RFC 7413; as in
		// Linux the last legal one counts, in whichever form.
		switch fo := parseFastOpen(opt); {
		case fo.Legal():
			set.FastOpen = fo
		case fo.Present:
			set.IllegalFastOpen = true
		}
	}
}

func (set *OptionSet) addSACK(d []byte) {
	if len(d) == 0 || len(d)%8 != 0 || len(d) > 8*MaxSACKBlocks {
		return
	}
	set.NumSACK = len(d) / 8
	for i := range set.NumSACK {
		set.SACK[i] = SACKBlock{
			Left:  Seq(binary.BigEndian.Uint32(d[8*i:])),
			Right: Seq(binary.BigEndian.Uint32(d[8*i+4:])),
		}
	}
}

// AppendMSS adds a Maximum Segment Size option (RFC 9293, Section 3.7.1).
func AppendMSS(dst []byte, mss uint16) []byte {
	return binary.BigEndian.AppendUint16(append(dst, byte(KindMSS), 4), mss)
}

// AppendWindowScale adds a Window Scale option (RFC 7323, Section 2).
func AppendWindowScale(dst []byte, shift uint8) []byte {
	return append(dst, byte(KindWindowScale), 3, shift)
}

// AppendSACKPermitted adds a SACK-Permitted option (RFC 2018, Section 2).
func AppendSACKPermitted(dst []byte) []byte {
	return append(dst, byte(KindSACKPermitted), 2)
}

// AppendSACK adds a SACK option; there must be 1 to [MaxSACKBlocks] blocks.
func AppendSACK(dst []byte, blocks ...SACKBlock) []byte {
	dst = append(dst, byte(KindSACK), byte(2+8*len(blocks)))
	for _, b := range blocks {
		dst = binary.BigEndian.AppendUint32(dst, uint32(b.Left))
		dst = binary.BigEndian.AppendUint32(dst, uint32(b.Right))
	}
	return dst
}

// AppendTimestamps adds a Timestamps option (RFC 7323, Section 3).
func AppendTimestamps(dst []byte, ts Timestamps) []byte {
	dst = append(dst, byte(KindTimestamps), 10)
	dst = binary.BigEndian.AppendUint32(dst, ts.Val)
	return binary.BigEndian.AppendUint32(dst, ts.Ecr)
}

// AppendNOP adds n No-Operation options.
func AppendNOP(dst []byte, n int) []byte {
	for range n {
		dst = append(dst, byte(KindNOP))
	}
	return dst
}

// AppendOption adds an option of any kind with any data up to 253 bytes, kind
// and length first; it is for kinds that have no function of their own.
func AppendOption(dst []byte, kind OptionKind, data []byte) []byte {
	dst = append(dst, byte(kind), byte(2+len(data)))
	return append(dst, data...)
}

// Pad adds NOPs until the options that begin at dst[start] take a multiple of
// four bytes, as Linux does.
func Pad(dst []byte, start int) []byte {
	for (len(dst)-start)%4 != 0 {
		dst = append(dst, byte(KindNOP))
	}
	return dst
}
