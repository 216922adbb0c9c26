package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"os"
)

// Parts of bbolt's file format, version 2. Numbers are in the byte order of the machine.
const (
	boltMagic   = 0xED0CDAED
	boltVersion = 2

	pageHeaderLen = 16
	metaLen       = 64
	elementLen    = 16
	inBucketLen   = 16

	branchPage   = 0x01
	leafPage     = 0x02
	freelistPage = 0x10
	bucketEntry  = 0x01

	// longFreelist in the count of a freelist means that the first element is the count.
	longFreelist = 0xFFFF

	minPageSize, maxPageSize = 1 << 10, 1 << 24

	// maxFile is the most that is read into memory: a million hosts have room in it.
	maxFile = 256 << 20
)

// meta is what a meta page says about the file.
type meta struct {
	pageSize int
	root     uint64 // page of the root bucket
	freelist uint64
	pages    uint64 // how many pages are in use or free
	txid     uint64
}

// verify checks that the file is a bbolt database in which every page that bbolt would follow is there and makes sense:
// bbolt maps the file and believes it, so that a page that is cut off or garbled would crash the program or, worse, be
// built upon. The caller holds a lock on the file.
func verify(file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if info.Size() == 0 {
		return fmt.Errorf("%w: it is empty", ErrDamaged)
	}
	m, err := newestMeta(file)
	if err != nil {
		return err
	}
	if info.Size()%int64(m.pageSize) != 0 {
		return fmt.Errorf("%w: it ends inside a page", ErrDamaged) // bbolt writes and grows files by whole pages
	}
	if whole := uint64(info.Size()) / uint64(m.pageSize); whole < m.pages {
		return fmt.Errorf("%w: it has %d of %d pages", ErrDamaged, whole, m.pages)
	}
	if m.pages > maxFile/uint64(m.pageSize) {
		return fmt.Errorf("%w: it has more than %d MiB", ErrFormat, maxFile>>20)
	}
	data := make([]byte, m.pages*uint64(m.pageSize))
	if _, err := file.ReadAt(data, 0); err != nil {
		return fmt.Errorf("read: %w", err)
	}
	v := verifier{meta: m, data: data, seen: make([]bool, m.pages)}
	if err := v.tree(m.root); err != nil {
		return err
	}
	return v.checkFreelist()
}

// newestMeta returns the meta page that bbolt would use: the newer of the two. bbolt makes do with one if the other is
// garbled; but then something wrote to this file that was not bbolt, and the cookies are not worth the guess.
func newestMeta(file io.ReaderAt) (meta, error) {
	first, err := readMeta(file, 0)
	if err != nil {
		return meta{}, err
	}
	second, err := readMeta(file, int64(first.pageSize))
	if err != nil {
		return meta{}, err
	}
	if second.pageSize != first.pageSize {
		return meta{}, fmt.Errorf("%w: pages of %d and of %d bytes", ErrDamaged, first.pageSize, second.pageSize)
	}
	if second.txid > first.txid {
		return second, nil
	}
	return first, nil
}

func readMeta(file io.ReaderAt, at int64) (meta, error) {
	var page [pageHeaderLen + metaLen]byte
	if n, err := file.ReadAt(page[:], at); err == io.EOF {
		return meta{}, fmt.Errorf("%w: %d bytes where a page begins", ErrDamaged, n)
	} else if err != nil {
		return meta{}, fmt.Errorf("read: %w", err)
	}
	b := page[pageHeaderLen:]
	if binary.NativeEndian.Uint32(b) != boltMagic {
		return meta{}, fmt.Errorf("%w: it is no bbolt database", ErrFormat)
	}
	if got := binary.NativeEndian.Uint32(b[4:]); got != boltVersion {
		return meta{}, fmt.Errorf("%w: it is a bbolt database of version %d, this program knows %d", ErrFormat, got, boltVersion)
	}
	sum := fnv.New64a()
	_, _ = sum.Write(b[:metaLen-8])
	if binary.NativeEndian.Uint64(b[metaLen-8:]) != sum.Sum64() {
		return meta{}, fmt.Errorf("%w: checksum of the page at %d", ErrDamaged, at)
	}
	m := meta{
		pageSize: int(binary.NativeEndian.Uint32(b[8:])),
		root:     binary.NativeEndian.Uint64(b[16:]),
		freelist: binary.NativeEndian.Uint64(b[32:]),
		pages:    binary.NativeEndian.Uint64(b[40:]),
		txid:     binary.NativeEndian.Uint64(b[48:]),
	}
	if m.pageSize < minPageSize || m.pageSize > maxPageSize || m.pageSize&(m.pageSize-1) != 0 {
		return meta{}, fmt.Errorf("%w: pages of %d bytes", ErrDamaged, m.pageSize)
	}
	return m, nil
}

// A verifier walks the pages of a database in memory.
type verifier struct {
	meta
	data []byte // all pages
	seen []bool // by page: it belongs to a tree, to the freelist, or is free
}

// A page is its kind, the number of its elements, and all bytes after its header.
type page struct {
	id    uint64
	flags uint16
	count int
	body  []byte
}

// take returns a page that nothing else may refer to.
func (v *verifier) take(id uint64) (page, error) {
	// Pages 0 and 1 are the meta pages.
	if id < 2 || id >= v.pages {
		return page{}, fmt.Errorf("%w: page %d of %d", ErrDamaged, id, v.pages)
	}
	start := id * uint64(v.pageSize)
	p := parsePage(v.data[start:])
	last := id + uint64(binary.NativeEndian.Uint32(v.data[start+12:]))
	if p.id != id || last >= v.pages {
		return page{}, fmt.Errorf("%w: page %d says that it is %d to %d", ErrDamaged, id, p.id, last)
	}
	for n := id; n <= last; n++ {
		if err := v.claim(n); err != nil {
			return page{}, err
		}
	}
	p.body = v.data[start+pageHeaderLen : (last+1)*uint64(v.pageSize)]
	return p, nil
}

