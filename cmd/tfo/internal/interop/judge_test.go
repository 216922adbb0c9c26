package main

import (
	"errors"
	"slices"
	"testing"

	"tfocraft/wire/follow"
)

// good is the evidence of two connections without fault.
func good() evidence {
	return evidence{
		seen: seen{conns: []follow.Connection{
			{Number: 1, SynOption: follow.OptionRequest, SynAckOption: follow.OptionCookie, FastOpen: follow.CookieReceived, ClosedInOrder: true},
			{Number: 2, SynOption: follow.OptionCookie, SynData: 5, SynAcked: 5, FastOpen: follow.Accepted, ClosedInOrder: true},
		}},
		visits: 2, counter: "TCPFastOpenActive", counted: 1, secondLook: wireshark{synData: 1},
	}
}

// Each fault is seen by its check, with a reason, and by no other.
func TestJudge(t *testing.T) {
	for _, tc := range []struct {
		name  string
		spoil func(e *evidence)
		want  []check
	}{
		{"no fault", func(*evidence) {}, nil},
		{"no option in the first SYN", func(e *evidence) { e.conns[0].SynOption = follow.OptionNone }, []check{gotCookie}},
		{"no cookie in the SYN-ACK", func(e *evidence) { e.conns[0].SynAckOption = follow.OptionNone }, []check{gotCookie}},
		{"cookie without data", func(e *evidence) { e.conns[1].SynData, e.conns[1].SynAcked = 0, 0 }, []check{dataTaken}},
		{"data taken in part", func(e *evidence) { e.conns[1].SynAcked = 4 }, []check{dataTaken}},
		{"data rejected", func(e *evidence) { e.conns[1].FastOpen = follow.Rejected }, []check{dataTaken}},
		{"the kernel counted none", func(e *evidence) { e.counted = 0 }, []check{dataTaken}},
		{"the kernel counted more", func(e *evidence) { e.counted = 2 }, []check{dataTaken}},
		{"Wireshark saw no data", func(e *evidence) { e.secondLook.synData = 0 }, []check{dataTaken}},
		{"wrong reply", func(e *evidence) { e.reply = errors.New("nonsense") }, []check{goodReply}},
		{"one connection for two visits", func(e *evidence) { e.conns = e.conns[:1] }, []check{dataTaken, goodReply}},
		{"connection left open", func(e *evidence) { e.conns[1].ClosedInOrder = false }, []check{closed}},
		{"reset", func(e *evidence) { e.resets = 1 }, []check{closed}},
		{"reset that Wireshark alone saw", func(e *evidence) { e.secondLook.resets = 1 }, []check{closed}},
		{"data again", func(e *evidence) { e.conns[1].Retransmits = 1 }, []check{noRepeats}},
		{"SYN again", func(e *evidence) { e.conns[0].SynRetransmits = 1 }, []check{noRepeats}},
		{"SYN-ACK again", func(e *evidence) { e.conns[0].SynAckRetransmits = 1 }, []check{noRepeats}},
		{"again for Wireshark alone", func(e *evidence) { e.secondLook.retransmissions = 1 }, []check{noRepeats}},
		{"nothing seen", func(e *evidence) { e.conns = nil }, checks},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := good()
			tc.spoil(&e)
			var got []check
			verdicts := e.judge()
			for _, c := range checks {
				if v := verdicts[c]; !v.ok {
					got = append(got, c)
					if v.why == "" {
						t.Errorf("%s: no reason", c)
					}
				}
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("failed checks: got %q, want %q", got, tc.want)
			}
		})
	}
}

// A case is a surprise when a check fails that is not known to, and when one
// works that is known not to.
func TestSurprises(t *testing.T) {
	spoilt := good()
	spoilt.resets = 1
	clean := good()
	known := map[check]string{closed: "it resets"}
	for _, tc := range []struct {
		name string
		row  row
		want int
	}{
		{"works", row{verdicts: clean.judge()}, 0},
		{"fails", row{verdicts: spoilt.judge()}, 1},
		{"fails as known", row{testCase: testCase{known: known}, verdicts: spoilt.judge()}, 0},
		{"works after all", row{testCase: testCase{known: known}, verdicts: clean.judge()}, 1},
		{"works this time", row{testCase: testCase{known: known, sometimes: []check{closed}}, verdicts: clean.judge()}, 0},
		{"did not run", row{err: errors.New("not installed")}, 1},
		{"fails in another way", row{testCase: testCase{refusal: "no such option"}, verdicts: clean.judge()}, 1},
	} {
		if got := tc.row.surprises(); len(got) != tc.want {
			t.Errorf("%s: got %q, want %d surprises", tc.name, got, tc.want)
		}
	}
}
