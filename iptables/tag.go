package iptables

import (
	"fmt"
	"strconv"
	"strings"
)

// tagPrefix starts every tag; a comment that does not start so is foreign.
const tagPrefix = "tfocraft:"

// Tag is the comment that a rule carries: whose rule it is.
//
// A process id alone is not enough: ids are used again, hence the start time, and
// they mean something in one pid namespace only, hence its inode number.
type Tag struct {
	// Manual marks a rule of no process. All other fields are then 0.
	Manual bool
	// PID is the owner's process id as it knows it itself.
	PID int
	// Start is the time at which the owner started, in clock ticks after boot
	// (field 22 of /proc/PID/stat); 0 if not known.
	Start uint64
	// PIDNS is the inode number of the owner's pid namespace; 0 if not known.
	PIDNS uint64
	// ID tells the guards of one process apart.
	ID uint32
}

// String returns "tfocraft:PID:START:PIDNS:ID" with a hexadecimal ID, or
// "tfocraft:manual".
func (t Tag) String() string {
	if t.Manual {
		return tagPrefix + "manual"
	}
	return fmt.Sprintf("%s%d:%d:%d:%08x", tagPrefix, t.PID, t.Start, t.PIDNS, t.ID)
}

// ParseTag parses what String returns. The error wraps ErrTag.
func ParseTag(s string) (Tag, error) {
	rest, ok := strings.CutPrefix(s, tagPrefix)
	if !ok {
		return Tag{}, fmt.Errorf("%w: %q", ErrTag, s)
	}
	if rest == "manual" {
		return Tag{Manual: true}, nil
	}
	fields := strings.Split(rest, ":")
	if len(fields) != 4 {
		return Tag{}, fmt.Errorf("%w: %q", ErrTag, s)
	}
	pid, err1 := strconv.ParseUint(fields[0], 10, 31)
	start, err2 := strconv.ParseUint(fields[1], 10, 64)
	pidns, err3 := strconv.ParseUint(fields[2], 10, 64)
	id, err4 := strconv.ParseUint(fields[3], 16, 32)
	t := Tag{PID: int(pid), Start: start, PIDNS: pidns, ID: uint32(id)}
	// Only the one spelling is a tag: the text is compared when a rule is removed.
	if err1 != nil || err2 != nil || err3 != nil || err4 != nil || pid == 0 || t.String() != s {
		return Tag{}, fmt.Errorf("%w: %q", ErrTag, s)
	}
	return t, nil
}

// table returns the name of the nft table that holds the rules with this tag.
func (t Tag) table() string { return strings.ReplaceAll(t.String(), ":", "-") }

// tagOfTable is the reverse of table.
func tagOfTable(name string) (Tag, error) {
	return ParseTag(strings.ReplaceAll(name, "-", ":"))
}
