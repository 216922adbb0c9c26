package link

import (
	"errors"
	"net"

	"golang.org/x/sys/unix"
)

// An answerSender sends runs of short frames, which is what a server with many clients has
// to say, by the program of a [Blaster]: a run is one section without softirqs, where each
// message to a packet socket may cost an interrupt of the core that receives it.
type answerSender struct {
	program *programBlaster
}

const (
	// leastRun is how many short frames are worth a run of the program.
	leastRun = 8
	// answerSlot is the longest frame there, as shortFrame.
	answerSlot = shortFrame
)

// openAnswers returns nil where the kernel does not let us load the program: then the
// packet socket does it all.
func openAnswers(ifi *net.Interface) *answerSender {
	program, err := openProgram(ifi, &BlasterConfig{Batch: sendBatch})
	if err != nil {
		return nil
	}
	program.once = true
	return &answerSender{program}
}

// run is how many frames from the first on are short.
func (a *answerSender) run(batch []Outgoing) int {
	if a == nil {
		return 0
	}
	for i := range batch {
		if o := &batch[i]; len(o.Header)+len(o.Payload) > answerSlot || o.Segments() != 1 {
			return i
		}
	}
	return len(batch)
}

// send sends a run. What a full queue drops is lost, as it is on a packet socket.
func (a *answerSender) send(run []Outgoing) (int, error) {
	done := 0
	for done < len(run) {
		frames := a.program.Buffers(len(run) - done)
		for i := range frames {
			frames[i] = run[done+i].appendWhole(frames[i][:0])
		}
		n, err := a.program.Send(frames)
		done += n
		switch {
		case errors.Is(err, unix.ENOBUFS):
			done++
		case err != nil:
			return done, err
		}
	}
	return done, nil
}

func (a *answerSender) close() error {
	if a == nil {
		return nil
	}
	return a.program.Close()
}
