package socket

// Flags of open(2), with Linux's numbers.
const (
	O_RDONLY = 0
	O_WRONLY = 1
	O_CREAT  = 0o100
	O_TRUNC  = 0o1000
)

// A disk is a regular file that is open; what it holds is not told.
type disk struct {
	size  *int
	at    int
	flags int
}

// MakeFile gives the host a file of a size, as a command of the script would.
func (h *Host) MakeFile(path string, size int) { h.disks[path] = &size }

// RemoveFile takes a file away that MakeFile or Open has made.
func (h *Host) RemoveFile(path string) { delete(h.disks, path) }

// Open is open(2) of a file that the script has made, or makes now. What else the
// host may have is not known.
func (h *Host) Open(path string, flags int) Op {
	size := h.disks[path]
	switch {
	case size == nil && flags&O_CREAT == 0:
		return unsupported("the file " + path + ", which the script has not made,")
	case size == nil:
		h.MakeFile(path, 0)
		size = h.disks[path]
	}
	if flags&O_TRUNC != 0 {
		*size = 0
	}
	return done(value(h.install(&file{disk: &disk{size: size, flags: flags}})))
}

func (d *disk) readable() bool { return d.flags&(O_WRONLY|O_RDWR) != O_WRONLY }

func (d *disk) read(n int) Op {
	if !d.readable() {
		return failed(EBADF)
	}
	n = d.left(d.at, n)
	d.at += n
	return done(value(n))
}

func (d *disk) write(n int) Op {
	if d.flags&(O_WRONLY|O_RDWR) == O_RDONLY {
		return failed(EBADF)
	}
	d.at += n
	*d.size = max(*d.size, d.at)
	return done(value(n))
}

// left is how many of n bytes there are from a place on.
func (d *disk) left(at, n int) int { return max(min(n, *d.size-at), 0) }
