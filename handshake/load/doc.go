// Package load is many stateless-ish Fast Open clients at once: it plans whom
// they are, builds their frames, matches the answers, and counts. A client has
// no endpoint connection behind it, only a small fixed state for each exchange
// that is in flight.
//
// An [Engine] is one such crowd. Its owner gives it the time and the frames that
// came, and takes the frames that it sends:
//
//	for !engine.Done() {
//		for each frame that has come {
//			engine.Input(now, at, frame)
//		}
//		engine.Settle(now, out)
//		engine.Advance(now, out, budget)
//		... wait until engine.Next(now), or until a frame comes
//	}
//
// The package is pure: no sockets, files, goroutines or clock. Times are since the
// beginning of the run. Everything that looks random follows from Config.Seed, so
// that two runs with one seed begin the same exchanges with the same bytes. Package
// runner joins engines to links.
package load