// claim notes that a page has its place, so that no other may claim it.
func (v *verifier) claim(id uint64) error {
	if id < 2 || id >= v.pages || v.seen[id] {
		return fmt.Errorf("%w: page %d is out of range or in two places", ErrDamaged, id)
	}
	v.seen[id] = true
	return nil
}

// parsePage reads a page header; b is at least that long.
func parsePage(b []byte) page {
	return page{
		id:    binary.NativeEndian.Uint64(b),
		flags: binary.NativeEndian.Uint16(b[8:]),
		count: int(binary.NativeEndian.Uint16(b[10:])),
		body:  b[pageHeaderLen:],
	}
}

// tree checks the page and all below it. Each page is taken once, which bounds the depth.
func (v *verifier) tree(id uint64) error {
	p, err := v.take(id)
	if err != nil {
		return err
	}
	switch p.flags {
	case branchPage:
		return v.branch(p)
	case leafPage:
		return v.leaf(p, false)
	}
	return fmt.Errorf("%w: page %d has kind %#x", ErrDamaged, id, p.flags)
}

func (v *verifier) branch(p page) error {
	if p.count == 0 {
		return fmt.Errorf("%w: page %d is a branch to nowhere", ErrDamaged, p.id)
	}
	var last []byte
	for i := range p.count {
		e, err := p.element(i)
		if err != nil {
			return err
		}
		key, err := p.part(i, binary.NativeEndian.Uint32(e), 0, binary.NativeEndian.Uint32(e[4:]))
		if err != nil {
			return err
		}
		if i > 0 && bytes.Compare(last, key) >= 0 {
			return fmt.Errorf("%w: page %d is not in order", ErrDamaged, p.id)
		}
		last = key
		if err := v.tree(binary.NativeEndian.Uint64(e[8:])); err != nil {
			return err
		}
	}
	return nil
}

// leaf checks a leaf, which may be inside the value of a bucket; there it holds no further buckets.
func (v *verifier) leaf(p page, inside bool) error {
	var last []byte
	for i := range p.count {
		e, err := p.element(i)
		if err != nil {
			return err
		}
		flags, pos := binary.NativeEndian.Uint32(e), binary.NativeEndian.Uint32(e[4:])
		keyLen, valueLen := binary.NativeEndian.Uint32(e[8:]), binary.NativeEndian.Uint32(e[12:])
		key, err := p.part(i, pos, 0, keyLen)
		if err != nil {
			return err
		}
		value, err := p.part(i, pos, keyLen, valueLen)
		if err != nil {
			return err
		}
		if flags&^bucketEntry != 0 || flags != 0 && inside || i > 0 && bytes.Compare(last, key) >= 0 {
			return fmt.Errorf("%w: page %d is garbled or not in order", ErrDamaged, p.id)
		}
		last = key
		if flags == bucketEntry {
			if err := v.bucket(value); err != nil {
				return err
			}
		}
	}
	return nil
}

// bucket checks a bucket, which has a tree of its own or, if it is small, a leaf within its value.
func (v *verifier) bucket(value []byte) error {
	if len(value) < inBucketLen {
		return fmt.Errorf("%w: bucket of %d bytes", ErrDamaged, len(value))
	}
	if root := binary.NativeEndian.Uint64(value); root != 0 {
		return v.tree(root)
	}
	value = value[inBucketLen:]
	if len(value) < pageHeaderLen {
		return fmt.Errorf("%w: bucket without a page", ErrDamaged)
	}
	p := parsePage(value)
	if p.flags != leafPage || p.id != 0 {
		return fmt.Errorf("%w: bucket holds page %d of kind %#x", ErrDamaged, p.id, p.flags)
	}
	return v.leaf(p, true)
}

// element returns the fixed part of element i.
func (p page) element(i int) ([]byte, error) {
	if (i+1)*elementLen > len(p.body) {
		return nil, fmt.Errorf("%w: page %d has no room for %d elements", ErrDamaged, p.id, p.count)
	}
	return p.body[i*elementLen : (i+1)*elementLen], nil
}

// part returns length bytes from pos+skip on, which counts from the start of element i.
func (p page) part(i int, pos, skip, length uint32) ([]byte, error) {
	start := uint64(i*elementLen) + uint64(pos) + uint64(skip)
	end := start + uint64(length)
	if start < uint64(p.count*elementLen) || end > uint64(len(p.body)) {
		return nil, fmt.Errorf("%w: page %d, element %d points outside", ErrDamaged, p.id, i)
	}
	return p.body[start:end], nil
}

// checkFreelist checks that no page that is in use is offered for use.
func (v *verifier) checkFreelist() error {
	p, err := v.take(v.freelist)
	if err != nil {
		return err
	}
	if p.flags != freelistPage {
		return fmt.Errorf("%w: page %d has kind %#x, want a freelist", ErrDamaged, p.id, p.flags)
	}
	ids := p.body
	count := uint64(p.count)
	if count == longFreelist {
		count, ids = binary.NativeEndian.Uint64(ids), ids[8:]
	}
	if count > uint64(len(ids)/8) {
		return fmt.Errorf("%w: page %d has no room for %d free pages", ErrDamaged, p.id, count)
	}
	for i := range count {
		if err := v.claim(binary.NativeEndian.Uint64(ids[8*i:])); err != nil {
			return err
		}
	}
	return nil
}
