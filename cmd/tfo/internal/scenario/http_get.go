package scenario

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"

	"tfocraft/cmd/tfo/internal/lab"
	"tfocraft/wire/bilingual"
	"tfocraft/wire/follow"
)

var httpGet = &Scenario{
	Name:  "http-get",
	Title: bilingual.T("The same page twice", "两次获取同一个网页"),
	About: bilingual.T("Programs that know nothing of Fast Open can use it: net/http fetches a page over connections whose SYN waits for the first Write; "+
		"on Linux's TCP curl --tcp-fastopen does the same. A GET may be repeated without harm, so it may travel in a SYN.",
		"不了解 Fast Open 的程序也能使用它：net/http 通过等待第一次 Write 才发送 SYN 的连接获取网页；在 Linux 的 TCP 上，curl --tcp-fastopen 做同样的事。"+
			"重复一个 GET 没有害处，所以它可以放在 SYN 中。"),
	Sides: anySides,
	Needs: map[Side][]string{Kernel: {"curl"}},
	play: func(s *Scene) {
		server, client := s.ServePage(), s.Dial(ClientConfig{})
		first, second := client.Get(server), client.Get(server)

		s.ExpectFastOpen(first, follow.CookieReceived)
		s.ExpectTrips(first, 1.5, 2)
		s.ExpectFastOpen(second, follow.Accepted)
		s.Expect(bilingual.T("the whole GET travels in the SYN", "整个 GET 放在 SYN 中"),
			fmt.Sprintf("%d of %d bytes", second.SynData, second.Sent), second.SynData > 0 && uint64(second.SynData) == second.Sent)
		s.ExpectTrips(second, 0.5, 1)
		s.ExpectReply(first, second)
		s.ExpectRequests(server, 2)
	},
}

// ServePage starts net/http's server on the server's stack, with one page.
func (s *Scene) ServePage() *Server {
	if s.over() {
		return &Server{scene: s}
	}
	v := s.newServer(ServerConfig{})
	ln, err := v.listen()
	if err != nil {
		s.fail(err)
		return v
	}
	web := http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write(v.reply([]byte(r.Method + " " + r.URL.Path)))
	})}
	// Each request is to be a connection of its own.
	web.SetKeepAlivesEnabled(false)
	served := make(chan error, 1)
	go func() { served <- web.Serve(ln) }()
	s.atEnd(func() error {
		err := web.Close()
		if e := <-served; !errors.Is(e, http.ErrServerClosed) {
			err = errors.Join(err, e)
		}
		return err
	})
	return v
}

// listen opens a listener on the server's stack for a program that brings its own loop.
func (v *Server) listen() (net.Listener, error) {
	if v.scene.Sides.Server == Kernel {
		return lab.ListenKernelNet(v.scene.ctx, v.host, v.kernelConfig())
	}
	return v.listenOurs()
}

// Get fetches the page of a server: by net/http over our stack, by curl over Linux's.
func (c *Client) Get(server *Server) Exchange {
	s := c.scene
	if s.over() {
		return Exchange{}
	}
	before := s.last()
	url := "http://" + server.Addr.String() + "/"
	get := c.getByNetHTTP
	if c.side == Kernel {
		get = c.getByCurl
	}
	body, err := get(url)
	x := s.settled(before, netip.AddrPort{})
	x.Reply, x.Err, x.want = body, err, Reply
	s.exchanges = append(s.exchanges, x)
	return x
}

func (c *Client) getByCurl(url string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(c.scene.ctx, c.scene.patience())
	defer cancel()
	return c.host.Command(ctx, "curl", "--silent", "--show-error", "--globoff", "--noproxy", "*", "--tcp-fastopen", url)
}

func (c *Client) getByNetHTTP(url string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(c.scene.ctx, c.scene.patience())
	defer cancel()
	transport := &http.Transport{DialContext: c.dialer.DialLazy, DisableKeepAlives: true}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	return io.ReadAll(response.Body)
}
