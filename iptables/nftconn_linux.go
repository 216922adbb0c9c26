package iptables

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// nftTableOwner is NFT_TABLE_F_OWNER.
const nftTableOwner = 0x2

// nftConn is one netlink socket to nf_tables. It belongs to the network namespace
// of the thread that opened it, and so may be used from any other.
type nftConn struct {
	*nftables.Conn
	netlink *netlink.Conn // the same socket
}

func dialNFT() (*nftConn, error) {
	c := new(nftConn)
	var err error
	c.Conn, err = nftables.New(nftables.AsLasting(), nftables.WithSockOptions(func(nl *netlink.Conn) error {
		c.netlink = nl
		return nil
	}))
	if err != nil {
		return nil, nftError("open", err)
	}
	return c, nil
}

// dialOwner opens a socket to own a table. The kernel drops the table when it is told
// of the end of a socket of that port ID, and may be told late: a program that this
// process is just starting holds on to its sockets. The ID of the process goes to one
// socket after the other, so that the end of an earlier one would count for this one,
// too; all other IDs are random.
func dialOwner() (*nftConn, error) {
	c, err := dialNFT()
	if err != nil {
		return nil, err
	}
	id, err := c.portID()
	if err == nil && id != uint32(os.Getpid()) {
		return c, nil
	}
	defer c.close() // not before the other one is open
	if err != nil {
		return nil, nftError("open", err)
	}
	return dialNFT()
}

// portID returns the address of the socket.
func (c *nftConn) portID() (id uint32, err error) {
	raw, err := c.netlink.SyscallConn()
	if err != nil {
		return 0, err
	}
	controlErr := raw.Control(func(fd uintptr) {
		var sa unix.Sockaddr
		if sa, err = unix.Getsockname(int(fd)); err == nil {
			id = sa.(*unix.SockaddrNetlink).Pid
		}
	})
	return id, errors.Join(controlErr, os.NewSyscallError("getsockname", err))
}

func (c *nftConn) close() error { return c.CloseLasting() }

// nftError gives an error of a request its reason.
func nftError(request string, err error) error {
	if err == nil {
		return nil
	}
	reason := err
	if errors.Is(err, fs.ErrPermission) {
		reason = ErrPrivilege
	}
	return &Error{Args: []string{"nft", request}, ExitCode: -1, Err: reason}
}

func nftTable(tag Tag) *nftables.Table {
	return &nftables.Table{Name: tag.table(), Family: nftables.TableFamilyINet}
}

// createTable makes the table of a tag, which must not exist. google/nftables always
// sends the flags 0, so this one message is built here. Without commit the kernel
// validates the request and throws it away, as for "nft --check".
func (c *nftConn) createTable(tag Tag, flags uint32, commit bool) error {
	attributes, err := netlink.MarshalAttributes([]netlink.Attribute{
		{Type: unix.NFTA_TABLE_NAME, Data: append([]byte(tag.table()), 0)},
		{Type: unix.NFTA_TABLE_FLAGS, Data: binary.BigEndian.AppendUint32(nil, flags)},
	})
	if err != nil {
		return err
	}
	batch := []netlink.Message{
		nftMessage(unix.NFNL_MSG_BATCH_BEGIN, 0, unix.NFPROTO_UNSPEC, unix.NFNL_SUBSYS_NFTABLES, nil),
		nftMessage(unix.NFNL_SUBSYS_NFTABLES<<8|unix.NFT_MSG_NEWTABLE,
			netlink.Acknowledge|netlink.Create|netlink.Excl, unix.NFPROTO_INET, 0, attributes),
	}
	if commit {
		batch = append(batch, nftMessage(unix.NFNL_MSG_BATCH_END, 0, unix.NFPROTO_UNSPEC, unix.NFNL_SUBSYS_NFTABLES, nil))
	}
	if _, err := c.netlink.SendMessages(batch); err != nil {
		return err
	}
	_, err = c.netlink.Receive() // one acknowledgement, or the error
	return err
}

