package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"tfocraft/handshake/endpoint"
)

// A counter is one field of [endpoint.Counters].
type counter struct {
	desc  *prometheus.Desc
	value func(*endpoint.Counters) uint64
}

// describe names a metric; field is what [endpoint.Counters] calls it.
func describe(name, field, help string) *prometheus.Desc {
	return prometheus.NewDesc("tfo_"+name+"_total", help+" ("+field+").", nil, nil)
}

// counters are all of them but CurrEstab, which goes up and down, in the order of
// the fields.
var counters = []counter{
	{describe("in_segs", "InSegs", "Segments received for our ports"),
		func(c *endpoint.Counters) uint64 { return c.InSegs }},
	{describe("out_segs", "OutSegs", "Segments sent"),
		func(c *endpoint.Counters) uint64 { return c.OutSegs }},
	{describe("in_errs", "InErrs", "Frames for us that were cut or had impossible lengths"),
		func(c *endpoint.Counters) uint64 { return c.InErrs }},
	{describe("in_csum_errors", "InCsumErrors", "Segments with a wrong checksum"),
		func(c *endpoint.Counters) uint64 { return c.InCsumErrors }},
	{describe("out_rsts", "OutRsts", "Resets sent"),
		func(c *endpoint.Counters) uint64 { return c.OutRsts }},
	{describe("active_opens", "ActiveOpens", "Connections opened by us"),
		func(c *endpoint.Counters) uint64 { return c.ActiveOpens }},
	{describe("passive_opens", "PassiveOpens", "Connections opened by a peer"),
		func(c *endpoint.Counters) uint64 { return c.PassiveOpens }},
	{describe("attempt_fails", "AttemptFails", "Dials that failed, and connections of peers that were reset before they were established"),
		func(c *endpoint.Counters) uint64 { return c.AttemptFails }},
	{describe("estab_resets", "EstabResets", "Connections that ended otherwise than in order"),
		func(c *endpoint.Counters) uint64 { return c.EstabResets }},
	{describe("retrans_segs", "RetransSegs", "Segments sent again"),
		func(c *endpoint.Counters) uint64 { return c.RetransSegs }},

	{describe("listen_overflows", "ListenOverflows", "SYNs and ACKs dropped because too many connections waited for Accept"),
		func(c *endpoint.Counters) uint64 { return c.ListenOverflows }},
	{describe("listen_drops", "ListenDrops", "Those, and SYNs dropped because too many connections were half open"),
		func(c *endpoint.Counters) uint64 { return c.ListenDrops }},
	{describe("tcp_req_q_full_drop", "TCPReqQFullDrop", "SYNs dropped because too many connections were half open"),
		func(c *endpoint.Counters) uint64 { return c.TCPReqQFullDrop }},
	{describe("tcp_req_q_full_do_cookies", "TCPReqQFullDoCookies", "SYNs answered by a cookie for that"),
		func(c *endpoint.Counters) uint64 { return c.TCPReqQFullDoCookies }},
	{describe("syncookies_sent", "SyncookiesSent", "SYN cookies sent"),
		func(c *endpoint.Counters) uint64 { return c.SyncookiesSent }},
	{describe("syncookies_recv", "SyncookiesRecv", "SYN cookies that came back"),
		func(c *endpoint.Counters) uint64 { return c.SyncookiesRecv }},
	{describe("syncookies_failed", "SyncookiesFailed", "Segments that brought no good cookie back"),
		func(c *endpoint.Counters) uint64 { return c.SyncookiesFailed }},
	{describe("embryonic_rsts", "EmbryonicRsts", "Half-open connections that the peer has reset"),
		func(c *endpoint.Counters) uint64 { return c.EmbryonicRsts }},
	{describe("tcp_defer_accept_drop", "TCPDeferAcceptDrop", "ACKs that were to end a handshake and brought no data"),
		func(c *endpoint.Counters) uint64 { return c.TCPDeferAcceptDrop }},

	{describe("tcp_timeouts", "TCPTimeouts", "Retransmission timeouts of data"),
		func(c *endpoint.Counters) uint64 { return c.TCPTimeouts }},
	{describe("tcp_loss_probes", "TCPLossProbes", "Tail loss probes sent"),
		func(c *endpoint.Counters) uint64 { return c.TCPLossProbes }},
	{describe("tcp_sack_recovery", "TCPSackRecovery", "Losses found by acknowledgements"),
		func(c *endpoint.Counters) uint64 { return c.TCPSackRecovery }},
	{describe("tcp_dsack_recv", "TCPDSACKRecv", "Reports of peers that something came twice"),
		func(c *endpoint.Counters) uint64 { return c.TCPDSACKRecv }},
	{describe("tcp_full_undo", "TCPFullUndo", "Repairs taken back because nothing was lost"),
		func(c *endpoint.Counters) uint64 { return c.TCPFullUndo }},
	{describe("tcp_syn_retrans", "TCPSynRetrans", "SYNs and SYN-ACKs sent again"),
		func(c *endpoint.Counters) uint64 { return c.TCPSynRetrans }},
	{describe("tcp_challenge_ack", "TCPChallengeACK", "Challenge ACKs sent"),
		func(c *endpoint.Counters) uint64 { return c.TCPChallengeACK }},

	{describe("paws_active", "PAWSActive", "SYN-ACKs reset because of the timestamp that they echo"),
		func(c *endpoint.Counters) uint64 { return c.PAWSActive }},
	{describe("paws_estab", "PAWSEstab", "Segments not taken because of an old timestamp"),
		func(c *endpoint.Counters) uint64 { return c.PAWSEstab }},
	{describe("out_of_window_icmps", "OutOfWindowIcmps", "ICMP errors that quote nothing outstanding"),
		func(c *endpoint.Counters) uint64 { return c.OutOfWindowIcmps }},

	{describe("tcp_fast_open_active", "TCPFastOpenActive", "Connections whose SYN data was acknowledged"),
		func(c *endpoint.Counters) uint64 { return c.TCPFastOpenActive }},
	{describe("tcp_fast_open_active_fail", "TCPFastOpenActiveFail", "Connections whose SYN data was not acknowledged, or not at first"),
		func(c *endpoint.Counters) uint64 { return c.TCPFastOpenActiveFail }},
	{describe("tcp_fast_open_passive", "TCPFastOpenPassive", "SYNs whose cookie was valid, or not needed"),
		func(c *endpoint.Counters) uint64 { return c.TCPFastOpenPassive }},
	{describe("tcp_fast_open_passive_fail", "TCPFastOpenPassiveFail", "SYNs whose cookie was not valid"),
		func(c *endpoint.Counters) uint64 { return c.TCPFastOpenPassiveFail }},
	{describe("tcp_fast_open_listen_overflow", "TCPFastOpenListenOverflow", "SYNs with the option beyond the limit of pending connections"),
		func(c *endpoint.Counters) uint64 { return c.TCPFastOpenListenOverflow }},
	{describe("tcp_fast_open_cookie_reqd", "TCPFastOpenCookieReqd", "Requests for a cookie received"),
		func(c *endpoint.Counters) uint64 { return c.TCPFastOpenCookieReqd }},
	{describe("tcp_fast_open_passive_alt_key", "TCPFastOpenPassiveAltKey", "Cookies that were valid under an older key"),
		func(c *endpoint.Counters) uint64 { return c.TCPFastOpenPassiveAltKey }},

	{describe("martians", "Martians", "Packets from or to an impossible address"),
		func(c *endpoint.Counters) uint64 { return c.Martians }},
	{describe("no_conn", "NoConn", "Segments that belong to no connection and open none"),
		func(c *endpoint.Counters) uint64 { return c.NoConn }},
	{describe("ignored", "Ignored", "Segments that their connection could not use"),
		func(c *endpoint.Counters) uint64 { return c.Ignored }},
	{describe("icmp_errors", "ICMPErrors", "ICMP errors about a connection of ours"),
		func(c *endpoint.Counters) uint64 { return c.ICMPErrors }},
	{describe("send_errors", "SendErrors", "Frames that the link did not take"),
		func(c *endpoint.Counters) uint64 { return c.SendErrors }},
}
