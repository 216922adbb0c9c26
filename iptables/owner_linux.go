package iptables

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// newTag makes the tag of a guard of this process. Without /proc the start time and
// the pid namespace stay 0, and nobody will judge the owner dead.
func newTag() Tag {
	var id [4]byte
	_, _ = rand.Read(id[:]) // never fails
	t := Tag{PID: os.Getpid(), PIDNS: pidNamespace(), ID: binary.BigEndian.Uint32(id[:])}
	if stat, err := readStat("self"); err == nil {
		t.Start = stat.start
	}
	return t
}

// pidNamespace returns the inode number of this process's pid namespace, 0 if it
// cannot be told.
func pidNamespace() uint64 {
	var st unix.Stat_t
	if unix.Stat("/proc/self/ns/pid", &st) != nil {
		return 0
	}
	return st.Ino
}

// judge says what became of a tag's owner. In doubt it lives: rules that stay too
// long do less harm than rules that vanish under a connection.
func judge(t Tag) Owner {
	if t.Manual {
		return OwnerNone
	}
	if t.PIDNS == 0 || t.Start == 0 || t.PIDNS != pidNamespace() {
		return OwnerUnknown
	}
	// Asked first, since /proc may hide the processes of other users.
	if errors.Is(unix.Kill(t.PID, 0), unix.ESRCH) {
		return OwnerStale
	}
	// /proc may be that of another pid namespace, with other numbers.
	if self, err := os.Readlink("/proc/self"); err != nil || self != strconv.Itoa(os.Getpid()) {
		return OwnerUnknown
	}
	stat, err := readStat(strconv.Itoa(t.PID))
	switch {
	case err != nil:
		return OwnerUnknown
	case stat.start != t.Start, stat.dead:
		return OwnerStale
	}
	return OwnerAlive
}

// procStat is what matters of /proc/PID/stat.
type procStat struct {
	start uint64 // in clock ticks after boot
	dead  bool   // a zombie: its files are closed, its parent has not yet asked
}

var errStat = errors.New("iptables: /proc/PID/stat: malformed")

func readStat(pid string) (procStat, error) {
	text, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return procStat{}, err
	}
	return parseStat(string(text))
}

// parseStat reads fields 3 (state), 20 (threads) and 22 (start time). The second field is
// the program's name in parentheses, which may have spaces and parentheses in it.
func parseStat(text string) (procStat, error) {
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(fields) < 20 {
		return procStat{}, errStat
	}
	start, err := strconv.ParseUint(fields[22-3], 10, 64)
	if err != nil {
		return procStat{}, errStat
	}
	// A main thread may end before the others: then the state is Z, and threads are left.
	ended := fields[0] == "Z" || fields[0] == "X"
	threads, err := strconv.Atoi(fields[20-3])
	if err != nil {
		return procStat{}, errStat
	}
	return procStat{start: start, dead: ended && threads <= 1}, nil
}
