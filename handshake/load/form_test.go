package load

import (
	"strings"
	"testing"

	"tfocraft/handshake"
	"tfocraft/wire"
)

func TestProfiles(t *testing.T) {
	for _, test := range []struct {
		profile handshake.Profile
		options string
	}{
		{handshake.Linux, "mss 1460,sackOK,TS val N ecr 0,nop,wscale 7,FO 0102030405060708,nop,nop"},
		{handshake.FreeBSD, "mss 1460,nop,wscale 6,sackOK,TS val N ecr 0,FO 0102030405060708,eol,eol"},
	} {
		c := small(Syn)
		var err error
		if c.Form, err = ProfileForm(test.profile, 1460, false, false, 1); err != nil {
			t.Fatal(err)
		}
		p, err := wire.ParseFrame(syns(t, c)[0])
		if err != nil {
			t.Fatal(err)
		}
		set, _ := p.TCP.Options.Decode()
		got := p.TCP.Options.String()
		before, after, _ := strings.Cut(got, "TS val ")
		_, after, _ = strings.Cut(after, " ecr")
		if got = before + "TS val N ecr" + after; got != test.options || set.Timestamps.Val == 0 {
			t.Errorf("%v: %s, want %s", test.profile, p.TCP.Options, test.options)
		}
	}
}
