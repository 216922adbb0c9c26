//go:build !amd64

package cookie

const hasAES = false

func expandAES(*Key, *roundKeys) { panic("cookie: this processor has no AES") }

func encryptAES(*roundKeys, block) block { panic("cookie: this processor has no AES") }
