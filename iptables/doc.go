// Package iptables keeps the Linux kernel quiet while a userspace TCP endpoint
// speaks from one of the machine's own addresses.
//
// The kernel has no socket for such a connection. It answers the peer's SYN-ACK,
// or a SYN to the endpoint's port, with a RST, and the connection dies. A [Guard]
// installs one packet filter rule for each [Scope], which stops that: exactly the
// addresses and ports in use, never the whole host. [Rules] gives the rules as
// data and [Print] shows them as commands; neither touches the system.
//
// Own frames that leave through AF_PACKET do not pass the packet filter, so the
// endpoint's own RSTs still get out; frames that arrive are seen by AF_PACKET
// before the filter drops them. An address that the kernel does not own needs no
// guard at all: use [ModeNone].
//
// # Lifetime of rules
//
// Each rule of a guard carries a [Tag] that names its owner: process id, start
// time of that process, pid namespace, and a number of the guard. Rules go when the
// guard is closed, when the process ends in any way, SIGKILL included, and what
// is stale nevertheless, in either backend, is swept by the next [Open] or by [Sweep]. Rules made by
// [Install] belong to nobody and stay until [Uninstall] or [SweepAll].
//
// # Backends
//
// [BackendNFT] talks nf_tables over netlink and needs no program. The guard's
// table has the owner flag (Linux 5.12): it belongs to the netlink socket, only that
// socket can change it, "nft flush ruleset" passes it by, and the kernel removes it
// the moment the socket closes, which it does for a process that was killed too.
// [BackendIPTables] runs iptables and ip6tables, and a small shell process in a
// session of its own waits on a pipe for the guard's end and then deletes
// the rules that have the guard's tag, a second time if a program was still adding one. What
// kills that shell too, such as a service manager that kills a whole control group,
// leaves the rules to the next sweep. The programs need root, or CAP_NET_ADMIN as an ambient
// capability: file capabilities of the guard's program do not reach them.
// iptables-nft leaves its empty standard tables behind, and an xtables lock that
// another program holds delays every change.
//
// [BackendAuto] therefore prefers nft with the owner flag. Without that flag (an
// older kernel) it takes iptables if it is installed, since the watcher survives
// SIGKILL there; then nft without the flag, with a watcher if the nft program is
// installed, and with nothing but the next sweep if it is not. A rule that drops is
// final in any table, so it does not matter which of the two the host's own
// firewall uses.
//
// In a user namespace nft works when the network namespace belongs to it.
// iptables-legacy also needs a lock file that it can write: set XTABLES_LOCKFILE.
//
// # Network namespaces
//
// Everything acts on the network namespace of the thread that calls [Open], [List],
// [Sweep], [Install], [Uninstall] or [Available]; a caller that has moved into
// another namespace holds runtime.LockOSThread meanwhile. A Guard remembers the
// namespace of its Open: its methods may be called from any goroutine. The package
// does no firewall work on a thread that the caller does not wait for.
package iptables
