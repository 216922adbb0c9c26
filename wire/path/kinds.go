package path

import (
	"encoding/binary"
	"net/netip"

	"tfocraft/wire"
	"tfocraft/wire/bilingual"
)

// stateless is a box that remembers nothing.
type stateless func(s *segment) verdict

func (f stateless) pass(s *segment) verdict { return f(s) }

// always is a kind without number and memory.
func always(f stateless) func(n, hosts int) box { return func(int, int) box { return f } }

// kinds are the middleboxes that there are: first those about Fast Open (RFC 7413, Section 7.1), then others.
func kinds() []kind {
	return []kind{
		{name: "strip-option", build: always(stripOption), about: bilingual.T(
			"takes the Fast Open option out of SYN and SYN-ACK, which get shorter",
			"从 SYN 和 SYN-ACK 中去掉 Fast Open 选项，报文随之变短")},
		{name: "rewrite-option-to-nop", build: always(nopOption), about: bilingual.T(
			"overwrites the Fast Open option of SYN and SYN-ACK with NOPs",
			"用 NOP 覆盖 SYN 和 SYN-ACK 中的 Fast Open 选项")},
		{name: "normalise-options", build: always(normalise), about: bilingual.T(
			"writes the options anew, and only those that it knows: MSS, Window Scale, SACK, Timestamps",
			"重写 TCP 选项，只保留它认识的：MSS、窗口扩大、SACK、时间戳")},
		{name: "drop-option", build: always(dropOption), about: bilingual.T(
			"drops every segment with the Fast Open option",
			"丢弃带有 Fast Open 选项的报文段")},
		{name: "reset-on-option", build: always(resetOption), about: bilingual.T(
			"answers a SYN with the Fast Open option with a reset, in the server's name",
			"以服务器的名义用 RST 回应带有 Fast Open 选项的 SYN")},
		{name: "drop-syn-data", build: always(dropSynData), about: bilingual.T(
			"drops a SYN with data",
			"丢弃带数据的 SYN")},
		{name: "drop-data-until-established", build: newEstablished, about: bilingual.T(
			"drops every segment with data until it has seen the three-way handshake to its end",
			"在看到三次握手完成之前丢弃一切带数据的报文段")},
		{name: "answer-syn", build: newAnswering, about: bilingual.T(
			"answers a SYN itself, without Fast Open, then joins client and server by moving sequence numbers",
			"代理：自己回应 SYN（不带 Fast Open），再平移序列号把客户端和服务器接起来")},
		{name: "nat", build: newNAT, about: bilingual.T(
			"gives all clients one address, which ends in 100",
			"让所有客户端共用一个以 100 结尾的地址")},
		{name: "nat-pool", build: newNATPool, about: bilingual.T(
			"gives each connection of a client the next of four addresses, which end in 101 to 104, so that its cookie is wrong",
			"让客户端的每个连接依次换用四个地址（以 101 到 104 结尾），使 cookie 失效")},
		{name: "truncate-syn-data", most: 65535, fallback: 4, build: truncateSynData, about: bilingual.T(
			"cuts the data of a SYN or SYN-ACK to its first N bytes (4 without a number)",
			"把 SYN 或 SYN-ACK 携带的数据截短到前 N 字节（不写数字时为 4）")},
		{name: "drop-syn-ack", least: 1, most: 65535, fallback: 1, build: newDropSynAck, about: bilingual.T(
			"drops the Nth SYN-ACK that comes by (the first without a number)",
			"丢弃经过的第 N 个 SYN-ACK（不写数字时为第一个）")},
		{name: "strip-sack", build: always(overwriting(isSACK)), about: bilingual.T(
			"overwrites SACK-Permitted and SACK options with NOPs",
			"用 NOP 覆盖 SACK-Permitted 和 SACK 选项")},
		{name: "strip-timestamps", build: always(overwriting(isTimestamps)), about: bilingual.T(
			"overwrites the Timestamps option with NOPs",
			"用 NOP 覆盖时间戳选项")},
		{name: "strip-window-scale", build: always(overwriting(isWindowScale)), about: bilingual.T(
			"overwrites the Window Scale option with NOPs",
			"用 NOP 覆盖窗口扩大选项")},
		{name: "clamp-mss", least: 1, most: 65535, build: clampMSS, about: bilingual.T(
			"lowers a larger MSS of SYN and SYN-ACK to N bytes",
			"把 SYN 和 SYN-ACK 中较大的 MSS 降到 N 字节")},
		{name: "rewrite-isn", build: always(moveSequence), about: bilingual.T(
			"adds a number to each side's sequence numbers, as a randomizing firewall does",
			"给双方的序列号各加一个偏移，如同随机化序列号的防火墙")},
		{name: "balance", build: newBalance, about: bilingual.T(
			"sends connection n to server n modulo the number of servers behind the one address",
			"把第 n 个连接分给同一地址后面的第 n mod N 台服务器")},
	}
}

func nopOption(s *segment) verdict {
	if s.TCP.Flags.Has(wire.SYN) {
		s.overwrite(isFastOpen)
	}
	return passOn
}

func dropOption(s *segment) verdict {
	if s.has(isFastOpen) {
		return discard
	}
	return passOn
}

// resetOption answers as a host without the port does (RFC 9293, Section 3.10.7.1).
func resetOption(s *segment) verdict {
	if !s.opens() || !s.has(isFastOpen) {
		return passOn
	}
	s.answer(wire.Segment{Flags: wire.RST | wire.ACK, Ack: s.TCP.End()})
	return take
}

func dropSynData(s *segment) verdict {
	if s.opens() && len(s.TCP.Payload) > 0 {
		return discard
	}
	return passOn
}

func truncateSynData(n, _ int) box {
	return stateless(func(s *segment) verdict {
		if s.TCP.Flags.Has(wire.SYN) && len(s.TCP.Payload) > n {
			s.rebuild(func(p *wire.Packet) { p.TCP.Payload, p.Trailer = p.TCP.Payload[:n], nil })
		}
		return passOn
	})
}

func overwriting(which func(wire.Option) bool) stateless {
	return func(s *segment) verdict {
		s.overwrite(which)
		return passOn
	}
}

func clampMSS(limit, _ int) box {
	large := func(opt wire.Option) bool {
		return opt.Kind == wire.KindMSS && len(opt.Data) == 2 && int(binary.BigEndian.Uint16(opt.Data)) > limit
	}
	return stateless(func(s *segment) verdict {
		if !s.TCP.Flags.Has(wire.SYN) || !s.has(large) {
			return passOn
		}
		before := s.sum()
		for opt, err := range s.TCP.Options.All() {
			if err == nil && large(opt) {
				binary.BigEndian.PutUint16(opt.Data, uint16(limit))
			}
		}
		s.changed(before)
		return passOn
	})
}

// moveSequence adds the sender's offset to the sequence number and takes the
// receiver's, which it adds in the other direction, off what acknowledges.
func moveSequence(s *segment) verdict {
	s.shift(wire.Seq(sequenceOffset(s.Src(), s.Dst())), -wire.Seq(sequenceOffset(s.Dst(), s.Src())))
	return passOn
}

// sequenceOffset is by how much the sequence numbers from src to dst are moved. It is FNV-1a.
func sequenceOffset(src, dst netip.AddrPort) uint32 {
	h := uint32(2166136261)
	for _, end := range [...]netip.AddrPort{src, dst} {
		for _, b := range end.Addr().As16() {
			h = (h ^ uint32(b)) * 16777619
		}
		h = (h ^ uint32(end.Port())) * 16777619
	}
	return h
}
