// Package script reads packetdrill's language: what a host under test does by
// socket calls, what it is sent and what it is expected to send, each at its time.
//
// It knows the language and not what the words mean: names such as
// MSG_FASTOPEN and the arithmetic of tcp_info are for the runner. The package is
// pure, what it returns does not alias the text, and no text makes it panic.
//
// # Language
//
// A script is options (--name=value), a command that prepares, events, and a
// command that cleans up:
//
//	--tolerance_usecs=10000
//	`prepare.sh`
//	  0      socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
//	 +0...1  connect(3, ..., ...) = 0
//	 +0      > S 0:0(0) <mss 1460,FO,nop,nop>
//	 +.05    < S. 0:0(0) ack 1 win 65535 <mss 1460>
//	 +0      %{ assert tcpi_state == TCP_ESTABLISHED }%
//	 +1~+2   > F. 1:1(0) ack 1
//	 +0      `ip link`
//
// White space, line breaks included, means nothing but inside quotes; comments
// are // to the end of the line and /* */. A packet is in the text form of
// package wire, with ECN and the like in brackets and ports (8080 > 443) before
// it.
//
// It is the language of packetdrill's grammar, taken a little wider: expressions
// have C's bit operators and any structs, an errno needs no note, definitions may
// stand for any value. As there, numbers with zeros in front are decimal.
//
// What the grammar of one of packetdrill's versions has and this package does
// not is an [Unsupported]: UDP, SCTP and encapsulated packets, ICMP echoes,
// random changes of packets, sequence numbers and options with wildcards or
// absolute values, the options of Multipath TCP and AccECN, DSCP, and the
// arguments that describe MPLS and GRE.
package script
