package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"

	"golang.org/x/net/dns/dnsmessage"
)

// What the servers of the cases know, and what they are asked.
const (
	dnsName = "www.example.com."
	dnsText = "198.18.0.80"
)

var dnsAddr = netip.MustParseAddr(dnsText)

// answerDNS is a name server: ours for TCP, and beside it one of the kernel for
// UDP that sends everybody to TCP.
func answerDNS(s *site) error {
	if err := truncateUDP(s); err != nil {
		return err
	}
	return answerTCP(s)
}

// truncateUDP answers every query with the TC bit (RFC 1035, Section 4.1.1).
func truncateUDP(s *site) error {
	var socket net.PacketConn
	err := s.lab.Server.Do(func() (err error) {
		socket, err = net.ListenPacket("udp", s.addr.String())
		return err
	})
	if err != nil {
		return err
	}
	s.closers = append(s.closers, socket.Close)
	go func() {
		query := make([]byte, 512)
		for {
			n, from, err := socket.ReadFrom(query)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(query[:n]) != nil {
				continue
			}
			m.Response, m.Truncated, m.Additionals = true, true, nil
			if answer, err := m.Pack(); err == nil {
				socket.WriteTo(answer, from)
			}
		}
	}()
	return nil
}

// answerTCP speaks DNS as in RFC 1035, Section 4.2.2: each message has its
// length in front. It answers until the client closes.
var answerTCP = handle(func(_ *site, c net.Conn) error {
	for {
		query, err := readDNS(c)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		answer, err := dnsAnswer(query)
		if err != nil {
			return err
		}
		if _, err := c.Write(frameDNS(answer)); err != nil {
			return err
		}
	}
})

func readDNS(r io.Reader) ([]byte, error) {
	var length [2]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, err
	}
	message := make([]byte, binary.BigEndian.Uint16(length[:]))
	_, err := io.ReadFull(r, message)
	return message, err
}

func frameDNS(message []byte) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(message))), message...)
}

// dnsAnswer answers a question for an address, whatever the name, and others
// with an empty answer.
func dnsAnswer(query []byte) ([]byte, error) {
	var m dnsmessage.Message
	if err := m.Unpack(query); err != nil {
		return nil, err
	}
	m.Response, m.Authoritative, m.RecursionAvailable = true, true, true
	m.Additionals = nil
	for _, q := range m.Questions {
		if q.Type == dnsmessage.TypeA {
			m.Answers = append(m.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 60},
				Body:   &dnsmessage.AResource{A: dnsAddr.As4()},
			})
		}
	}
	return m.Pack()
}

// dnsQuery is a question for the address of dnsName, as it goes over TCP.
func dnsQuery() string {
	m := dnsmessage.Message{
		Header: dnsmessage.Header{ID: 0x1234, RecursionDesired: true},
		Questions: []dnsmessage.Question{{
			Name: dnsmessage.MustNewName(dnsName), Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET,
		}},
	}
	message, err := m.Pack()
	if err != nil {
		panic(err) // nothing of it comes from outside
	}
	return string(frameDNS(message))
}

// answersQuery wants a server's bytes to be the answer to dnsQuery.
func answersQuery(output string) error {
	var m dnsmessage.Message
	if len(output) < 2 {
		return fmt.Errorf("no DNS message: %q", output)
	}
	if err := m.Unpack([]byte(output[2:])); err != nil {
		return fmt.Errorf("%w: %q", err, output)
	}
	if m.ID != 0x1234 || !m.Response || m.RCode != dnsmessage.RCodeSuccess {
		return fmt.Errorf("not a good answer: %v", m.Header)
	}
	for _, a := range m.Answers {
		if r, ok := a.Body.(*dnsmessage.AResource); ok && r.A == dnsAddr.As4() {
			return nil
		}
	}
	return fmt.Errorf("the answer lacks %s: %v", dnsText, m.Answers)
}
