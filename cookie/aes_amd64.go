package cookie

import "golang.org/x/sys/cpu"

// hasAES tells that the processor encrypts by itself, in constant time. crypto/aes takes a block from memory that was
// written just before, which costs as much as half of the encryption. Instructions of AVX read round keys where they are.
var hasAES = cpu.X86.HasAES && cpu.X86.HasAVX

//go:noescape
func expandAES(key *Key, keys *roundKeys)

//go:noescape
func encryptAES(keys *roundKeys, b block) block
