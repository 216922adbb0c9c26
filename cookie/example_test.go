package cookie_test

import (
	"fmt"
	"net/netip"
	"time"

	"tfocraft/cookie"
)

// The cookie that a Linux server with this key in net.ipv4.tcp_fastopen_key gives to a client.
func ExampleScheme_Minter() {
	key, err := cookie.ParseKey("a1b2c3d4-e5f60718-293a4b5c-6d7e8f90")
	if err != nil {
		fmt.Println(err)
		return
	}
	minter := cookie.Linux.Minter(key)
	c := minter.Mint(netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2"))
	fmt.Println(c.Hex())
	fmt.Println(c) // as in a log
	// Output:
	// a24e1d399638e060
	// cookie(8 bytes)
}

func ExampleParseScheme() {
	_, err := cookie.ParseScheme("md5")
	fmt.Println(err)
	// Output: cookie: unknown cookie scheme "md5": known are rfc7413, linux, linux-aes, freebsd
}

func ExampleParseKeys() {
	keys, err := cookie.ParseKeys("0-0-0-1,000102030405060708090a0b0c0d0e0f")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, k := range keys {
		fmt.Println(k.Sysctl(), k.Hex())
	}
	// Output:
	// 00000000-00000000-00000000-00000001 00000000000000000000000001000000
	// 03020100-07060504-0b0a0908-0f0e0d0c 000102030405060708090a0b0c0d0e0f
}

// A cookie outlives one change of the key, so that clients are not cut off by it.
func ExampleKeyring() {
	client, server := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	ring := cookie.NewKeyring(cookie.RFC7413, cookie.Key{1})
	presented := ring.Mint(client, server).Append(nil)
	for next := range byte(3) {
		verdict, fresh := ring.Check(presented, client, server)
		fmt.Println(verdict, string(fresh.Append(nil)) == string(presented))
		ring.Rotate(cookie.Key{next + 2})
	}
	// Output:
	// current true
	// older false
	// invalid false
}

func ExampleKeyring_RotateAt() {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	ring := cookie.NewKeyring(cookie.Linux, cookie.Key{1})
	ring.SetRotation(now, cookie.Rotation{Every: time.Hour})
	for range 3 {
		fmt.Println(now.Format(time.TimeOnly), ring.RotateAt(now, cookie.Key{2}), ring.Deadline().Format(time.TimeOnly))
		now = now.Add(40 * time.Minute)
	}
	// Output:
	// 00:00:00 false 01:00:00
	// 00:40:00 false 01:00:00
	// 01:20:00 true 02:00:00
}

// A client's second connection knows the cookie and the MSS of the first, at any port.
func ExampleMemory() {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	path := cookie.Path{Client: netip.MustParseAddr("192.0.2.1"), Server: netip.MustParseAddr("192.0.2.2"), Port: 80}
	var cache cookie.Cache = cookie.NewMemory(cookie.Limits{})

	granted, err := cookie.Parse("a24e1d399638e060")
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := cache.Learn(now, path, granted, 1460, false); err != nil {
		fmt.Println(err)
		return
	}
	if err := cache.Block(now, path, cookie.NoSynAck); err != nil {
		fmt.Println(err)
		return
	}
	for _, port := range []uint16{80, 443} {
		path.Port = port
		hint, err := cache.Lookup(now.Add(time.Second), path)
		fmt.Printf("%d: %s mss %d %q %v\n", port, hint.Cookie.Hex(), hint.MSS, hint.Blocked, err)
	}
	// Output:
	// 80: a24e1d399638e060 mss 1460 "no-synack" <nil>
	// 443: a24e1d399638e060 mss 1460 "" <nil>
}