// nftMessage is a netlink message with the header of nfnetlink: family, version 0,
// resource.
func nftMessage(kind uint16, flags netlink.HeaderFlags, family uint8, resource uint16, attributes []byte) netlink.Message {
	data := binary.BigEndian.AppendUint16([]byte{family, 0}, resource)
	return netlink.Message{
		Header: netlink.Header{Type: netlink.HeaderType(kind), Flags: netlink.Request | flags},
		Data:   append(data, attributes...),
	}
}

// checkNFT asks whether nf_tables works here.
func checkNFT() error {
	c, err := dialNFT()
	if err != nil {
		return fmt.Errorf("%w (%w)", err, ErrNoBackend)
	}
	defer c.close()
	if _, err = c.tables(); err != nil && !errors.Is(err, ErrPrivilege) {
		return fmt.Errorf("%w (%w)", err, ErrNoBackend)
	}
	return err
}

// probeNFT asks whether nf_tables works here, and knows the owner flag. It takes the
// kernel some milliseconds to throw the request away.
func probeNFT() (owned bool, err error) {
	c, err := dialNFT()
	if err != nil {
		return false, fmt.Errorf("%w (%w)", err, ErrNoBackend)
	}
	defer c.close()
	tag := newTag()
	err = c.createTable(tag, nftTableOwner, false)
	if err == nil {
		return true, nil
	}
	if errors.Is(err, fs.ErrPermission) {
		return false, nftError("probe", err)
	}
	if err = c.createTable(tag, 0, false); err == nil {
		return false, nil
	}
	return false, fmt.Errorf("%w (%w)", nftError("probe", err), ErrNoBackend)
}

// taggedTable is a table of this package.
type taggedTable struct {
	tag   Tag
	owned bool
}

// tables returns the tables of this package's rules, whoever made them.
func (c *nftConn) tables() ([]taggedTable, error) {
	all, err := c.ListTablesOfFamily(nftables.TableFamilyINet)
	if err != nil {
		return nil, nftError("list tables", err)
	}
	var found []taggedTable
	for _, t := range all {
		tag, err := tagOfTable(t.Name)
		if err != nil {
			continue
		}
		// The library reads these flags in the byte order of the machine.
		flags := binary.BigEndian.Uint32(binary.NativeEndian.AppendUint32(nil, t.Flags))
		found = append(found, taggedTable{tag: tag, owned: flags&nftTableOwner != 0})
	}
	return found, nil
}

// taggedRule is a rule of this package as the kernel has it.
type taggedRule struct {
	Rule
	packets uint64
	handle  uint64
}

// rules returns the rules in the table of a tag; none if there is no such table.
func (c *nftConn) rules(tag Tag) ([]taggedRule, error) {
	var found []taggedRule
	for _, chain := range []string{nftChainRST, nftChainInbound} {
		listed, err := c.GetRules(nftTable(tag), &nftables.Chain{Name: chain})
		if err != nil {
			return nil, nftError("list rules", err)
		}
		for _, l := range listed {
			if r, ok := decodeRule(l); ok && r.Tag == tag {
				found = append(found, r)
			}
		}
	}
	return found, nil
}

// addChain makes the chain of a rule unless it exists.
func (c *nftConn) addChain(r Rule) error {
	c.AddChain(nftChainOf(r))
	return nftError("add chain", c.Flush())
}

// add installs a rule, whose chain exists, and returns its handle. google/nftables
// asks for the handle and does not look at the answer, so this message, too, is
// built here.
func (c *nftConn) add(r Rule) (handle uint64, err error) {
	attributes, err := ruleAttributes(r)
	if err != nil {
		return 0, nftError("add rule", err)
	}
	_, err = c.netlink.SendMessages([]netlink.Message{
		nftMessage(unix.NFNL_MSG_BATCH_BEGIN, 0, unix.NFPROTO_UNSPEC, unix.NFNL_SUBSYS_NFTABLES, nil),
		nftMessage(nftNewRule, netlink.Acknowledge|netlink.Create|netlink.Append|netlink.Echo, unix.NFPROTO_INET, 0, attributes),
		nftMessage(unix.NFNL_MSG_BATCH_END, 0, unix.NFPROTO_UNSPEC, unix.NFNL_SUBSYS_NFTABLES, nil),
	})
	for acknowledged := false; err == nil && !acknowledged; {
		var answers []netlink.Message
		answers, err = c.netlink.Receive()
		for _, m := range answers {
			switch m.Header.Type {
			case netlink.Error: // with the code 0
				acknowledged = true
			case nftNewRule:
				handle, err = ruleHandle(m.Data)
			}
		}
	}
	return handle, nftError("add rule", err)
}

