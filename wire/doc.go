// Package wire turns bytes into values and back, for everything a TCP Fast
// Open exchange puts on the wire: Ethernet, IPv4, IPv6, ICMP errors, TCP and
// every TCP option, Fast Open (RFC 7413) in both of its forms included. The
// same segments have a text form, see below.
//
// It guarantees three things. Parsing never panics and never reads past its
// input. Parsing a frame and appending the result gives back the same bytes:
// option order, padding, reserved bits, unknown options and wrong checksums
// included. And nothing is filled in silently: lengths and checksums are set
// by calls of their own ([Packet.SetLengths], [Packet.SetChecksums]), so a
// wrong value that somebody crafted stays wrong. A [Template] makes these calls
// and leaves alone what it was told to.
//
// What a Parse function returns aliases its input; copy what has to outlive
// the buffer. Append functions add to a destination slice and return it.
//
// The package is pure: no sockets, files, goroutines or clock. It does not
// decide anything about a connection; that is package handshake.
//
// # Text form
//
// [ParseText] reads and [AppendText] writes packetdrill's form:
//
//	S 0:5(5) win 65535 <mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 8,FO 0102030405060708,nop,nop>
//	P. 1:6(5) ack 1 win 256
//
// The parts are
//
//   - flags: the letters F S R P . U E W A (the dot is ACK, E is ECE, W is CWR,
//     A is AE), or - for none. A digit after the others stands for E, W and A
//     as the number 1*E + 2*W + 4*A (the ACE field of RFC 9768).
//   - start:end(length): sequence numbers of the payload and after it. SYN and
//     FIN are not counted. The payload itself is not part of the text.
//   - ack N, win N, urg N: in this order; ack is there if its flag is, win is
//     not scaled, urg is there if it is not zero.
//   - the options in angle brackets, padding included.
//
// A text that is read may leave out win, and say <...> for any options; see
// [SegmentText].
//
// The options are nop, eol, mss N, wscale N, sackOK, sack L:R L:R...,
// TS val N ecr N, md5 HEX, FO HEX (kind 34) and FOEXP HEX (kind 254 with the
// Fast Open identifier); FO and FOEXP without a cookie ask for one.
//
// Three notations are this package's own, for what packetdrill cannot say:
//
//   - !N after the flags: the three reserved bits of the header, N from 1 to 7.
//   - kind N HEX: an option of kind N with any data, or none.
//   - raw HEX: bytes that stand in the option list as they are, which is how
//     an impossible length and what follows it are written.
//
// With these, printing and parsing again gives back the same option bytes for
// every option list.
package wire
