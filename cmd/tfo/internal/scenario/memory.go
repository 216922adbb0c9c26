package scenario

import "strconv"

// A memory is what the server's host holds, as far as those tell who hold it.
type memory struct {
	connections int // of its TCP; with Linux's those that are sockets, which half-open ones without Fast Open are not
	tcp         int // bytes that its TCP has for their data
	application int // bytes of the buffers that the applications behind some servers have made for requests
}

// memory looks at what is there now.
func (s *Scene) memory(servers ...*Server) (m memory) {
	for _, v := range servers {
		m.application += v.serving().buffers
		if v.kernel != nil {
			n, err := v.kernel.Memory()
			s.fail(err)
			m.tcp += n
		}
	}
	if st := s.stacks[s.lab.Server]; st != nil {
		m.connections, m.tcp = st.Connections(), st.Buffered()
		return m
	}
	n, err := sockets(s.lab.Server, "inuse")
	s.fail(err)
	m.connections = n
	return m
}

// most has the larger of each figure.
func (m memory) most(other memory) memory {
	return memory{max(m.connections, other.connections), max(m.tcp, other.tcp), max(m.application, other.application)}
}

// note says what was measured, and by what.
func (m memory) note(s *Scene) {
	if s.Sides.Server == Kernel {
		s.Note("At its height the server's kernel had %d TCP sockets, and %s for their data (SO_MEMINFO of those that were accepted).",
			"高峰时，服务器的内核有 %d 个 TCP 套接字，为其数据占用 %s（已接受套接字的 SO_MEMINFO）。", m.connections, kibibytes(m.tcp))
	} else {
		s.Note("At its height the server's stack had %d connections, half-open ones included, and %s for their data (its own count of its buffers).",
			"高峰时，服务器的协议栈有 %d 个连接（包括半开的），为其数据占用 %s（协议栈对自身缓冲区的统计）。", m.connections, kibibytes(m.tcp))
	}
	s.Note("The applications read that at once, into %s of their own buffers (counted as they are made).",
		"应用立即把数据读入自己的缓冲区，共 %s（在分配时计数）。", kibibytes(m.application))
}

func kibibytes(n int) string { return strconv.FormatFloat(float64(n)/(1<<10), 'f', -1, 64) + " KiB" }
