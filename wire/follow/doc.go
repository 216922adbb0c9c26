// Package follow tells the story of TCP connections from their frames: what
// each segment is and why it is so, and what became of Fast Open (RFC 7413) on
// each connection.
//
// A [Follower] takes frames in the order in which one place of the network saw
// them. It believes the wire only: either side may be anything, and nothing is
// assumed about it. A segment that the receiver will ignore is told as such and
// changes nothing.
//
// # Round trips
//
// How long a request took is counted in trips, one way each, and not in time:
// the count is the same on a path without delay. The first SYN is on its trip
// number one. Every other segment is one trip after the latest that its sender
// must have had:
//
//   - what its acknowledgment number covers;
//   - for what is not a SYN, the acknowledgment of the sender's own SYN. A
//     server that took the data of the SYN need not wait for it.
//
// A round trip is two trips. So the server has the request after 0.5 round
// trips if it took it from the SYN, and after 1.5 if it came after the
// handshake; the client has the first byte of the response after 1 or after 2.
//
// The request is what the server had acknowledged when it first sent data, or,
// if it has not yet, what it has acknowledged so far. The count is the least
// that the acknowledgment numbers prove: neither waiting for a retransmission
// timer nor waiting for room in a window is a trip.
//
// # States
//
// A state is that of RFC 9293, Section 3.3.2, as it follows from the segments: a
// sender has sent what it sends, and a receiver has got it at once, unless the
// [Sighting] says that it was lost. The SYN is the exception. A server that takes
// it is in SYN-RECEIVED from then on, before it has sent its SYN-ACK (RFC 9293,
// Section 3.10.7.2), and its program may have the data of the SYN by then. But a SYN
// on the wire does not show that somebody takes it: what answers may be a reset, or
// nothing. So the server is presumed to be in LISTEN ([Endpoint.Presumed]) until
// its SYN-ACK proves that it was in SYN-RECEIVED. With the data of the SYN taken it
// may answer, and close, in that state (RFC 7413, Section 4.2.2). A SYN that
// comes again shows that the SYN-ACK has not arrived. What makes no segment, such
// as the end of TIME-WAIT or a side that gives up, is not seen: the state stays.
//
// # Cookies
//
// The newest cookie that each server has given each client is remembered over
// all connections, and so is what a client keeps in its cache that does as
// RFC 7413, Section 4.1.3, says. A cookie in a SYN is judged by that, or, better,
// by the key ([Follower.Keyring]).
//
// # Memory
//
// Connections, cookies and caches are bounded by [Follower.Limit], and what is
// kept of each is, too. Connections that make room go to [Follower.Done].
//
// The package is pure: no sockets, files, goroutines, logging or clock. A
// Follower has one owner and no locks.
package follow
