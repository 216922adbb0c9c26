package load

// What a random value is for; each purpose has a stream of its own.
const (
	saltISN = iota + 1
	saltSize
	saltCookie
	saltClient
	saltPort
	saltTimestamp
)

// mix returns a random value that follows from a seed, a number and a purpose
// (the finalizer of SplitMix64, twice). It is not for secrets.
func mix(seed, n uint64, salt uint64) uint64 {
	return scramble(scramble(seed+salt*0x9e3779b97f4a7c15) + n*0xd1342543de82ef95)
}

func scramble(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}
