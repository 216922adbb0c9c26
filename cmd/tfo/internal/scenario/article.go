package scenario

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"tfocraft/cmd/tfo/internal/lab"
	"tfocraft/wire"
	"tfocraft/wire/bilingual"
	"tfocraft/wire/follow"
	"tfocraft/wire/pcapng"
)

var article = &Scenario{
	Name:  "article",
	Title: bilingual.T("The classic walk through TCP Fast Open on Linux", "Linux 上 TCP Fast Open 的经典演示"),
	About: bilingual.T("What articles about Fast Open do by hand: switch it on with sysctl, start a server, connect three times, look for the option with tshark "+
		"and for what is left in the socket list. The first connection gets the cookie, the others show it.",
		"介绍 Fast Open 的文章手工做的事：用 sysctl 打开它，启动服务器，连接三次，用 tshark 查找选项，再看套接字列表中留下了什么。第一次连接得到 cookie，其余的出示它。"),
	Sides: []Sides{{Kernel, Kernel}, {Ours, Kernel}},
	play: func(s *Scene) {
		s.showSysctl("1 allows it for clients, 2 for servers, 3 for both; Linux begins with 1.", "1 允许客户端，2 允许服务器，3 两者都允许；Linux 默认是 1。")
		server, client := s.Serve(ServerConfig{}), s.Dial(ClientConfig{})
		s.showSysctl("The server's host now allows both, and the server listens with the socket option TCP_FASTOPEN.",
			"服务器主机现在两者都允许，服务器使用套接字选项 TCP_FASTOPEN 监听。")
		first, second, third := client.Ask(server), client.Ask(server), client.Ask(server)
		s.showTshark()
		left := s.showTimeWait()

		s.ExpectFastOpen(first, follow.CookieReceived)
		s.ExpectFastOpen(second, follow.Accepted)
		s.ExpectFastOpen(third, follow.Accepted)
		s.Expect(bilingual.T("the second and the third SYN show the same cookie", "第二个和第三个 SYN 出示相同的 cookie"),
			fmt.Sprintf("%x, %x", second.SynCookie, third.SynCookie), sameCookie(second.SynCookie, third.SynCookie))
		s.ExpectTrips(first, 1.5, 2)
		s.ExpectTrips(second, 0.5, 1)
		s.ExpectTrips(third, 0.5, 1)
		s.ExpectReply(first, second, third)
		s.ExpectCounter(s.serverHost(), "TCPFastOpenCookieReqd", 1)
		s.ExpectCounter(s.serverHost(), "TCPFastOpenPassive", 2)
		s.Expect(bilingual.T("three connections wait in TIME-WAIT at the server, which closed first", "服务器先关闭，有三个连接处于 TIME-WAIT"),
			fmt.Sprint(left), left == 3)
	},
}

// showSysctl tells what the server's host allows.
func (s *Scene) showSysctl(en, zh string) {
	if s.over() {
		return
	}
	const name = "net.ipv4.tcp_fastopen"
	value, err := s.lab.Server.ReadSysctl(name)
	s.fail(err)
	s.Note("server$ sysctl %[1]s\n%[1]s = %[2]s\n%[3]s", "server$ sysctl %[1]s\n%[1]s = %[2]s\n%[3]s", name, value, bilingual.T(en, zh))
}

// showTshark lets Wireshark find the option in what was captured so far, where it is installed.
func (s *Scene) showTshark() {
	if _, err := exec.LookPath("tshark"); s.over() || err != nil {
		return
	}
	var file bytes.Buffer
	if err := s.record.capture(&file); err != nil {
		s.fail(err)
		return
	}
	args := []string{"-r", "-", "-Y", "tcp.options.tfo", "-T", "fields", "-e", "frame.number", "-e", "tcp.flags.str", "-e", "tcp.len", "-e", "tcp.options.tfo.cookie"}
	cmd := exec.CommandContext(s.ctx, "tshark", args...)
	cmd.Stdin = &file
	// It is to show the same to everybody; and settings that it may not read let some versions crash.
	cmd.Env = append(os.Environ(), "HOME=/nonexistent", "XDG_CONFIG_HOME=")
	out, err := cmd.Output()
	if err != nil {
		s.Note("tshark does not work here: %v", "tshark 在这里无法运行：%v", err)
		return
	}
	s.Note("$ tshark -r FILE -Y tcp.options.tfo -T fields -e frame.number -e tcp.flags.str -e tcp.len -e tcp.options.tfo.cookie\n%s",
		"$ tshark -r FILE -Y tcp.options.tfo -T fields -e frame.number -e tcp.flags.str -e tcp.len -e tcp.options.tfo.cookie\n%s",
		strings.TrimRight(string(out), "\n"))
}

// showTimeWait tells what is left in the server's socket list, and returns how many of them the kernel counts.
func (s *Scene) showTimeWait() (left int) {
	if s.over() {
		return 0
	}
	if _, err := exec.LookPath("ss"); err == nil {
		out, err := s.lab.Server.Command(s.ctx, "ss", "-tan", "state", "time-wait")
		s.fail(err)
		s.Note("server$ ss -tan state time-wait\n%s", "server$ ss -tan state time-wait\n%s", strings.TrimRight(string(out), "\n"))
	}
	left, err := sockets(s.lab.Server, "tw")
	s.fail(err)
	return left
}

// sockets reads a count of TCP sockets, such as "tw" or "inuse", of a host's kernel.
func sockets(host *lab.Host, kind string) (n int, err error) {
	err = host.Do(func() error {
		b, err := os.ReadFile("/proc/thread-self/net/sockstat")
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(b)) {
			if _, after, ok := strings.Cut(line, " "+kind+" "); ok && strings.HasPrefix(line, "TCP:") {
				_, err := fmt.Sscan(after, &n)
				return err
			}
		}
		return fmt.Errorf("sockstat: no %s", kind)
	})
	return n, err
}

// capture writes what was seen so far.
func (r *recorder) capture(file *bytes.Buffer) error {
	w, err := pcapng.NewWriter(file, pcapng.Interface{Name: "client", LinkType: wire.LinkEthernet})
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.frames {
		frame, at := r.frames[i].AtClient()
		if frame == nil {
			continue
		}
		if err := w.Write(frame, at, 0, r.frames[i].Direction()); err != nil {
			return err
		}
	}
	return w.Flush()
}
