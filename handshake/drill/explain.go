package drill

import (
	"fmt"
	"strings"

	"tfocraft/handshake/drill/script"
	"tfocraft/wire"
)

// Explain returns what the events of a script mean, one text for each.
func Explain(s *script.Script) []string {
	texts := make([]string, len(s.Events))
	for i := range s.Events {
		e := &s.Events[i]
		texts[i] = explainTime(&e.Time) + explainEvent(e)
	}
	return texts
}

func explainTime(t *script.Time) string {
	switch {
	case t.Kind == script.Immediately, t.Kind == script.Relative && t.At == 0 && !t.Blocks:
		return ""
	case t.Kind == script.Anytime:
		return "Whenever it happens: "
	case t.Kind == script.Absolute && t.Blocks:
		return fmt.Sprintf("From %v until %v of the script: ", t.At, t.End)
	case t.Kind == script.Absolute:
		return fmt.Sprintf("%v into the script: ", t.At)
	case t.Kind == script.AbsoluteRange:
		return fmt.Sprintf("Between %v and %v of the script: ", t.At, t.End)
	case t.Kind == script.RelativeRange:
		return fmt.Sprintf("Between %v and %v later: ", t.At, t.End)
	case t.Blocks:
		return fmt.Sprintf("From %v until %v later: ", t.At, t.End)
	}
	return fmt.Sprintf("%v later: ", t.At)
}

func explainEvent(e *script.Event) string {
	switch {
	case e.Packet != nil && e.Packet.Direction == script.In:
		return "the other side sends " + explainSegment(e.Packet) + "."
	case e.Packet != nil:
		return "the host under test has to send " + explainSegment(e.Packet) + "."
	case e.ICMP != nil:
		return "the network reports an ICMP error, " + explainICMP(e.ICMP) + "."
	case e.Call != nil:
		return "the program " + explainCall(e.Call) + "."
	case e.Code != nil:
		return "checks what the host under test tells of the connection."
	case e.Command != nil:
		return "runs commands: settings, or a look at counters."
	}
	return "not understood here: " + e.Unsupported.What + "."
}

// explainSegment says what a segment is for, and then what its options are.
func explainSegment(p *script.Packet) string {
	s := &p.Segment
	text := kindOf(s)
	if n := len(s.Payload); n > 0 {
		text += fmt.Sprintf(" with %s of data", count(n, "byte"))
	}
	if s.Flags.Has(wire.ACK) {
		text += fmt.Sprintf(", which acknowledges everything before %d", uint32(s.Ack))
	}
	if p.HasWindow && s.Window == 0 && !s.Flags.Has(wire.RST) {
		text += "; its window is closed"
	}
	if p.AnyOptions {
		return text + "; its options are not looked at"
	}
	if options := explainOptions(s.Options); options != "" {
		text += "; " + options
	}
	return text
}

// kindOf names a segment by its flags.
func kindOf(s *wire.Segment) string {
	switch f := s.Flags; {
	case f.Has(wire.RST):
		return "a reset"
	case f.Has(wire.SYN|wire.ACK) && f.Has(wire.FIN):
		return "a SYN-ACK with a FIN"
	case f.Has(wire.SYN | wire.ACK):
		return "a SYN-ACK"
	case f.Has(wire.SYN):
		return "a SYN"
	case f.Has(wire.FIN):
		return "a FIN"
	case len(s.Payload) == 0 && f.Has(wire.ACK):
		return "an ACK"
	}
	return "a segment"
}

