package wire

import (
	"encoding/hex"
	"fmt"
	"math"
)

// optionNames is what an error offers where an option should stand.
const optionNames = `expected an option: nop, eol, mss, wscale, sackOK, sack, TS, md5, FO, FOEXP, kind or raw`

// optionList reads what follows the opening bracket, the closing one included.
func (p *textParser) optionList(t *SegmentText) error {
	if p.accept("...") {
		t.AnyOptions = true
		return p.expect(">")
	}
	for {
		p.space()
		start := p.at
		options, err := p.option(t.Segment.Options)
		if err != nil {
			return err
		}
		if len(options) > MaxOptionsLen {
			p.at = start
			return p.fail(fmt.Sprintf("expected %d bytes of options at most, and this one makes them %d", MaxOptionsLen, len(options)))
		}
		t.Segment.Options = options
		switch {
		case p.accept(","):
		case p.accept(">"):
			return nil
		default:
			return p.fail(`expected "," or ">" after an option`)
		}
	}
}

// option reads one option and adds its bytes to dst.
func (p *textParser) option(dst Options) (Options, error) {
	start := p.at
	switch p.word() {
	case "nop":
		return append(dst, byte(KindNOP)), nil
	case "eol":
		return append(dst, byte(KindEOL)), nil
	case "sackOK":
		return AppendSACKPermitted(dst), nil
	case "mss":
		mss, err := p.uint16("an MSS")
		return AppendMSS(dst, mss), err
	case "wscale":
		shift, err := p.number("a window scale", math.MaxUint8)
		return AppendWindowScale(dst, uint8(shift)), err
	case "sack":
		return p.sackOption(dst)
	case "TS":
		return p.timestampsOption(dst)
	case "md5":
		digest, err := p.hex()
		return AppendOption(dst, KindMD5, digest), err
	case "FO":
		cookie, err := p.hex()
		return FastOpen{Present: true, Cookie: cookie}.Append(dst), err
	case "FOEXP":
		cookie, err := p.hex()
		return FastOpen{Present: true, Experimental: true, Cookie: cookie}.Append(dst), err
	case "kind":
		return p.kindOption(dst)
	case "raw":
		return p.rawOption(dst)
	}
	p.at = start
	return dst, p.fail(optionNames)
}

func (p *textParser) sackOption(dst Options) (Options, error) {
	var blocks []SACKBlock
	for {
		left, err := p.number("a SACK block, left:right", math.MaxUint32)
		if err != nil {
			return dst, err
		}
		if err := p.expect(":"); err != nil {
			return dst, err
		}
		right, err := p.number("the right edge of a SACK block", math.MaxUint32)
		if err != nil {
			return dst, err
		}
		blocks = append(blocks, SACKBlock{Seq(left), Seq(right)})
		if p.space(); p.at == len(p.text) || !isWord(p.text[p.at]) {
			return AppendSACK(dst, blocks...), nil
		}
	}
}

func (p *textParser) timestampsOption(dst Options) (Options, error) {
	if !p.keyword("val") {
		return dst, p.fail(`expected "val" and a number`)
	}
	val, err := p.number("a timestamp", math.MaxUint32)
	if err != nil {
		return dst, err
	}
	if !p.keyword("ecr") {
		return dst, p.fail(`expected "ecr" and a number`)
	}
	ecr, err := p.number("an echoed timestamp", math.MaxUint32)
	return AppendTimestamps(dst, Timestamps{uint32(val), uint32(ecr)}), err
}

func (p *textParser) kindOption(dst Options) (Options, error) {
	kind, err := p.number("an option kind", math.MaxUint8)
	if err != nil {
		return dst, err
	}
	data, err := p.hex()
	return AppendOption(dst, OptionKind(kind), data), err
}

func (p *textParser) rawOption(dst Options) (Options, error) {
	data, err := p.hex()
	if err == nil && len(data) == 0 {
		err = p.fail("expected bytes in hex")
	}
	return append(dst, data...), err
}

// hex reads bytes in hex; there may be none.
func (p *textParser) hex() ([]byte, error) {
	p.space()
	start := p.at
	word := p.word()
	data, err := hex.DecodeString(word)
	switch {
	case err != nil:
		p.at = start
		return nil, p.fail("expected bytes in hex, two digits each")
	case len(data) > MaxOptionsLen:
		p.at = start
		return nil, p.fail(fmt.Sprintf("expected %d bytes at most", MaxOptionsLen))
	}
	return data, nil
}
