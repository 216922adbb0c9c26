package wire

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"
)

// String returns the options as they stand between the brackets of the text
// form, with absolute numbers.
func (o Options) String() string { return string(appendOptions(nil, o, 0)) }

func appendOptions(dst []byte, o Options, ackBase Seq) []byte {
	for i := 0; i < len(o); {
		if i > 0 {
			dst = append(dst, ',')
		}
		opt, n, err := o.at(i)
		if err != nil {
			return appendHexWord(dst, "raw", o[i:])
		}
		i += n
		if opt.Kind == KindEOL {
			return appendAfterEOL(append(dst, "eol"...), o[i:])
		}
		dst = appendOption(dst, opt, ackBase)
	}
	return dst
}

// appendAfterEOL writes what no receiver reads: one eol for each byte of an
// ordinary padding, anything else as it is.
func appendAfterEOL(dst []byte, rest Options) []byte {
	for _, b := range rest {
		if OptionKind(b) != KindEOL {
			return appendHexWord(append(dst, ','), "raw", rest)
		}
	}
	for range rest {
		dst = append(dst, ",eol"...)
	}
	return dst
}

func appendOption(dst []byte, opt Option, ackBase Seq) []byte {
	switch d := opt.Data; {
	case opt.Kind == KindNOP:
		return append(dst, "nop"...)
	case opt.Kind == KindMSS && len(d) == 2:
		return strconv.AppendUint(append(dst, "mss "...), uint64(binary.BigEndian.Uint16(d)), 10)
	case opt.Kind == KindWindowScale && len(d) == 1:
		return strconv.AppendUint(append(dst, "wscale "...), uint64(d[0]), 10)
	case opt.Kind == KindSACKPermitted && len(d) == 0:
		return append(dst, "sackOK"...)
	case opt.Kind == KindSACK && isSACK(d):
		return appendSACKText(dst, d, ackBase)
	case opt.Kind == KindTimestamps && len(d) == 8:
		dst = strconv.AppendUint(append(dst, "TS val "...), uint64(binary.BigEndian.Uint32(d)), 10)
		return strconv.AppendUint(append(dst, " ecr "...), uint64(binary.BigEndian.Uint32(d[4:])), 10)
	case opt.Kind == KindMD5:
		return appendHexWord(dst, "md5", d)
	}
	if fo := parseFastOpen(opt); fo.Present {
		if fo.Experimental {
			return appendHexWord(dst, "FOEXP", fo.Cookie)
		}
		return appendHexWord(dst, "FO", fo.Cookie)
	}
	dst = strconv.AppendUint(append(dst, "kind "...), uint64(opt.Kind), 10)
	return appendHexWord(dst, "", opt.Data)
}

// appendHexWord adds a word and, if there are any, bytes in hex.
func appendHexWord(dst []byte, word string, data []byte) []byte {
	dst = append(dst, word...)
	if len(data) == 0 {
		return dst
	}
	return hex.AppendEncode(append(dst, ' '), data)
}

// isSACK tells whole blocks from something else under the kind of SACK.
func isSACK(data []byte) bool { return len(data) > 0 && len(data)%8 == 0 }

func appendSACKText(dst, data []byte, ackBase Seq) []byte {
	dst = append(dst, "sack"...)
	for ; len(data) > 0; data = data[8:] {
		dst = appendSeq(append(dst, ' '), Seq(binary.BigEndian.Uint32(data))-ackBase)
		dst = appendSeq(append(dst, ':'), Seq(binary.BigEndian.Uint32(data[4:]))-ackBase)
	}
	return dst
}

// addSACKBase adds to every number that appendSACKText would subtract from.
func (o Options) addSACKBase(base Seq) {
	for opt, err := range o.All() {
		if err != nil || opt.Kind != KindSACK || !isSACK(opt.Data) {
			continue
		}
		for d := opt.Data; len(d) > 0; d = d[4:] {
			binary.BigEndian.PutUint32(d, binary.BigEndian.Uint32(d)+uint32(base))
		}
	}
}
