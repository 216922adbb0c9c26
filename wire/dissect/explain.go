package dissect

import (
	"net/netip"
	"strings"

	"tfocraft/wire"
	"tfocraft/wire/bilingual"
	"tfocraft/wire/follow"
)

// Explain gives the fields of a frame the reasons for their values: those that follow from the frame itself and, for a TCP segment, those
// that the facts of its connection give. data is what the frame was made of; facts may be nil. Reasons that were there are replaced. What
// an ICMP error quotes gets none, since the facts are not about it.
func Explain(f *Frame, data []byte, facts *follow.Facts) {
	x := newExplainer(f, data, facts)
	for i := range f.Fields {
		if field := &f.Fields[i]; !strings.HasPrefix(field.ID, "quote.") {
			id := baseID(field.ID)
			if field.Reason = x.reason(i, id); field.Reason.IsZero() {
				field.Reason = commonReason(id)
			}
		}
	}
}

// baseID returns an ID without the number that sets it apart from the same field before it.
func baseID(id string) string {
	dash := strings.LastIndexByte(id, '-')
	if dash > 0 && dash+1 < len(id) && strings.Trim(id[dash+1:], "0123456789") == "" {
		return id[:dash]
	}
	return id
}

// An explainer has what reasons need of the whole frame.
type explainer struct {
	frame *Frame
	data  []byte
	facts follow.Facts
	known bool // there are facts

	ipv6             bool
	ipHeader, ipLen  int // bytes
	df               bool
	hasTCP           bool
	srcPort, dstPort uint16
	seq, ack         wire.Seq
	flags            wire.Flags
	tcpHeader        int // bytes
	payload          int // bytes of data that are in the frame
	mss              int // announced here, 0 if it is not
	optionsAt        int // byte that the options begin at
	ipAt, tcpAt      int // bytes that the headers begin at
	sender, receiver bilingual.Text
}

func newExplainer(f *Frame, data []byte, facts *follow.Facts) *explainer {
	x := &explainer{frame: f, data: data}
	if facts != nil {
		x.facts, x.known = *facts, true
	}
	for i := range f.Fields {
		x.collect(&f.Fields[i])
	}
	x.nameEnds()
	return x
}

// collect takes note of a field that others depend on.
func (x *explainer) collect(f *Field) {
	switch f.ID {
	case "ip.hdr_len":
		x.ipHeader = 4 * int(x.value(f))
	case "ip.len", "ipv6.plen":
		x.ipLen = int(x.value(f))
	case "ip.flags.df":
		x.df = x.value(f) == 1
	case "ip.version":
		x.ipAt = f.Offset / 8
	case "ipv6.version":
		x.ipv6, x.ipHeader, x.ipAt = true, wire.IPv6Len, f.Offset/8
	case "tcp.srcport":
		x.hasTCP, x.srcPort, x.tcpAt = true, uint16(x.value(f)), f.Offset/8
	case "tcp.dstport":
		x.dstPort = uint16(x.value(f))
	case "tcp.seq":
		x.seq = wire.Seq(x.value(f))
	case "tcp.ack":
		x.ack = wire.Seq(x.value(f))
	case "tcp.hdr_len":
		x.tcpHeader = 4 * int(x.value(f))
	case "tcp.urgent_pointer":
		x.optionsAt = (f.Offset + f.Width) / 8
	case "tcp.options.mss.value":
		x.mss = int(x.value(f))
	case "tcp.payload":
		x.payload = f.Width / 8
	default:
		x.collectFlag(f)
	}
}

func (x *explainer) collectFlag(f *Field) {
	if !strings.HasPrefix(f.ID, "tcp.flags.") {
		return
	}
	for i := range controlBits {
		if bit := &controlBits[i]; bit.id == f.ID && x.value(f) == 1 {
			x.flags |= bit.flag
		}
	}
}

// value returns the bits of a field, 0 if they are more than 64 or not there.
func (x *explainer) value(f *Field) uint64 {
	if f.Width > 64 || f.Width <= 0 || f.Offset < 0 || f.Offset+f.Width > 8*len(x.data) {
		return 0
	}
	return bitsAt(x.data, f.Offset, f.Width)
}

// nameEnds decides which end is the client: who sends the SYN, else who is known to be, else who has the higher port.
func (x *explainer) nameEnds() {
	client, server := say("the client", "客户端"), say("the server", "服务器")
	switch {
	case x.syn(), x.isKnown(x.facts.Sender.Addr):
		x.sender, x.receiver = client, server
	case x.synAck(), x.isKnown(x.facts.Receiver.Addr):
		x.sender, x.receiver = server, client
	case x.srcPort > x.dstPort:
		x.sender, x.receiver = client, server
	case x.srcPort < x.dstPort:
		x.sender, x.receiver = server, client
	default:
		x.sender, x.receiver = say("the sender", "发送方"), say("the other side", "对方")
	}
}

// isKnown reports whether this end is known to be the client.
func (x *explainer) isKnown(end netip.AddrPort) bool { return end.IsValid() && end == x.facts.Client }

// sent returns how many bytes of data the segment was sent with, of which a capture may have cut off some.
func (x *explainer) sent() int {
	length := x.ipLen
	if x.ipv6 {
		length += wire.IPv6Len
	}
	return max(x.payload, x.ipAt+length-x.tcpAt-x.tcpHeader)
}

func (x *explainer) syn() bool    { return x.flags&(wire.SYN|wire.ACK) == wire.SYN }
func (x *explainer) synAck() bool { return x.flags.Has(wire.SYN | wire.ACK) }

// reason returns why the field of that index and base ID has its value.
func (x *explainer) reason(index int, id string) bilingual.Text {
	f := &x.frame.Fields[index]
	switch layer, _, _ := strings.Cut(id, "."); layer {
	case "eth", "vlan", "svlan", "sll", "null":
		return x.linkReason(id, f)
	case "arp":
		return arpReason(id)
	case "udp":
		return udpReason(id, f)
	case "ip":
		return x.ipReason(id, f)
	case "ipv6":
		return x.ipv6Reason(id, f)
	case "icmp", "icmpv6":
		return icmpReason(id, x.value(f))
	case "tcp":
		return x.tcpReason(index, id, f)
	}
	return bilingual.Text{}
}
