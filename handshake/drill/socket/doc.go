// Package socket is Linux's socket calls over an endpoint in virtual time: file
// descriptors, blocking and errnos as a program on Linux sees them, with our TCP
// below.
//
// A [Host] is a machine with one interface. Its owner tells it the time, hands it
// what comes from the network and takes what it sends. Calls that block are an
// [Op] that the owner tries again after every event. A Host has one owner and no
// locks, and the same calls have the same results whenever they are made.
package socket
