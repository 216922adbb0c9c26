package link

import (
	"encoding/binary"
	"fmt"
	"math"

	"golang.org/x/net/bpf"
)

// accept lets the whole frame in; its number is a length.
const accept = math.MaxUint32

// An assembler collects instructions with jumps to named places. Conditional
// jumps of classic BPF reach 255 instructions only, so a condition skips over
// an unconditional jump, which reaches everywhere.
type assembler struct {
	ins    []bpf.Instruction
	labels map[string]int
	jumps  map[int]string // instruction -> label
}

func (a *assembler) add(ins ...bpf.Instruction) { a.ins = append(a.ins, ins...) }

func (a *assembler) reject() { a.add(bpf.RetConstant{Val: 0}) }

// label names the place of the next instruction.
func (a *assembler) label(name string) {
	if a.labels == nil {
		a.labels = make(map[string]int)
	}
	a.labels[name] = len(a.ins)
}

// fresh returns a label that no other call returns.
func (a *assembler) fresh(name string) string { return fmt.Sprintf("%s %d", name, len(a.ins)) }

func (a *assembler) jump(label string) {
	if a.jumps == nil {
		a.jumps = make(map[int]string)
	}
	a.jumps[len(a.ins)] = label
	a.add(bpf.Jump{})
}

func (a *assembler) jumpIf(cond bpf.JumpTest, val uint32, label string) {
	a.add(bpf.JumpIf{Cond: cond, Val: val, SkipFalse: 1})
	a.jump(label)
}

func (a *assembler) acceptIf(cond bpf.JumpTest, val uint32) {
	a.add(bpf.JumpIf{Cond: cond, Val: val, SkipFalse: 1}, bpf.RetConstant{Val: accept})
}

func (a *assembler) rejectIf(cond bpf.JumpTest, val uint32) {
	a.add(bpf.JumpIf{Cond: cond, Val: val, SkipFalse: 1}, bpf.RetConstant{Val: 0})
}

// resolve fills in where the jumps go. Classic BPF jumps forward only.
func (a *assembler) resolve() error {
	for at, name := range a.jumps {
		to, ok := a.labels[name]
		if !ok || to <= at {
			return fmt.Errorf("link: %w: no place %q ahead", ErrFilter, name)
		}
		a.ins[at] = bpf.Jump{Skip: uint32(to - at - 1)}
	}
	return nil
}

// word returns the first four bytes as the filter machine loads them.
func word(b []byte) uint32 { return binary.BigEndian.Uint32(b) }
