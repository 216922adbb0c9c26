package lab_test

import (
	"context"
	"fmt"
	"log"
	"net/netip"
	"os"

	"tfocraft/cmd/tfo/internal/lab"
)

// A program gives itself the power to make namespaces, then lets the kernel of one host talk to that of another.
func Example() {
	ctx := context.Background()
	code, done, err := lab.Reexec(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	if err != nil {
		log.Fatal(err)
	}
	if done {
		os.Exit(code)
	}

	l, err := lab.New(ctx, lab.Config{IPv6: true})
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()

	server, err := lab.ListenKernel(l.Server, lab.KernelServerConfig{
		Listen: netip.AddrPortFrom(l.Server.Addr6, 80),
		Reply:  func(_ netip.AddrPort, request []byte) []byte { return request },
	})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	go server.Serve(ctx)

	client := lab.KernelClient{Host: l.Client}
	for range 2 {
		x, err := client.Exchange(ctx, server.Addr(), []byte("hello"))
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s, in the SYN: %t\n", x.Reply, x.SynDataAcked)
	}
}
