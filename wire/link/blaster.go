package link

import (
	"fmt"
	"log/slog"
	"unsafe"

	"tfocraft/wire"
)

// A Blaster sends as many frames as it can, for generators of traffic: they are
// written in place, into buffers that it lends, and go in batches. It receives
// nothing. One goroutine uses it; any may close it meanwhile.
//
//	for more {
//		frames := blaster.Buffers(64)
//		for i := range frames {
//			frames[i] = stamp.Append(frames[i][:0], variant())
//		}
//		if _, err := blaster.Send(frames); err != nil {
//			return err
//		}
//	}
type Blaster interface {
	// Buffers returns up to n buffers, and at least one if n is not 0, of the
	// length of the longest frame. They and the slice that holds them are the
	// caller's until the next Send or Close. What is in them is left over from
	// earlier frames.
	Buffers(n int) [][]byte

	// Send sends frames in order, each the beginning of the buffer with the same
	// index of the last Buffers, and returns how many were sent; it panics if
	// they are something else. A frame that a full queue drops was not sent, and
	// goes again. If not all were sent, the error says why the next one was not:
	// [syscall.ENETDOWN] while the interface is down, [ErrGone] when it was
	// removed, [syscall.EMSGSIZE] for a frame that is longer than the MTU permits,
	// [syscall.ENOBUFS] if a queue has been full for some milliseconds. After all
	// of these but ErrGone the Blaster can be used as before.
	Send(frames [][]byte) (int, error)

	// Method returns in which way frames go.
	Method() Method

	// Close makes every Send return [net.ErrClosed], soon also one that is under
	// way. A second Close does nothing.
	Close() error
}

// The names of the ways to send frames, the fastest first.
const (
	MethodProgram  = "bpf"      // a BPF program that the kernel runs for each batch
	MethodSendmmsg = "sendmmsg" // a packet socket
	MethodLink     = "link"     // [Link.WriteFrames]
)

// A Method is a way to send frames.
type Method struct {
	Name string
	// Fallback says why no faster way was taken; nil if this is the fastest.
	Fallback error
}

// String returns the name, and the reason why it is not another.
func (m Method) String() string {
	if m.Fallback == nil {
		return m.Name
	}
	return fmt.Sprintf("%s (%v)", m.Name, m.Fallback)
}

// LogValue implements [slog.LogValuer] with what String returns.
func (m Method) LogValue() slog.Value { return slog.StringValue(m.String()) }

// BlasterConfig says how [OpenBlaster] and [NewBlaster] make one. A nil
// BlasterConfig means all defaults.
type BlasterConfig struct {
	// Batch is the most buffers that are lent at a time; 0 means 256, and more
	// than 1024 count as 1024.
	Batch int
	// Method is the name of the only way that may be taken; empty means the
	// fastest that works.
	Method string
}

// maxBatch is what the BPF verifier goes through in little time.
const maxBatch = 1024

func (c *BlasterConfig) batch() int {
	if c == nil || c.Batch <= 0 {
		return 256
	}
	return min(c.Batch, maxBatch)
}

func (c *BlasterConfig) method() string {
	if c == nil {
		return ""
	}
	return c.Method
}

// buffers are those of a Blaster that copies what it sends.
type buffers struct {
	all    [][]byte // as they are
	lent   [][]byte // as they were given out
	length int
}

func newBuffers(n, length int) buffers {
	b := buffers{all: make([][]byte, n), lent: make([][]byte, n), length: length}
	memory := make([]byte, n*length)
	for i := range b.all {
		b.all[i] = memory[i*length : (i+1)*length : (i+1)*length]
	}
	return b
}

// Buffers is that of [Blaster].
func (b *buffers) Buffers(n int) [][]byte {
	return b.lent[:copy(b.lent[:min(n, len(b.lent))], b.all)]
}

// check panics if frames do not begin where the buffers do.
func (b *buffers) check(frames [][]byte) {
	for i, f := range frames {
		if unsafe.SliceData(f) != unsafe.SliceData(b.all[i]) {
			panic("link: a frame to send is not in the buffer that was lent for it")
		}
	}
}

// NewBlaster returns a Blaster over any link, which it closes when it is closed. It
// is no faster than the link.
func NewBlaster(l Link, cfg *BlasterConfig) Blaster {
	return &linkBlaster{link: l, buffers: newBuffers(cfg.batch(), l.MTU()+maxHeaderLen)}
}

// maxHeaderLen is the longest link-layer header, in bytes.
const maxHeaderLen = wire.EthernetLen + 4*wire.MaxVLANTags

type linkBlaster struct {
	link Link
	buffers
}

// Send implements [Blaster].
func (l *linkBlaster) Send(frames [][]byte) (int, error) {
	l.check(frames)
	return l.link.WriteFrames(frames)
}

// Method implements [Blaster].
func (l *linkBlaster) Method() Method { return Method{Name: MethodLink} }

// Close implements [Blaster].
func (l *linkBlaster) Close() error { return l.link.Close() }
