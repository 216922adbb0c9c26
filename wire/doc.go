// Package wire turns bytes into values and back, for everything a TCP Fast
// Open exchange puts on the wire: Ethernet, IPv4, IPv6, ICMP errors, TCP and
// every TCP option, Fast Open (RFC 7413) in both of its forms included. The
// same segments have a text form, packetdrill's: see [ParseText].
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
package wire