func explainOptions(o wire.Options) string {
	set, err := o.Decode()
	var parts []string
	add := func(has bool, format string, args ...any) {
		if has {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	fo := set.FastOpen
	form := ""
	if fo.Experimental {
		form = ", in the experimental form"
	}
	add(fo.Request(), "it asks for a Fast Open cookie%s", form)
	add(fo.Present && !fo.Request(), "it has a Fast Open cookie of %s%s", count(len(fo.Cookie), "byte"), form)
	add(set.IllegalFastOpen, "its Fast Open option has an illegal length")
	add(set.HasMSS, "it takes segments of up to %s", count(int(set.MSS), "byte"))
	add(set.SACKPermitted, "it understands SACK")
	add(set.NumSACK > 0, "it has %s out of order", count(set.NumSACK, "block"))
	add(set.HasTimestamps, "it has timestamps")
	add(set.HasWindowScale, "its windows are scaled by 2^%d", set.WindowScale)
	add(err != nil, "its options are broken")
	return strings.Join(parts, ", ")
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func explainICMP(e *script.ICMP) string {
	text := strings.ReplaceAll(e.Type, "_", " ")
	if e.Code != "" {
		text += ": " + strings.ReplaceAll(e.Code, "_", " ")
	}
	if e.MTU > 0 {
		text += fmt.Sprintf(", the next hop takes packets of up to %s", count(e.MTU, "byte"))
	}
	if e.Quoted.HasSeq {
		text += fmt.Sprintf(", about the segment with sequence number %d", e.Quoted.Start)
	}
	return text
}

// callTexts say what calls do.
var callTexts = map[string]string{
	"socket": "makes a TCP socket", "bind": "gives the socket an address of the host", "listen": "lets the socket wait for connections",
	"accept": "takes a connection from the listener", "accept4": "takes a connection from the listener",
	"connect": "connects", "close": "closes a descriptor", "shutdown": "closes one direction of a connection",
	"read": "reads", "recv": "reads", "recvfrom": "reads", "recvmsg": "reads", "readv": "reads",
	"write": "writes", "send": "writes", "sendto": "writes", "sendmsg": "writes", "writev": "writes",
	"open": "opens a file", "sendfile": "sends a file", "pipe": "makes a pipe", "pipe2": "makes a pipe",
	"splice": "moves bytes between a pipe and a connection",
	"fcntl":  "changes how a descriptor behaves", "ioctl": "asks about a socket", "setsockopt": "sets an option of a socket",
	"getsockopt": "asks for an option of a socket", "poll": "waits until a socket is ready",
	"epoll_create": "makes an epoll instance", "epoll_create1": "makes an epoll instance", "epoll_ctl": "tells an epoll instance what to watch",
	"epoll_wait": "waits until one of the watched sockets is ready",
}

func explainCall(c *script.Call) string {
	text := callTexts[c.Name]
	if text == "" {
		text = "calls " + c.Name
	}
	text += explainFlags(c)
	switch n, err := evaluate(&c.Result); {
	case c.Errno != "":
		return text + ", which has to fail with " + c.Errno
	case c.Result.Kind == script.Ellipsis || err != nil:
		return text
	case n < 0:
		return text + ", which has to fail"
	case strings.HasPrefix(text, "reads") && n == 0:
		return text + ", and finds the end of the stream"
	case strings.HasPrefix(text, "reads"), strings.HasPrefix(text, "writes"), strings.HasPrefix(text, "connects and writes"):
		return text + " " + count(int(n), "byte")
	case n > 0 && (c.Name == "socket" || strings.HasPrefix(c.Name, "accept") || strings.HasPrefix(c.Name, "epoll_create")):
		return fmt.Sprintf("%s, descriptor %d", text, n)
	}
	return text
}

// explainFlags names what matters most in the arguments.
func explainFlags(c *script.Call) string {
	for i := range c.Args {
		switch text := symbols(&c.Args[i]); {
		case strings.Contains(text, "MSG_FASTOPEN"):
			return " in the SYN if it may (connect and write in one call)"
		case strings.Contains(text, "AF_UNSPEC"):
			return " to nowhere: the socket is disconnected"
		case c.Name == "setsockopt" && i == 2:
			return ", " + text
		case c.Name == "getsockopt" && i == 2:
			return ", " + text
		case c.Name == "fcntl" && strings.Contains(text, "O_NONBLOCK"):
			return ": its calls do not wait from now on"
		}
	}
	return ""
}

// symbols are the names in an expression.
func symbols(e *script.Expr) string {
	text := ""
	if e.Kind == script.Symbol {
		text = e.Text
	}
	for i := range e.Args {
		text += symbols(&e.Args[i])
	}
	return text
}
