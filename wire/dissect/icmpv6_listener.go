package dissect

// listener is a message of MLD about one group. A query that has more than the 20 bytes behind its head is one of version 2.
func (b *builder) listener(kind uint64) {
	second := kind == 130 && b.left() > 20
	section := "RFC 2710, Section 3"
	if second {
		section = sectionQuery
		b.responseCode()
	} else {
		delay, f := b.number(16, leaf{"icmpv6.mld.delay", "icmpv6.mld.maximum_response_delay", say("Maximum Response Delay", "最大响应延迟"), section})
		f.Unit, f.Meaning = unitMillis, say("How long an answer may take: $1 ms.", "应答最多可延迟：$1 毫秒。", delay)
		if kind != 130 {
			f.Meaning = say("For queries only: 0 in a report.", "仅用于查询：在报告中为 0。")
		}
	}
	b.reservedBytes(2, "icmpv6.reserved", "icmpv6.reserved", section)
	group, f := b.addr16(leaf{"icmpv6.mld.group", "icmpv6.mld.multicast_address", say("Multicast Address", "组播地址"), section})
	f.Meaning = meaningOfAddr(group, say("The group that the message is about; :: in a query is all", "报文所涉及的组；查询中的 :: 表示所有组"))
	if second {
		b.queryOfSources()
	}
	b.icmpBody("icmpv6", "")
}

const sectionQuery = "RFC 3810, Section 5.1"

// responseCode is a time of up to two hours in 16 bits: above 32767 it has an exponent.
func (b *builder) responseCode() {
	v, f := b.number(16, leaf{"icmpv6.mld.delay", "icmpv6.mld.maximum_response_code", say("Maximum Response Code", "最大响应码"), sectionQuery})
	if v >= 1<<15 {
		v = (v&0xfff | 0x1000) << (v>>12&7 + 3)
	}
	f.Meaning = say("How long an answer may take: $1 ms.", "应答最多可延迟：$1 毫秒。", v)
}

// queryOfSources is what version 2 has added to a query.
func (b *builder) queryOfSources() {
	const mld = "icmpv6.mld."
	b.begin("icmpv6.mld.flag", say("Flags", "标志"))
	_, f := b.number(4, leaf{mld + "flag.reserved", mld + "flag.reserved", say("Resv", "保留"), sectionQuery})
	f.Meaning = reservedMeaning
	b.flag(leaf{mld + "flag.s", mld + "flag.s", say("S Flag, Suppress Router-Side Processing", "S 标志，抑制路由器端处理"), sectionQuery},
		say("Routers that hear it do not set their timers anew.", "收到它的路由器不更新自己的定时器。"), say("Routers that hear it set their timers anew.", "收到它的路由器更新自己的定时器。"))
	robustness, f := b.number(3, leaf{mld + "flag.qrv", mld + "flag.qrv", say("QRV, Querier's Robustness Variable", "QRV，查询者健壮性变量"), sectionQuery})
	f.Meaning = say("How often messages are sent, since some may be lost: $1; 0 says nothing.", "因可能丢失，报文重复发送的次数：$1；0 表示未指定。", robustness)
	b.close("")
	interval, f := b.number(8, leaf{mld + "qqic", mld + "qqi", say("QQIC, Querier's Query Interval Code", "QQIC，查询者查询间隔码"), sectionQuery})
	seconds := interval
	if interval >= 128 {
		seconds = (interval&0xf | 0x10) << (interval>>4&7 + 3)
	}
	f.Meaning = say("How often the querier asks: every $1 s.", "查询者的查询间隔：$1 秒。", seconds)
	sources, f := b.number(16, leaf{mld + "sources", mld + "nb_sources", say("Number of Sources", "源数量"), sectionQuery})
	f.Meaning = say("How many sources the query names: $1.", "查询中列出的源数量：$1。", sources)
	b.sources(sources, mld+"source", mld+"source_address", sectionQuery)
}

// sources are the senders to a group that somebody wants to hear, or not to hear.
func (b *builder) sources(n uint64, id, filter, section string) {
	for range min(int(n), b.left()/16) {
		source, f := b.addr16(leaf{id, filter, say("Source Address", "源地址"), section})
		f.Meaning = meaningOfAddr(source, say("A source of the group", "该组的一个源"))
	}
}

// listenerReport is version 2 of MLD: a list of groups.
func (b *builder) listenerReport() {
	const section, mldr = "RFC 3810, Section 5.2", "icmpv6.mldr."
	b.reservedBytes(2, "icmpv6.reserved", "icmpv6.reserved", section)
	records, f := b.number(16, leaf{mldr + "records", mldr + "nb_mcast_records", say("Nr of Mcast Address Records", "组播地址记录数"), section})
	f.Meaning = say("How many groups are told of: $1.", "涉及的组数：$1。", records)
	for range records {
		if b.left() == 0 {
			break
		}
		kind, f := b.number(8, leaf{mldr + "type", mldr + "mar.record_type", say("Record Type", "记录类型"), section})
		f.Meaning = say("What is said of the group: $1 (1, 2: how its sources are filtered; 3, 4: that this changed; 5, 6: sources more or less).", "关于该组的内容：$1（1、2：当前过滤模式；3、4：过滤模式已改变；5、6：源增加或减少）。", kind)
		aux, f := b.number(8, leaf{mldr + "aux_len", mldr + "mar.aux_data_len", say("Aux Data Len", "辅助数据长度"), section})
		f.Unit, f.Meaning = unitWords, say("How much more the record has, of which no use is defined: $1 words of 4 bytes.", "记录中辅助数据的长度（尚无定义的用途）：$1 个 4 字节的字。", aux)
		sources, f := b.number(16, leaf{mldr + "sources", mldr + "mar.nb_sources", say("Number of Sources", "源数量"), section})
		f.Meaning = say("How many sources the record names: $1.", "记录中列出的源数量：$1。", sources)
		group, f := b.addr16(leaf{mldr + "group", mldr + "mar.multicast_address", say("Multicast Address", "组播地址"), section})
		f.Meaning = meaningOfAddr(group, say("The group that the record is about", "记录所涉及的组"))
		b.sources(sources, mldr+"source", mldr+"mar.source_address", section)
		if n := min(4*int(aux), b.left()); n > 0 {
			_, f := b.bytes(n, leaf{mldr + "aux", mldr + "mar.auxiliary_data", say("Auxiliary Data", "辅助数据"), section})
			f.Meaning = say("Ignored by receivers.", "接收方忽略。")
		}
	}
	b.icmpBody("icmpv6", "")
}
