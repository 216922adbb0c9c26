package drill

import (
	"strconv"
	"strings"
)

// largestFile bounds the files that commands make: of zeros, of which there can be
// any number.
const largestFile = 1 << 30

// dd is dd(1) that makes a file of zeros: "dd if=/dev/zero of=PATH bs=N count=N".
func (p *player) dd(args []string) error {
	path, block, count, zeros := "", 512, -1, false
	for _, arg := range args {
		name, value, _ := strings.Cut(arg, "=")
		var err error
		switch name {
		case "if":
			zeros = value == "/dev/zero"
		case "of":
			path = value
		case "bs":
			block, err = sizeOf(value)
		case "count":
			count, err = sizeOf(value)
		case "status":
		default:
			return errForeign
		}
		if err != nil {
			return err
		}
	}
	if !zeros || path == "" || count < 0 || block > 0 && count > largestFile/block {
		return errForeign
	}
	p.host.MakeFile(path, block*count)
	return nil
}

// truncate is truncate(1): "truncate -s N PATH".
func (p *player) truncate(args []string) error {
	if len(args) != 3 || args[0] != "-s" {
		return errForeign
	}
	n, err := sizeOf(args[1])
	if err == nil {
		p.host.MakeFile(args[2], n)
	}
	return err
}

// remove is rm(1) of files that the script has made.
func (p *player) remove(args []string) error {
	for _, arg := range args {
		if !strings.HasPrefix(arg, "-") {
			p.host.RemoveFile(arg)
		}
	}
	return nil
}

// sizeOf reads a size, in which k, K and M may stand behind the number.
func sizeOf(text string) (int, error) {
	digits := strings.TrimRight(text, "kKM")
	n, err := strconv.Atoi(digits)
	switch text[len(digits):] {
	case "":
	case "k", "K":
		n <<= 10
	case "M":
		n <<= 20
	default:
		err = strconv.ErrSyntax
	}
	if err != nil || n < 0 || n > largestFile || len(digits) > 10 {
		return 0, failf("%q is not a size up to %d", text, largestFile)
	}
	return n, nil
}
