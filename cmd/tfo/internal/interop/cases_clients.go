package main

// clientCases are programs that connect to our server.
func clientCases() []testCase {
	return []testCase{
		{
			name: "curl", role: client, pkg: "curl", program: "curl",
			how:   "`--tcp-fastopen`, HTTP",
			serve: tfoListen(replyHTTP),
			visit: command("curl", "-sS", "--noproxy", "*", "--tcp-fastopen", "http://{ADDR}/"),
			want:  contains(hello),
		},
		{
			name: "curl-https", role: client, pkg: "curl", program: "curl",
			how:       "`--tcp-fastopen`, HTTPS; our side is net/http with TLS",
			serve:     serveHTTPS,
			visit:     command("curl", "-sS", "--noproxy", "*", "--tcp-fastopen", "--insecure", "https://{ADDR}/"),
			want:      contains(hello),
			known:     map[check]string{closed: "it closes as soon as it has the body; its kernel answers the server's `close_notify` with RST if that comes later"},
			sometimes: []check{closed},
		},
		{
			name: "wget2", role: client, pkg: "wget2", program: "wget2",
			how:   "`--tcp-fastopen`, HTTP",
			serve: tfoListen(replyHTTP),
			visit: command("wget2", "-q", "--no-proxy", "--tcp-fastopen", "-O", "-", "http://{ADDR}/"),
			want:  contains(hello),
		},
		{
			name: "kdig", role: client, pkg: "knot-dnsutils", program: "kdig",
			how:   "`+tcp +fastopen`, DNS",
			serve: answerDNS,
			visit: command("kdig", "@{IP}", "-p", "{PORT}", "+tcp", "+fastopen", "+short", dnsName, "A"),
			want:  contains(dnsText),
		},
		{
			name: "gnutls-cli", role: client, pkg: "gnutls-bin", program: "gnutls-cli",
			how:   "`--fastopen`, HTTPS",
			serve: serveHTTPS,
			files: map[string]string{"request": requestHTTP},
			visit: command("sh", "-c", "gnutls-cli --fastopen --insecure --port {PORT} {IP} < request"),
			want:  contains(hello),
		},
		{
			name: "openssl", role: client, pkg: "openssl", program: "openssl",
			how:     "`s_client -tfo`, TLS",
			serve:   serveHTTPS,
			files:   map[string]string{"request": requestHTTP},
			visit:   command("sh", "-c", "openssl s_client -tfo -quiet -ign_eof -connect {ADDR} < request"),
			want:    contains(hello),
			known:   nothingWorks("`Unknown option: -tfo`: it is new in OpenSSL 3.2"),
			refusal: "Unknown option: -tfo",
		},
		{
			name: "python-msg", role: client, pkg: "python3", program: "/usr/bin/python3",
			how:   "`sendto(MSG_FASTOPEN)`",
			serve: tfoListen(hello),
			files: map[string]string{"client.py": pythonSendto},
			visit: command("/usr/bin/python3", "client.py", "{IP}", "{PORT}"),
			want:  contains(hello),
		},
		{
			name: "python-connect", role: client, pkg: "python3", program: "/usr/bin/python3",
			how:   "`TCP_FASTOPEN_CONNECT`",
			serve: tfoListen(hello),
			files: map[string]string{"client.py": pythonConnect},
			visit: command("/usr/bin/python3", "client.py", "{IP}", "{PORT}"),
			want:  contains(hello),
		},
		{
			name: "socat", role: client, pkg: "socat", program: "socat",
			how:   "`setsockopt-listen=6:30:1` (TCP_FASTOPEN_CONNECT)",
			serve: tfoListen(hello),
			visit: command("sh", "-c", "echo hello | socat - TCP{FAMILY}:{HOST}:{PORT},setsockopt-listen=6:30:1"),
			want:  contains(hello),
		},
		{
			name: "haproxy", role: client, pkg: "haproxy", program: "haproxy",
			how:     "`tfo` on a `server` line, HTTP passed through",
			serve:   tfoListen(replyHTTP),
			files:   map[string]string{"haproxy.cfg": haproxyClient},
			daemons: []daemon{{onClient, []string{"haproxy", "-db", "-f", "haproxy.cfg"}, frontPort}},
			visit:   viaFront,
			want:    contains(hello),
			known:   noFastOpen("its 2.6 connects without `TCP_FASTOPEN_CONNECT`, as a trace of its system calls shows, also with a request at hand and every `retry-on`"),
		},
		{
			name: "exim", role: client, pkg: "exim4-daemon-heavy", program: "exim4",
			how:    "`hosts_try_fastopen`, `hosts_pipe_connect`, SMTP",
			serve:  answerSMTP,
			files:  map[string]string{"exim.conf": eximClient, "mail": "Subject: test\n\nhello\n"},
			visit:  command("sh", "-c", "mkdir -p spool && chown Debian-exim: . spool && exim4 -C {DIR}/exim.conf -odf -v -f a@example.test b@example.test < mail 2>&1"),
			visits: 3,
			want:   contains("Completed"),
		},
		{
			name: "shadowsocks", role: client, pkg: "shadowsocks-libev", program: "ss-local",
			how:   "`ss-local --fast-open`; our server passes on to `ss-server`",
			serve: relayBack,
			files: wwwFiles,
			daemons: []daemon{
				{onServer, httpOn("{MORE}"), morePort},
				{onServer, []string{"ss-server", "-s", "127.0.0.1", "-p", "{BACK}", "-k", "secret", "-m", "aes-256-gcm"}, backPort},
				{onClient, []string{"ss-local", "--fast-open", "-s", "{IP}", "-p", "{PORT}", "-b", "127.0.0.1", "-l", "{FRONT}", "-k", "secret", "-m", "aes-256-gcm"}, frontPort},
			},
			visit: command("curl", "-sS", "--socks5", "127.0.0.1:{FRONT}", "http://127.0.0.1:{MORE}/hello.txt"),
			want:  contains(hello),
		},
		{
			name: "v2ray", role: client, pkg: "v2ray", program: "v2ray",
			how:     "`tcpFastOpen` of an outbound, HTTP passed through",
			serve:   tfoListen(replyHTTP),
			files:   map[string]string{"v2ray.json": v2rayClient},
			daemons: []daemon{{onClient, []string{"v2ray", "-config", "v2ray.json"}, frontPort}},
			visit:   viaFront,
			want:    contains(hello),
		},
		{
			name: "unbound", role: client, pkg: "unbound", program: "unbound",
			how:     "`tcp-upstream`, built with `--enable-tfo-client`, DNS",
			serve:   answerDNS,
			files:   map[string]string{"unbound.conf": unboundClient},
			daemons: []daemon{{onClient, []string{"unbound", "-d", "-c", "{DIR}/unbound.conf"}, frontPort}},
			visit:   askFront,
			want:    contains(dnsText),
		},
		{
			name: "dnsdist", role: client, pkg: "dnsdist", program: "dnsdist",
			how:     "`tcpFastOpen=true` on a server, DNS",
			serve:   answerDNS,
			files:   map[string]string{"dnsdist.conf": dnsdistClient},
			daemons: []daemon{{onClient, []string{"dnsdist", "--supervised", "--disable-syslog", "-C", "dnsdist.conf"}, frontPort}},
			visit:   askFront,
			want:    contains(dnsText),
		},
		{
			name: "pdns-recursor", role: client, pkg: "pdns-recursor", program: "pdns_recursor",
			how:     "`tcp-fast-open-connect`, DNS",
			serve:   answerDNS,
			files:   map[string]string{"recursor.conf": recursorClient},
			daemons: []daemon{{onClient, []string{"pdns_recursor", "--config-dir={DIR}"}, frontPort}},
			visit:   askFront,
			want:    contains(dnsText),
		},
		{
			name: "stubby", role: client, pkg: "stubby", program: "stubby",
			how:     "getdns, `GETDNS_TRANSPORT_TCP`, DNS",
			serve:   answerDNS,
			files:   map[string]string{"stubby.yml": stubbyClient},
			daemons: []daemon{{onClient, []string{"stubby", "-C", "stubby.yml"}, frontPort}},
			visit:   askFront,
			want:    contains(dnsText),
		},
	}
}