const nftNewRule = unix.NFNL_SUBSYS_NFTABLES<<8 | unix.NFT_MSG_NEWRULE

// ruleAttributes are those of a rule that is to be added.
func ruleAttributes(r Rule) ([]byte, error) {
	var list []netlink.Attribute
	for _, e := range encodeRule(r) {
		data, err := expr.Marshal(unix.NFPROTO_INET, e)
		if err != nil {
			return nil, err
		}
		list = append(list, netlink.Attribute{Type: unix.NLA_F_NESTED | unix.NFTA_LIST_ELEM, Data: data})
	}
	expressions, err := netlink.MarshalAttributes(list)
	if err != nil {
		return nil, err
	}
	return netlink.MarshalAttributes([]netlink.Attribute{
		{Type: unix.NFTA_RULE_TABLE, Data: append([]byte(r.Tag.table()), 0)},
		{Type: unix.NFTA_RULE_CHAIN, Data: append([]byte(r.nftChain()), 0)},
		{Type: unix.NLA_F_NESTED | unix.NFTA_RULE_EXPRESSIONS, Data: expressions},
		{Type: unix.NFTA_RULE_USERDATA, Data: encodeComment(r.Tag.String())},
	})
}

// ruleHandle reads the handle from a message that tells of a new rule; 0 if it has
// none.
func ruleHandle(message []byte) (handle uint64, err error) {
	const header = 4 // of nfnetlink
	d, err := netlink.NewAttributeDecoder(message[min(header, len(message)):])
	if err != nil {
		return 0, err
	}
	d.ByteOrder = binary.BigEndian
	for d.Next() {
		if d.Type() == unix.NFTA_RULE_HANDLE {
			handle = d.Uint64()
		}
	}
	return handle, d.Err()
}

func nftChainOf(r Rule) *nftables.Chain {
	accept := nftables.ChainPolicyAccept
	c := &nftables.Chain{Name: r.nftChain(), Table: nftTable(r.Tag), Type: nftables.ChainTypeFilter, Policy: &accept}
	if r.Scope.Mode == ModeInbound {
		c.Hooknum, c.Priority = nftables.ChainHookPrerouting, nftables.ChainPriorityRaw
	} else {
		c.Hooknum, c.Priority = nftables.ChainHookOutput, nftables.ChainPriorityFilter
	}
	return c
}

// remove deletes every copy of a rule, and tells how many there were and how many
// other rules the table still has.
func (c *nftConn) remove(r Rule) (removed, left int, err error) {
	rules, err := c.rules(r.Tag)
	if err != nil {
		return 0, 0, err
	}
	same := slices.DeleteFunc(slices.Clone(rules), func(t taggedRule) bool { return t.Rule != r })
	for _, t := range same {
		if err := c.removeHandle(r, t.handle); err != nil {
			return 0, 0, err
		}
	}
	return len(same), len(rules) - len(same), nil
}

// removeHandle deletes the copy of a rule that has this handle; none is no error.
func (c *nftConn) removeHandle(r Rule, handle uint64) error {
	err := c.DelRule(&nftables.Rule{Table: nftTable(r.Tag), Chain: &nftables.Chain{Name: r.nftChain()}, Handle: handle})
	if err == nil {
		err = ignoreGone(c.Flush())
	}
	return nftError("delete rule", err)
}

// deleteTable deletes the table of a tag with all its rules; none is no error.
func (c *nftConn) deleteTable(tag Tag) error {
	c.DelTable(nftTable(tag))
	return nftError("delete table", ignoreGone(c.Flush()))
}

func ignoreGone(err error) error {
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	return err
}
