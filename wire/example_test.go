package wire_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"

	"tfocraft/wire"
)

// A segment that somebody wrote down becomes a packet with one field wrong on
// purpose.
func Example() {
	text, err := wire.ParseText("S 0:5(5) win 1000 <mss 1460,FO 01020304>")
	if err != nil {
		fmt.Println(err)
		return
	}
	text.Segment.Payload = []byte("hello")

	template, err := wire.NewTemplate(netip.MustParseAddrPort("192.0.2.1:12345"), netip.MustParseAddrPort("192.0.2.2:80"))
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := template.Set("ip.ttl", "3"); err != nil {
		fmt.Println(err)
		return
	}
	packet, err := template.Build(nil, text.Segment)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(hex.EncodeToString(packet))
	// Output:
	// 45000039000040000306f3bbc0000201c0000202303900500000000000000000800203e854c50000020405b4220601020304010168656c6c6f
}

func ExampleParsePacket() {
	b, _ := hex.DecodeString("45000039000040000306f3bbc0000201c0000202" +
		"303900500000000000000000800203e854c50000" + "020405b4220601020304010168656c6c6f")
	p, err := wire.ParsePacket(b)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(&p)
	fmt.Println("checksums:", p.ChecksumsOK())
	options, err := p.TCP.Options.Decode()
	fmt.Printf("cookie: %x, MSS: %d, error: %v\n", options.FastOpen.Cookie, options.MSS, err)
	// Output:
	// 192.0.2.1:12345 > 192.0.2.2:80 S 0:5(5) win 1000 <mss 1460,FO 01020304,nop,nop>
	// checksums: true
	// cookie: 01020304, MSS: 1460, error: <nil>
}

func ExampleTextError_Caret() {
	_, err := wire.ParseText("S 0:6(5) win 1000")
	var textError *wire.TextError
	if errors.As(err, &textError) {
		fmt.Println(err)
		fmt.Println(textError.Caret())
	}
	// Output:
	// wire: segment text, column 5: expected 5, the start plus the length 5
	// S 0:6(5) win 1000
	//     ^ expected 5, the start plus the length 5
}

// Numbers are relative to where each side began, as in packetdrill.
func ExampleAppendText() {
	s := wire.Segment{Flags: wire.PSH | wire.ACK, Seq: 1001, Ack: 5001, Window: 502, Payload: []byte("hello")}
	fmt.Printf("%s\n", wire.AppendText(nil, &s, wire.TextBase{SeqBase: 1000, AckBase: 5000}))
	// Output:
	// P. 1:6(5) ack 1 win 502
}

// Two SYNs of clients of their own, from one that was written out.
func ExampleStamp() {
	template, err := wire.NewTemplate(netip.MustParseAddrPort("198.18.0.1:40000"), netip.MustParseAddrPort("192.0.2.2:80"))
	if err != nil {
		panic(err)
	}
	text, err := wire.ParseText("S 0:3(3) win 65535 <mss 1460,FO 0000000000000000,nop,nop>")
	if err != nil {
		panic(err)
	}
	syn, err := template.Packet(text.Segment)
	if err != nil {
		panic(err)
	}
	stamp, err := wire.NewStamp(&syn)
	if err != nil {
		panic(err)
	}
	v := stamp.Variant()
	buf := make([]byte, 0, stamp.Len())
	for range 2 {
		v.Src = v.Src.Next()
		v.Cookie[0]++
		p, err := wire.ParsePacket(stamp.Append(buf[:0], &v))
		if err != nil {
			panic(err)
		}
		fmt.Println(p.Src(), p.ChecksumsOK(), string(wire.AppendText(nil, &p.TCP, wire.TextBase{})))
	}
	// Output:
	// 198.18.0.2:40000 true S 0:3(3) win 65535 <mss 1460,FO 0100000000000000,nop,nop>
	// 198.18.0.3:40000 true S 0:3(3) win 65535 <mss 1460,FO 0200000000000000,nop,nop>
}
