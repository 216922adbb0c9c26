package path

import (
	"fmt"
	"strconv"
	"strings"
)

// A Middlebox changes or drops TCP segments on their way. It keeps no state, so
// one value may serve both directions and any number of paths.
type Middlebox struct {
	Kind MiddleboxKind
	MSS  uint16 // the limit in bytes, for ClampMSS
}

// MiddleboxKind is what a middlebox does. Segments that it does not speak of,
// and all frames that are not TCP, pass as they are.
type MiddleboxKind uint8

// The kinds of middlebox. What is removed from the options is overwritten with
// NOPs, which is how firewalls do it.
const (
	StripFastOpen   MiddleboxKind = 1 + iota // removes the Fast Open option, in both forms, from SYN and SYN-ACK
	DropFastOpen                             // drops a SYN with the Fast Open option
	StripSynData                             // removes the data of a SYN or SYN-ACK
	DropSynData                              // drops a SYN with data
	StripSACK                                // removes SACK-Permitted and SACK
	StripTimestamps                          // removes Timestamps
	StripScale                               // removes Window Scale
	ClampMSS                                 // lowers the MSS of SYN and SYN-ACK
	RewriteISN                               // moves sequence numbers; it has to be in both directions
)

// A MiddleboxInfo is what a list of the kinds says about one.
type MiddleboxInfo struct {
	Kind  MiddleboxKind
	Name  string // what ParseMiddlebox reads, "=N" for a number
	About string // one line
}

// Middleboxes returns all kinds of middlebox.
func Middleboxes() []MiddleboxInfo {
	return []MiddleboxInfo{
		{StripFastOpen, "strip-fast-open", "replaces the Fast Open option of SYN and SYN-ACK with NOPs"},
		{DropFastOpen, "drop-fast-open", "drops a SYN with the Fast Open option"},
		{StripSynData, "strip-syn-data", "cuts the data off a SYN or SYN-ACK"},
		{DropSynData, "drop-syn-data", "drops a SYN with data"},
		{StripSACK, "strip-sack", "replaces SACK-Permitted and SACK options with NOPs"},
		{StripTimestamps, "strip-timestamps", "replaces the Timestamps option with NOPs"},
		{StripScale, "strip-window-scale", "replaces the Window Scale option with NOPs"},
		{ClampMSS, clampMSSName + "=N", "lowers a larger MSS of SYN and SYN-ACK to N bytes"},
		{RewriteISN, "rewrite-isn", "adds a number to each side's sequence numbers, as a randomizing firewall does"},
	}
}

const clampMSSName = "clamp-mss"

// String returns the text that [ParseMiddlebox] reads.
func (m Middlebox) String() string {
	if m.Kind == ClampMSS {
		return clampMSSName + "=" + strconv.Itoa(int(m.MSS))
	}
	for _, info := range Middleboxes() {
		if info.Kind == m.Kind {
			return info.Name
		}
	}
	return fmt.Sprintf("middlebox(%d)", m.Kind)
}

// ParseMiddlebox reads one of the names of [Middleboxes], such as
// "strip-fast-open" or "clamp-mss=1200".
func ParseMiddlebox(text string) (Middlebox, error) {
	if n, ok := strings.CutPrefix(text, clampMSSName+"="); ok {
		mss, err := strconv.ParseUint(n, 10, 16)
		if err != nil || mss == 0 {
			return Middlebox{}, fmt.Errorf("path: middlebox %q: the MSS is a number from 1 to 65535", text)
		}
		return Middlebox{Kind: ClampMSS, MSS: uint16(mss)}, nil
	}
	var names []string
	for _, info := range Middleboxes() {
		if info.Name == text {
			return Middlebox{Kind: info.Kind}, nil
		}
		names = append(names, info.Name)
	}
	return Middlebox{}, fmt.Errorf("path: middlebox %q is none of %s", text, strings.Join(names, ", "))
}
