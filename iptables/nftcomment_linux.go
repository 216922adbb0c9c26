package iptables

import "bytes"

// commentType is NFTNL_UDATA_RULE_COMMENT.
const commentType = 0

// encodeComment makes the user data of a comment: type, length, text, NUL.
func encodeComment(s string) []byte {
	return append(append([]byte{commentType, byte(len(s) + 1)}, s...), 0)
}

// decodeComment returns the comment in a rule's user data, which anybody may have
// written: empty if there is none.
func decodeComment(udata []byte) string {
	for len(udata) >= 2 && len(udata) >= 2+int(udata[1]) {
		kind, value := udata[0], udata[2:2+int(udata[1])]
		if kind == commentType {
			return string(bytes.TrimSuffix(value, []byte{0}))
		}
		udata = udata[2+len(value):]
	}
	return ""
}
