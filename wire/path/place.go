package path

// A Place is where a frame comes from or goes to. Far+n is the n-th other host of the far end.
type Place int

// The places of a path.
const (
	Middle Place = iota - 1 // a middlebox, or the router that says what is too big
	Near
	Far
)
