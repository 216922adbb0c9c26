package drill

import (
	"tfocraft/handshake/drill/script"
	"tfocraft/wire"
)

// An icmpName is a type and a code by their names in scripts.
type icmpName struct{ kind, code string }

// Types and codes of ICMP (RFC 792, RFC 1122, Section 3.2.2.1) and of ICMPv6
// (RFC 4443).
var (
	icmp4 = map[icmpName][2]uint8{
		{"unreachable", ""}:                         {3, 0},
		{"unreachable", "net_unreachable"}:          {3, 0},
		{"unreachable", "host_unreachable"}:         {3, 1},
		{"unreachable", "protocol_unreachable"}:     {3, 2},
		{"unreachable", "port_unreachable"}:         {3, 3},
		{"unreachable", "frag_needed"}:              {3, 4},
		{"unreachable", "source_route_failed"}:      {3, 5},
		{"unreachable", "net_unknown"}:              {3, 6},
		{"unreachable", "host_unknown"}:             {3, 7},
		{"unreachable", "source_host_isolated"}:     {3, 8},
		{"unreachable", "net_prohibited"}:           {3, 9},
		{"unreachable", "host_prohibited"}:          {3, 10},
		{"unreachable", "net_unreachable_for_tos"}:  {3, 11},
		{"unreachable", "host_unreachable_for_tos"}: {3, 12},
		{"unreachable", "packet_filtered"}:          {3, 13},
		{"unreachable", "precedence_violation"}:     {3, 14},
		{"unreachable", "precedence_cutoff"}:        {3, 15},
		{"source_quench", ""}:                       {4, 0},
		{"redirect", ""}:                            {5, 0},
		{"time_exceeded", ""}:                       {11, 0},
		{"time_exceeded", "exc_ttl"}:                {11, 0},
		{"time_exceeded", "exc_fragtime"}:           {11, 1},
		{"parameter_problem", ""}:                   {12, 0},
	}
	icmp6 = map[icmpName][2]uint8{
		{"unreachable", ""}:                    {1, 0},
		{"unreachable", "no_route"}:            {1, 0},
		{"unreachable", "admin_prohibited"}:    {1, 1},
		{"unreachable", "not_neighbour"}:       {1, 2},
		{"unreachable", "address_unreachable"}: {1, 3},
		{"unreachable", "addr_unreachable"}:    {1, 3},
		{"unreachable", "port_unreachable"}:    {1, 4},
		{"packet_too_big", ""}:                 {2, 0},
		{"time_exceeded", ""}:                  {3, 0},
		{"time_exceeded", "exc_hoplimit"}:      {3, 0},
		{"time_exceeded", "exc_fragtime"}:      {3, 1},
		{"parameter_problem", ""}:              {4, 0},
		// What scripts for both families write in the words of IPv4:
		{"unreachable", "net_unreachable"}:  {1, 0},
		{"unreachable", "host_unreachable"}: {1, 3},
		{"unreachable", "frag_needed"}:      {2, 0},
	}
)

// injectICMP sends an ICMP error to the host under test. It quotes a segment of
// the connection: the one in the script, or the last one that was sent.
func (p *player) injectICMP(e *script.ICMP) error {
	names := icmp4
	if p.config.IPv6 {
		names = icmp6
	}
	number, ok := names[icmpName{e.Type, e.Code}]
	if !ok {
		return unsupportedf("icmp %s %s is not supported for this family", e.Type, e.Code)
	}
	f := p.flow
	if f == nil {
		return failf("there is no connection yet that an ICMP error can be about")
	}
	seg := wire.Segment{Seq: f.lastSeq, Flags: e.Quoted.Flags}
	if e.Quoted.HasSeq {
		seg.Seq = f.ours.live(wire.Seq(e.Quoted.Start), e.Quoted.Flags.Has(wire.SYN))
		seg.Payload = make([]byte, e.Quoted.Length)
	}
	quoted := wire.NewPacket(f.local, f.remote, seg)
	quoted.SetLengths()
	quoted.SetChecksums()
	b := quoted.Append(nil)
	icmp := wire.ICMPError{IPVersion: quoted.IPVersion, Type: number[0], Code: number[1], MTU: uint32(e.MTU), From: p.remote}
	if p.config.IPv6 && icmp.Type == wire.ICMPv6TooBig && e.Code == "frag_needed" {
		icmp.MTU += wire.IPv6Len - wire.IPv4Len // the MTU is that of a script for IPv4
	}
	return p.venue.input(wire.AppendICMPError(nil, icmp, f.local.Addr(), b[:min(len(b), 128)]))
}
