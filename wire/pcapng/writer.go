package pcapng

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"sync"
	"time"

	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"tfocraft/wire"
)

// An Interface is one that frames are captured at.
type Interface struct {
	Name     string // may be empty
	LinkType wire.LinkType
}

// A Writer makes a pcapng file of one section, little endian, with times in
// nanoseconds. It is safe for use by several goroutines.
type Writer struct {
	mu         sync.Mutex
	w          *bufio.Writer
	interfaces int
	scratch    [enhancedPacketLen]byte // head or tail of a block
}

// NewWriter writes the head of a file that holds frames of these interfaces;
// their numbers are their places in the list. Flush ends the file.
func NewWriter(w io.Writer, interfaces ...Interface) (*Writer, error) {
	if len(interfaces) == 0 {
		return nil, fmt.Errorf("pcapng: no interface to write frames of")
	}
	for _, i := range interfaces {
		if i.LinkType > math.MaxUint8 { // as many as gopacket can write
			return nil, fmt.Errorf("pcapng: write %v: %w", i.LinkType, ErrLinkType)
		}
	}
	// gopacket writes the blocks that have a place for names. Packets are ours:
	// it has none for their direction.
	options := pcapgo.NgWriterOptions{SectionInfo: pcapgo.NgSectionInfo{Application: "tfocraft"}}
	head, err := pcapgo.NewNgWriterInterface(w, ngInterface(interfaces[0]), options)
	for _, i := range interfaces[1:] {
		if err == nil {
			_, err = head.AddInterface(ngInterface(i))
		}
	}
	if err == nil {
		err = head.Flush()
	}
	if err != nil {
		return nil, fmt.Errorf("pcapng: %w", err)
	}
	return &Writer{w: bufio.NewWriter(w), interfaces: len(interfaces)}, nil
}

func ngInterface(i Interface) pcapgo.NgInterface {
	return pcapgo.NgInterface{Name: i.Name, LinkType: layers.LinkType(i.LinkType)}
}

// Write adds a frame that interface number iface saw at a time. The frame is
// not kept.
func (w *Writer) Write(frame []byte, at time.Time, iface int, direction Direction) error {
	if iface < 0 || iface >= w.interfaces {
		return fmt.Errorf("pcapng: no interface %d, there are %d", iface, w.interfaces)
	}
	padding := -len(frame) & 3
	length := uint32(enhancedPacketLen + len(frame) + padding + packetOptionsLen)
	nanoseconds := uint64(at.UnixNano())

	w.mu.Lock()
	defer w.mu.Unlock()
	b := binary.LittleEndian.AppendUint32(w.scratch[:0], blockEnhancedPacket)
	b = binary.LittleEndian.AppendUint32(b, length)
	b = binary.LittleEndian.AppendUint32(b, uint32(iface))
	b = binary.LittleEndian.AppendUint32(b, uint32(nanoseconds>>32))
	b = binary.LittleEndian.AppendUint32(b, uint32(nanoseconds))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(frame))) // kept
	b = binary.LittleEndian.AppendUint32(b, uint32(len(frame))) // on the wire
	w.w.Write(b)
	w.w.Write(frame)

	b = append(w.scratch[:0], 0, 0, 0)[:padding]
	b = binary.LittleEndian.AppendUint16(b, optionPacketFlags)
	b = binary.LittleEndian.AppendUint16(b, packetFlagsLen)
	b = binary.LittleEndian.AppendUint32(b, uint32(direction&directionMask))
	b = binary.LittleEndian.AppendUint32(b, optionEnd)
	b = binary.LittleEndian.AppendUint32(b, length)
	if _, err := w.w.Write(b); err != nil { // an error of the calls before it stays
		return fmt.Errorf("pcapng: %w", err)
	}
	return nil
}

// Flush writes out what is still in memory. The file is whole after it, and
// more can be written. It does not close anything.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.w.Flush(); err != nil {
		return fmt.Errorf("pcapng: %w", err)
	}
	return nil
}
