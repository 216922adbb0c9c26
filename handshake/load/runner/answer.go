package runner

import (
	"tfocraft/handshake/load"
	"tfocraft/wire"
	"tfocraft/wire/link"
)

// answer tells who asks where the clients are, until the link is closed.
func (r *run) answer() {
	e, _, err := wire.ParseEthernet(r.config.Load.Header)
	if err != nil {
		return
	}
	var frames [16]link.Frame
	var reply []byte
	for {
		n, err := r.asked.ReadFrames(frames[:])
		if err != nil {
			return
		}
		for _, f := range frames[:n] {
			var ok bool
			if reply, ok = load.AppendAnswer(reply[:0], f.Data, r.config.Load.Clients, e.Src); !ok || f.Outgoing {
				continue
			}
			if _, err := r.asked.WriteFrames([][]byte{reply}); err != nil {
				r.warn(err)
			}
		}
	}
}
