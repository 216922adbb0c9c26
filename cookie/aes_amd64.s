#include "textflag.h"

// One more key of the schedule (FIPS 197, Section 5.2): each word of it is the word before XOR
// the word of the key before, and the first one the rotated, substituted last word as well.
#define NEXT(rcon, offset) \
	AESKEYGENASSIST $rcon, X0, X1 \
	PSHUFD $0xff, X1, X1          \
	MOVO   X0, X2                 \
	PSLLO  $4, X2                 \
	PXOR   X2, X0                 \
	PSLLO  $4, X2                 \
	PXOR   X2, X0                 \
	PSLLO  $4, X2                 \
	PXOR   X2, X0                 \
	PXOR   X1, X0                 \
	MOVOU  X0, offset(BX)

// func expandAES(key *Key, keys *roundKeys)
TEXT ·expandAES(SB), NOSPLIT, $0-16
	MOVQ  key+0(FP), AX
	MOVQ  keys+8(FP), BX
	MOVOU (AX), X0
	MOVOU X0, (BX)
	NEXT(0x01, 16)
	NEXT(0x02, 32)
	NEXT(0x04, 48)
	NEXT(0x08, 64)
	NEXT(0x10, 80)
	NEXT(0x20, 96)
	NEXT(0x40, 112)
	NEXT(0x80, 128)
	NEXT(0x1b, 144)
	NEXT(0x36, 160)
	PXOR X0, X0
	PXOR X1, X1
	PXOR X2, X2
	RET

// func encryptAES(keys *roundKeys, b block) block
TEXT ·encryptAES(SB), NOSPLIT, $0-40
	MOVQ        keys+0(FP), AX
	VMOVQ       b_low+8(FP), X0
	VPINSRQ     $1, b_high+16(FP), X0, X0
	VPXOR       (AX), X0, X0
	VAESENC     16(AX), X0, X0
	VAESENC     32(AX), X0, X0
	VAESENC     48(AX), X0, X0
	VAESENC     64(AX), X0, X0
	VAESENC     80(AX), X0, X0
	VAESENC     96(AX), X0, X0
	VAESENC     112(AX), X0, X0
	VAESENC     128(AX), X0, X0
	VAESENC     144(AX), X0, X0
	VAESENCLAST 160(AX), X0, X0
	VMOVQ       X0, ret_low+24(FP)
	VPEXTRQ     $1, X0, ret_high+32(FP)
	RET
