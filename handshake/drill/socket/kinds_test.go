package socket

import "testing"

// What getsockopt tells before anything is set, as Linux 6.18 does.
func TestOptionDefaults(t *testing.T) {
	b := newBench(t)
	fd := b.socket(SOCK_NONBLOCK)
	for key := range kinds {
		want := map[optionName]int{
			{SOL_SOCKET, SO_RCVLOWAT}: 1, {SOL_SOCKET, SO_SNDBUF}: 16384, {SOL_SOCKET, SO_RCVBUF}: 131072,
			{SOL_TCP, TCP_MAXSEG}: 536, {SOL_TCP, TCP_KEEPIDLE}: 7200, {SOL_TCP, TCP_KEEPINTVL}: 75, {SOL_TCP, TCP_KEEPCNT}: 9,
			{SOL_TCP, TCP_SYNCNT}: 5, {SOL_TCP, TCP_QUICKACK}: 1, {SOL_TCP, TCP_LINGER2}: 60,
			{SOL_IP, IP_TTL}: 64, {SOL_IP, IP_MTU_DISCOVER}: 1,
			{SOL_SOCKET, SO_TYPE}: SOCK_STREAM, {SOL_SOCKET, SO_DOMAIN}: AF_INET, {SOL_SOCKET, SO_PROTOCOL}: IPPROTO_TCP,
			{SOL_SOCKET, SO_PEEK_OFF}: -1, {SOL_SOCKET, SO_MAX_PACING_RATE}: -1, {SOL_SOCKET, SO_INCOMING_CPU}: -1,
			{SOL_TCP, TCP_RTO_MAX_MS}: 120000, {SOL_TCP, TCP_RTO_MIN_US}: 200000, {SOL_TCP, TCP_DELACK_MAX_US}: 200000,
		}[key]
		if key.level == SOL_IPV6 {
			b.want(b.host.Option(fd, key.level, key.name), -1, EOPNOTSUPP)
			b.want(b.host.SetOption(fd, key.level, key.name, 1), -1, ENOPROTOOPT)
			continue
		}
		if r := b.want(b.host.Option(fd, key.level, key.name), 0, ""); r.Option[0] != want {
			t.Errorf("level %d, option %d: got %d, want %d", key.level, key.name, r.Option[0], want)
		}
	}
	if err := b.host.Set("net.ipv4.tcp_syn_retries", "2"); err != nil {
		t.Fatal(err)
	}
	if err := b.host.Set("net.ipv4.tcp_rmem", "4096 50000 100000"); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[optionName]int{{SOL_TCP, TCP_SYNCNT}: 2, {SOL_SOCKET, SO_RCVBUF}: 50000} {
		if r := b.want(b.host.Option(fd, key.level, key.name), 0, ""); r.Option[0] != want {
			t.Errorf("option %d after sysctl: got %d, want %d", key.name, r.Option[0], want)
		}
	}
}

