package endpoint

import (
	"errors"
	"reflect"

	"tfocraft/handshake"
)

// Counters count what a stack did. Those that Linux has as well carry its names
// and count the same (/proc/net/snmp and /proc/net/netstat).
type Counters struct {
	InSegs       uint64 // segments received for our ports
	OutSegs      uint64 // segments sent
	InErrs       uint64 // frames for us that were not intact: cut, or with impossible lengths
	InCsumErrors uint64 // segments with a wrong checksum
	OutRsts      uint64 // resets sent
	ActiveOpens  uint64 // connections opened by us
	PassiveOpens uint64 // connections opened by a peer: its handshake was over, or the data of its SYN taken
	AttemptFails uint64 // dials that failed, and connections opened by a peer that it reset or, after SYN data, left
	EstabResets  uint64 // connections that ended otherwise than by FINs, in ESTABLISHED or CLOSE-WAIT
	CurrEstab    uint64 // connections that are in ESTABLISHED or CLOSE-WAIT now
	RetransSegs  uint64 // segments sent again

	ListenOverflows      uint64 // SYNs and ACKs dropped because too many connections waited for Accept
	ListenDrops          uint64 // those, SYNs dropped because too many connections were half open, and half-open ones that an ICMP error has ended
	TCPReqQFullDrop      uint64 // SYNs dropped because too many connections were half open
	TCPReqQFullDoCookies uint64 // SYNs answered by a cookie for that, or because cookies are always sent
	SyncookiesSent       uint64 // SYN cookies sent
	SyncookiesRecv       uint64 // that came back
	SyncookiesFailed     uint64 // segments that may have been meant to bring one back and did not
	EmbryonicRsts        uint64 // half-open connections that the peer has reset
	TCPDeferAcceptDrop   uint64 // ACKs of SYN-ACKs that count later, for they bring no data

	TCPTimeouts     uint64 // retransmission timeouts of data
	TCPLossProbes   uint64 // tail loss probes sent (RFC 8985)
	TCPSackRecovery uint64 // losses found by acknowledgements, on connections without SACK as well
	TCPDSACKRecv    uint64 // reports of peers that something came twice (RFC 2883)
	TCPFullUndo     uint64 // repairs of losses that there were not, taken back (RFC 4015)
	TCPSynRetrans   uint64 // SYNs and SYN-ACKs sent again
	TCPChallengeACK uint64 // challenge ACKs sent (RFC 5961)

	PAWSActive       uint64 // SYN-ACKs reset because they echo a timestamp that we have not sent
	PAWSEstab        uint64 // segments not taken because of an old timestamp (RFC 7323)
	OutOfWindowIcmps uint64 // ICMP errors that quote nothing outstanding

	TCPFastOpenActive         uint64 // SYN data acknowledged
	TCPFastOpenActiveFail     uint64 // SYN data not acknowledged, or not at first
	TCPFastOpenPassive        uint64 // SYNs whose cookie was valid, or not needed
	TCPFastOpenPassiveFail    uint64 // SYNs whose cookie was not valid
	TCPFastOpenListenOverflow uint64 // SYNs with the option beyond the limit of pending ones
	TCPFastOpenCookieReqd     uint64 // requests for a cookie received
	TCPFastOpenPassiveAltKey  uint64 // cookies that were valid under an older key

	Martians   uint64 // packets from or to an impossible address
	NoConn     uint64 // segments to our ports that belong to no connection and open none
	Ignored    uint64 // segments that their connection could not use
	ICMPErrors uint64 // ICMP errors about a connection of ours
	SendErrors uint64 // frames that the link did not take
}

// admitted counts what a gate has decided about a SYN.
func (c *Counters) admitted(a *handshake.Admission, request bool) {
	if request {
		c.TCPFastOpenCookieReqd++
	}
	switch a.Why {
	case handshake.WhyCookieOlderKey:
		c.TCPFastOpenPassiveAltKey++
	case handshake.WhyPendingLimit:
		c.TCPFastOpenListenOverflow++
	}
	switch a.Outcome {
	case handshake.Accepted:
		c.TCPFastOpenPassive++
	case handshake.Rejected:
		c.TCPFastOpenPassiveFail++
	}
}

// dropped counts what a connection in this state could not use.
func (c *Counters) dropped(s handshake.State, why handshake.DropReason) {
	switch why {
	case handshake.DropICMP:
		c.OutOfWindowIcmps++
		return
	case handshake.DropDeferred:
		c.TCPDeferAcceptDrop++
		return
	case handshake.DropTimestamp:
		if s == handshake.SynSent {
			c.PAWSActive++
		} else {
			c.PAWSEstab++
		}
	}
	c.Ignored++
}

// opened counts what became of the SYN data of a client.
func (c *Counters) opened(i *handshake.FastOpenInfo) {
	switch {
	case i.SynData == 0:
	case i.Outcome == handshake.Accepted:
		c.TCPFastOpenActive++
	default:
		c.TCPFastOpenActiveFail++
	}
}

// add counts what a connection has counted itself.
func (c *Counters) add(i *handshake.Info) {
	c.RetransSegs += uint64(i.TotalRetransmits)
	c.TCPTimeouts += uint64(i.Timeouts)
	c.TCPLossProbes += uint64(i.TailProbes)
	c.TCPSackRecovery += uint64(i.FastRecoveries)
	c.TCPDSACKRecv += uint64(i.DuplicatesSent)
	c.TCPFullUndo += uint64(i.SpuriousRecoveries)
	c.TCPSynRetrans += uint64(i.SynRetransmits)
	c.TCPChallengeACK += uint64(i.Challenges)
}

// ended counts the end of a connection that was in this state, for the reason
// err. As in Linux a half-open connection that times out, or whose listener is
// closed, has not failed: it has never been one.
func (c *Counters) ended(conn *Conn, from handshake.State, err error) {
	if !conn.machine.Uneventful() {
		info := conn.machine.Info()
		c.add(&info)
	}
	switch {
	case err == nil:
	case conn.waiting && errors.Is(err, handshake.ErrReset):
		c.EmbryonicRsts++
		c.AttemptFails++
	case conn.waiting:
	case !from.Synchronized():
		c.AttemptFails++
	case isEstablished(from):
		c.EstabResets++
	}
}

// Plus returns the sums of all counters, as of one stack that did what two did.
func (c Counters) Plus(d Counters) Counters {
	sum, more := reflect.ValueOf(&c).Elem(), reflect.ValueOf(d)
	for i := range sum.NumField() {
		sum.Field(i).SetUint(sum.Field(i).Uint() + more.Field(i).Uint())
	}
	return c
}

// isEstablished is what Linux means by that in its counters.
func isEstablished(s handshake.State) bool {
	return s == handshake.Established || s == handshake.CloseWait
}

// count returns the counters of the loop and of its connections.
func (l *loop) count() Counters {
	n := l.counters
	for c := range l.conns.all() {
		i := c.Info()
		n.add(&i)
		if isEstablished(i.State) {
			n.CurrEstab++
		}
	}
	return n
}
