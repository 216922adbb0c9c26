package iptables

import "testing"

func FuzzDecodeComment(f *testing.F) {
	f.Add(encodeComment("tfocraft:manual"))
	f.Add([]byte{1, 200, 0})
	f.Add([]byte{5, 1, 9, 0, 2, 'x', 0})
	f.Fuzz(func(t *testing.T, udata []byte) { decodeComment(udata) })
}