// What becomes of a value, as in Linux 6.18.
func TestOptionValues(t *testing.T) {
	refused := -12345
	for key, values := range map[optionName]map[int]int{
		{SOL_SOCKET, SO_KEEPALIVE}: {-1: 1, 0: 0, 5: 1},
		{SOL_SOCKET, SO_REUSEADDR}: {-1: 1, 0: 0, 5: 1},
		{SOL_SOCKET, SO_SNDBUF}:    {0: 4608, 2303: 4608, 2304: 4608, 5000: 10000, 10000000: 8388608, -1: 8388608},
		{SOL_SOCKET, SO_RCVBUF}:    {0: 2304, 1152: 2304, 5000: 10000, 10000000: 8388608, -1: 8388608},
		{SOL_SOCKET, SO_RCVLOWAT}:  {-1: 7864320, 0: 1, 1: 1, 100000: 100000, 100000000: 7864320},
		{SOL_IP, IP_TTL}:           {64: 64, -1: 64, 0: refused, -2: refused, 255: 255, 256: refused},
		{SOL_IP, IP_TOS}:           {-1: 252, 0: 0, 16: 16, 255: 252, 256: 0, 259: 0},
		{SOL_IP, IP_MTU_DISCOVER}:  {1: 1, 2: 2},
		{SOL_TCP, TCP_NODELAY}:     {-1: 1, 0: 0, 2: 1},
		{SOL_TCP, TCP_CORK}:        {0: 0, 7: 1},
		{SOL_TCP, TCP_MAXSEG}:      {0: 536, 1: refused, 87: refused, 88: 88, 32767: 32767, 32768: refused},
		{SOL_TCP, TCP_KEEPIDLE}:    {0: refused, 32767: 32767, 32768: refused},
		{SOL_TCP, TCP_KEEPINTVL}:   {0: refused, 32767: 32767, 32768: refused},
		{SOL_TCP, TCP_KEEPCNT}:     {0: refused, 127: 127, 128: refused},
		{SOL_TCP, TCP_SYNCNT}:      {0: refused, 127: 127, 128: refused},
		{SOL_TCP, TCP_DEFER_ACCEPT}: {
			-1: 0, 0: 0, 1: 1, 2: 3, 3: 3, 4: 7, 8: 15, 30: 31, 100: 127, 1000: 1087, 100000: 29887,
		},
		{SOL_TCP, TCP_QUICKACK}:           {-1: 1, 0: 0, 2: 1},
		{SOL_TCP, TCP_LINGER2}:            {-2: -1, 0: 60, 1: 1, 120: 120, 121: 120},
		{SOL_TCP, TCP_USER_TIMEOUT}:       {-1: refused, 1000: 1000},
		{SOL_TCP, TCP_NOTSENT_LOWAT}:      {-1: -1, 100: 100},
		{SOL_TCP, TCP_SAVE_SYN}:           {-1: refused, 2: 2, 3: refused},
		{SOL_TCP, TCP_FASTOPEN}:           {-1: refused, 5: 5, 5000: 4096},
		{SOL_TCP, TCP_FASTOPEN_CONNECT}:   {-1: refused, 1: 1, 2: refused},
		{SOL_TCP, TCP_FASTOPEN_NO_COOKIE}: {-1: refused, 1: 1, 2: refused},
	} {
		for n, want := range values {
			b := newBench(t)
			fd := b.socket(SOCK_NONBLOCK)
			r, _ := b.host.SetOption(fd, key.level, key.name, n)()
			if want == refused && r.Errno != EINVAL || want != refused && r.Errno != "" {
				t.Errorf("level %d, option %d to %d: got %q", key.level, key.name, n, r.Errno)
			}
			if got := b.want(b.host.Option(fd, key.level, key.name), 0, "").Option[0]; want != refused && got != want {
				t.Errorf("level %d, option %d set to %d: got %d, want %d", key.level, key.name, n, got, want)
			}
		}
	}
}

// What getsockopt tells of a listener and of a connection.
func TestOptionsTold(t *testing.T) {
	b := newBench(t)
	fd := b.socket(SOCK_NONBLOCK)
	if err := b.host.Set("net.ipv4.tcp_fastopen", "0x403"); err != nil {
		t.Fatal(err)
	}
	b.want(b.host.Listen(fd, 5), 0, "")
	if got := b.want(b.host.Option(fd, SOL_TCP, TCP_FASTOPEN), 0, "").Option[0]; got != 5 {
		t.Errorf("TCP_FASTOPEN of a listener: got %d, want 5", got)
	}
	fd = b.socket(SOCK_NONBLOCK)
	b.want(b.host.Connect(fd, server), -1, EINPROGRESS)
	if got := b.want(b.host.Option(fd, SOL_TCP, TCP_MAXSEG), 0, "").Option[0]; got != 536 {
		t.Errorf("TCP_MAXSEG in SYN-SENT: got %d, want 536", got)
	}
	b.answer("S. 0:0(0) ack 1 win 65535 <mss 1000>")
	if got := b.want(b.host.Option(fd, SOL_TCP, TCP_MAXSEG), 0, "").Option[0]; got != 1000 {
		t.Errorf("TCP_MAXSEG: got %d, want 1000", got)
	}
	fd = b.socket(SOCK_NONBLOCK)
	b.want(b.host.SetOption(fd, SOL_TCP, TCP_MAXSEG, 1200), 0, "")
	b.want(b.host.Connect(fd, server), -1, EINPROGRESS)
	if got := b.want(b.host.Option(fd, SOL_TCP, TCP_MAXSEG), 0, "").Option[0]; got != 1200 {
		t.Errorf("TCP_MAXSEG in SYN-SENT that was set: got %d, want 1200", got)
	}
}