// viaFront asks a proxy on the client's host, which asks our server.
var viaFront = command("curl", "-sS", "--noproxy", "*", "http://127.0.0.1:{FRONT}/")

// askFront asks a resolver on the client's host, which asks our server; the
// name is another one every time, so that no cache answers.
var askFront = command("sh", "-c",
	`kdig @127.0.0.1 -p {FRONT} +short +retry=0 "n$(date +%N).example.com" A`)

const pythonSendto = `
import socket, sys
host, port = sys.argv[1], int(sys.argv[2])
s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
s.sendto(b"hello", socket.MSG_FASTOPEN, (host, port))
while b := s.recv(4096):
    sys.stdout.write(b.decode())
s.close()
`

const pythonConnect = `
import socket, sys
TCP_FASTOPEN_CONNECT = 30
host, port = sys.argv[1], int(sys.argv[2])
s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
s.settimeout(10)
s.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1)
s.connect((host, port))
s.sendall(b"hello")
while b := s.recv(4096):
    sys.stdout.write(b.decode())
s.close()
`

const haproxyDefaults = `
defaults
    timeout connect 5s
    timeout client 5s
    timeout server 5s
`

const haproxyClient = haproxyDefaults + `
listen front
    mode tcp
    bind 127.0.0.1:{FRONT}
    tcp-request inspect-delay 2s
    tcp-request content accept if { req.len gt 0 }
    server ours {ADDR} tfo
`

