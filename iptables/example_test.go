package iptables_test

import (
	"fmt"
	"log"
	"net/netip"
	"os"

	"tfocraft/iptables"
)

func ExamplePrint() {
	listener := iptables.Scope{Local: netip.MustParseAddrPort("192.0.2.1:80")}
	if err := iptables.Print(os.Stdout, []iptables.Scope{listener}, iptables.BackendIPTables); err != nil {
		log.Fatal(err)
	}
	// Output:
	// iptables -w -t filter -A OUTPUT -p tcp -s 192.0.2.1 --sport 80 --tcp-flags RST RST -m comment --comment tfocraft:manual -j DROP
}

func ExampleRules() {
	client := iptables.Scope{
		Local:  netip.MustParseAddrPort("[2001:db8::1]:40000"),
		Remote: netip.MustParseAddrPort("[2001:db8::7]:443"),
		Mode:   iptables.ModeInbound,
	}
	rules, err := iptables.Rules(client, iptables.Tag{Manual: true})
	if err != nil {
		log.Fatal(err)
	}
	for _, rule := range rules {
		fmt.Println(rule.NFT())
	}
	// Output:
	// tcp sport 443 tcp dport 40000 ip6 saddr 2001:db8::7 ip6 daddr 2001:db8::1 counter drop comment "tfocraft:manual"
}
