package main

import "testing"

// What our name server answers to our query is right; anything else is not.
func TestDNS(t *testing.T) {
	answer, err := dnsAnswer([]byte(dnsQuery())[2:])
	if err != nil {
		t.Fatal(err)
	}
	if err := answersQuery(string(frameDNS(answer))); err != nil {
		t.Error(err)
	}
	otherID := append([]byte(nil), answer...)
	otherID[0] ^= 1
	otherAddress := append([]byte(nil), answer...)
	otherAddress[len(otherAddress)-1] ^= 1
	for name, bad := range map[string]string{
		"nothing": "", "the query itself": dnsQuery(), "another id": string(frameDNS(otherID)),
		"another address": string(frameDNS(otherAddress)), "cut": string(frameDNS(answer)[:20]),
	} {
		if answersQuery(bad) == nil {
			t.Errorf("%s passes for an answer", name)
		}
	}
}
