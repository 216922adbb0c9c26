package script

// otherOptions are the TCP options of the language, in one of its versions, for
// which the text form of a segment has no words.
var otherOptions = map[string]bool{
	"ECN": true, "AccECN0": true, "AccECN1": true, "ACC_ECN_0": true, "ACC_ECN_1": true, // RFC 9768
	"exp": true, "TARR": true, // exp-AccECN0, exp-tarr, exp-FO
	"mpcapable": true, "mp_capable": true, "mp_join_syn": true, "mp_join_syn_ack": true, "mp_join_ack": true, "dss": true,
	"add_address": true, "rm_address": true, "mp_prio": true, "mp_fail": true, "mp_fastclose": true, "mp_reset": true, // RFC 8684
}

// optionList copies the options of a packet, from "<" to ">".
func (p *parser) optionList(packet *Packet) {
	open := p.tok.start
	begins := true // an option comes next
	for p.copy(); !p.isSign('>'); {
		switch {
		case p.is(wordToken):
			if begins && otherOptions[p.str()] {
				p.giveUp("the TCP option " + p.str())
			}
			begins = false
			p.copyWord()
		case p.is(ellipsisToken) && !begins:
			p.giveUp("a TCP option with any value")
		case p.is(ellipsisToken):
			if packet.Direction == In {
				p.fail("expected options: <...> is for packets that are expected")
			}
			begins = false
			p.copy()
		case p.isSign('!'):
			p.giveUp("a TCP option with an absolute value")
		case p.is(intToken), p.is(signToken):
			begins = p.isSign(',')
			p.copy()
		default:
			p.failAt(open, `expected a closing ">" for the options that begin here`)
			return
		}
	}
	p.copy()
}
