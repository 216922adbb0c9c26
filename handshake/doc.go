// Package handshake is one TCP connection with Fast Open (RFC 7413) as a
// state machine: RFC 9293's states, the client's and the server's part of the
// Fast Open exchange, and as much of TCP as carries a request and its response
// over a path that loses segments.
//
// A [Machine] does no IO and reads no clock. Its owner hands it segments
// ([Machine.Input]), time ([Machine.Advance]) and the application's wishes
// ([Machine.Write], [Machine.Close]), and carries out the outputs that each
// call appends, in their order. After every call the owner reads
// [Machine.Deadline] and calls Advance when that time has come.
//
// A Machine has one owner and no locks. Segments that do not fit are not
// errors: they are dropped, challenged or answered with a reset, and counted in
// [Info]. Misuse by the program panics.
//
// What a listener does with the Fast Open option of a SYN, and how many
// connections may wait unconfirmed, is a [Gate]'s business; one Gate serves all
// connections of a listener.
//
// The package is pure: no sockets, files, goroutines, logging or clock.
package handshake