const eximClient = `
primary_hostname = client.example.test
exim_path = /usr/sbin/exim4
spool_directory = {DIR}/spool
log_file_path = {DIR}/spool/%slog
keep_environment =
pipelining_connect_advertise_hosts = *
trusted_users = root
begin routers
ours:
  driver = manualroute
  route_list = <+ * "<; {IP}"
  self = send
  transport = smtp
begin transports
smtp:
  driver = smtp
  port = {PORT}
  hosts_try_fastopen = *
  hosts_pipe_connect = *
  hosts_avoid_tls = *
  hosts_try_chunking =
begin retry
* * F,1h,1h
`

const v2rayClient = `{
  "log": {"loglevel": "warning"},
  "inbounds": [{"listen": "127.0.0.1", "port": {FRONT}, "protocol": "dokodemo-door",
    "settings": {"address": "{IP}", "port": {PORT}, "network": "tcp"}}],
  "outbounds": [{"protocol": "freedom", "streamSettings": {"sockopt": {"tcpFastOpen": true}}}]
}`

const unboundClient = `
server:
    interface: 127.0.0.1@{FRONT}
    username: ""
    chroot: ""
    directory: "{DIR}"
    pidfile: ""
    use-syslog: no
    num-threads: 1
    module-config: "iterator"
    tcp-upstream: yes
    do-not-query-localhost: no
    outgoing-range: 64
    root-hints: ""
    qname-minimisation: no
    tcp-reuse-timeout: 1000
    trust-anchor-file: ""
remote-control:
    control-enable: no
forward-zone:
    name: "."
    forward-addr: {IP}@{PORT}
`

const dnsdistClient = `
setLocal("127.0.0.1:{FRONT}")
setSecurityPollSuffix("")
newServer({address="{ADDR}", tcpOnly=true, tcpFastOpen=true, maxConcurrentTCPConnections=4}):setUp()
setTCPDownstreamCleanupInterval(1)
setTCPDownstreamMaxIdleTime(1)
`

const recursorClient = `
local-address=127.0.0.1
local-port={FRONT}
forward-zones-recurse=.={ADDR}
tcp-fast-open-connect=yes
socket-dir={DIR}
threads=1
daemon=no
tcp-out-max-queries=1
tcp-out-max-idle-ms=100
dnssec=off
security-poll-suffix=
dont-query=
hint-file=no
qname-minimization=no
webserver=no
`

const stubbyClient = `
resolution_type: GETDNS_RESOLUTION_STUB
dns_transport_list:
  - GETDNS_TRANSPORT_TCP
listen_addresses:
  - 127.0.0.1@{FRONT}
idle_timeout: 0
round_robin_upstreams: 0
upstream_recursive_servers:
  - address_data: {IP}
    port: {PORT}
    tcp_port: {PORT}
`
