package main

import "maps"

// serverCases are programs that our client connects to.
func serverCases() []testCase {
	getHTTP := tfoConnect(requestHTTP, "--keep-open")
	return []testCase{
		{
			name: "nginx", role: server, pkg: "nginx-light", program: "nginx",
			how:     "`listen ... fastopen=64`, HTTP",
			files:   withFiles(wwwFiles, "nginx.conf", nginxServer),
			daemons: []daemon{{onServer, []string{"nginx", "-p", "{DIR}", "-c", "{DIR}/nginx.conf", "-e", "stderr"}, wirePort}},
			visit:   getHTTP,
			want:    contains(hello),
		},
		{
			name: "haproxy", role: server, pkg: "haproxy", program: "haproxy",
			how:     "`bind ... tfo`, HTTP",
			files:   map[string]string{"haproxy.cfg": haproxyServer},
			daemons: []daemon{{onServer, []string{"haproxy", "-db", "-f", "haproxy.cfg"}, wirePort}},
			visit:   getHTTP,
			want:    contains(hello),
		},
		{
			name: "h2o", role: server, pkg: "h2o", program: "h2o",
			how:     "`tcp-fastopen: 64`, HTTP",
			files:   withFiles(wwwFiles, "h2o.conf", h2oServer),
			daemons: []daemon{{onServer, []string{"h2o", "-m", "worker", "-c", "h2o.conf"}, wirePort}},
			visit:   getHTTP,
			want:    contains(hello),
		},
		{
			name: "varnish", role: server, pkg: "varnish", program: "varnishd",
			how:     "`-p tcp_fastopen=on`, HTTP",
			files:   map[string]string{"hello.vcl": varnishServer},
			daemons: []daemon{{onServer, []string{"varnishd", "-F", "-j", "none", "-n", "{DIR}/varnish", "-a", "{ADDR}", "-p", "tcp_fastopen=on", "-f", "{DIR}/hello.vcl", "-s", "malloc,16m", "-p", "thread_pools=1", "-p", "thread_pool_min=5"}, wirePort}},
			visit:   getHTTP,
			want:    contains(hello),
		},
		{
			name: "lighttpd", role: server, pkg: "lighttpd", program: "lighttpd",
			how:     "no option for it, HTTP",
			files:   withFiles(wwwFiles, "lighttpd.conf", lighttpdServer),
			daemons: []daemon{{onServer, []string{"lighttpd", "-D", "-f", "lighttpd.conf"}, wirePort}},
			visit:   getHTTP,
			want:    contains(hello),
			known:   noFastOpen("its listener has no `TCP_FASTOPEN`, as a trace of its system calls shows"),
		},
		{
			name: "knot", role: server, pkg: "knot", program: "knotd",
			how:     "`tcp-fastopen: on`, DNS",
			files:   map[string]string{"knot.conf": knotServer, "zone": dnsZone},
			daemons: []daemon{{onServer, []string{"knotd", "-c", "knot.conf"}, wirePort}},
			visit:   tfoConnect(dnsQuery()),
			want:    answersQuery,
		},
		{
			name: "kresd", role: server, pkg: "knot-resolver", program: "kresd",
			how:     "on by default, DNS",
			files:   map[string]string{"kresd.conf": kresdServer},
			daemons: []daemon{{onServer, []string{"kresd", "-n", "-c", "{DIR}/kresd.conf", "{DIR}"}, wirePort}},
			visit:   tfoConnect(dnsQuery()),
			want:    answersQuery,
		},
		{
			name: "unbound", role: server, pkg: "unbound", program: "unbound",
			how:     "built with `--enable-tfo-server`, DNS",
			files:   map[string]string{"unbound.conf": unboundServer},
			daemons: []daemon{{onServer, []string{"unbound", "-d", "-c", "{DIR}/unbound.conf"}, wirePort}},
			visit:   tfoConnect(dnsQuery()),
			want:    answersQuery,
		},
		{
			name: "bind9", role: server, pkg: "bind9", program: "named",
			how:     "no option for it, DNS",
			files:   map[string]string{"named.conf": bindServer, "zone": dnsZone},
			daemons: []daemon{{onServer, []string{"named", "-g", "-n", "1", "-c", "{DIR}/named.conf"}, wirePort}},
			visit:   tfoConnect(dnsQuery()),
			want:    answersQuery,
			known:   noFastOpen("the listener of 9.18 has no `TCP_FASTOPEN`, as a trace of its system calls shows"),
		},
		{
			name: "dnsdist", role: server, pkg: "dnsdist", program: "dnsdist",
			how:     "`tcpFastOpenQueueSize=64`, DNS",
			files:   map[string]string{"dnsdist.conf": dnsdistServer},
			daemons: []daemon{{onServer, []string{"dnsdist", "--supervised", "--disable-syslog", "-C", "dnsdist.conf"}, wirePort}},
			visit:   tfoConnect(dnsQuery()),
			want:    answersQuery,
		},
		{
			name: "pdns-recursor", role: server, pkg: "pdns-recursor", program: "pdns_recursor",
			how:     "`tcp-fast-open=64`, DNS",
			files:   map[string]string{"recursor.conf": recursorServer, "zone": dnsZone},
			daemons: []daemon{{onServer, []string{"pdns_recursor", "--config-dir={DIR}"}, wirePort}},
			visit:   tfoConnect(dnsQuery()),
			want:    answersQuery,
		},
		{
			name: "exim", role: server, pkg: "exim4-daemon-heavy", program: "exim4",
			how:     "on by default, SMTP",
			files:   map[string]string{"exim.conf": eximServer},
			daemons: []daemon{{onServer, []string{"sh", "-c", "mkdir -p spool && chown Debian-exim: . spool && exec exim4 -C {DIR}/exim.conf -bdf"}, wirePort}},
			visit:   tfoConnect("EHLO client.example.test\r\nQUIT\r\n", "--keep-open"),
			want:    contains("closing connection"),
		},
		{
			name: "shadowsocks", role: server, pkg: "shadowsocks-libev", program: "ss-server",
			how:   "`ss-server --fast-open`; `ss-local` goes through our client",
			serve: relayFront,
			files: wwwFiles,
			daemons: []daemon{
				{onServer, httpOn("{BACK}"), backPort},
				{onServer, []string{"ss-server", "--fast-open", "-s", "{IP}", "-p", "{PORT}", "-k", "secret", "-m", "aes-256-gcm"}, wirePort},
				{onClient, []string{"ss-local", "-s", "127.0.0.1", "-p", "{FRONT}", "-b", "127.0.0.1", "-l", "{MORE}", "-k", "secret", "-m", "aes-256-gcm"}, morePort},
			},
			visit: command("curl", "-sS", "--socks5", "127.0.0.1:{MORE}", "http://127.0.0.1:{BACK}/hello.txt"),
			want:  contains(hello),
		},
		{
			name: "hitch", role: server, pkg: "hitch", program: "hitch",
			how:   "`--enable-tcp-fastopen`, HTTPS through our client",
			serve: relayFront,
			files: wwwFiles,
			daemons: []daemon{
				{onServer, httpOn("{BACK}"), backPort},
				{onServer, []string{"sh", "-c", makePEM + "exec hitch --enable-tcp-fastopen=on --user=nobody -f '[{IP}]:{PORT}' -b '[127.0.0.1]:{BACK}' --workers=1 server.pem"}, wirePort},
			},
			visit:     httpsFront,
			want:      contains(hello),
			known:     map[check]string{closed: "it closes without waiting for the client's `close_notify`, which its kernel answers with RST if it comes later"},
			sometimes: []check{closed},
		},
		{
			name: "trojan", role: server, pkg: "trojan", program: "trojan",
			how:   "`fast_open`, HTTPS through our client",
			serve: relayFront,
			files: withFiles(wwwFiles, "trojan.json", trojanServer),
			daemons: []daemon{
				{onServer, httpOn("{BACK}"), backPort},
				{onServer, []string{"sh", "-c", makePEM + "exec trojan trojan.json"}, wirePort},
			},
			visit: httpsFront,
			want:  contains(hello),
		},
		{
			name: "v2ray", role: server, pkg: "v2ray", program: "v2ray",
			how:   "`tcpFastOpen` of an inbound, HTTP passed through",
			files: withFiles(wwwFiles, "v2ray.json", v2rayServer),
			daemons: []daemon{
				{onServer, httpOn("{BACK}"), backPort},
				{onServer, []string{"v2ray", "-config", "v2ray.json"}, wirePort},
			},
			visit: getHTTP,
			want:  contains(hello),
		},
		{
			name: "openssl", role: server, pkg: "openssl", program: "openssl",
			how:     "`s_server -tfo`, HTTPS through our client",
			serve:   relayFront,
			daemons: []daemon{{onServer, []string{"sh", "-c", makePEM + "exec openssl s_server -tfo -www -cert server.pem -accept {ADDR}"}, wirePort}},
			visit:   httpsFront,
			want:    contains(hello),
			known:   nothingWorks("`Unknown option: -tfo`: it is new in OpenSSL 3.2"),
			refusal: "Unknown option: -tfo",
		},
		{
			name: "socat", role: server, pkg: "socat", program: "socat",
			how:     "`setsockopt-listen=6:23:64` (TCP_FASTOPEN)",
			daemons: []daemon{{onServer, []string{"socat", "TCP{FAMILY}-LISTEN:{PORT},fork,reuseaddr,setsockopt-listen=6:23:64", "SYSTEM:read line; echo " + hello}, wirePort}},
			visit:   tfoConnect("hi\n"),
			want:    contains(hello),
		},
		{
			name: "python", role: server, pkg: "python3", program: "/usr/bin/python3",
			how:     "`TCP_FASTOPEN` on the listener",
			files:   map[string]string{"server.py": pythonServer},
			daemons: []daemon{{onServer, []string{"/usr/bin/python3", "server.py", "{IP}", "{PORT}"}, wirePort}},
			visit:   tfoConnect("hi\n"),
			want:    contains(hello),
		},
	}
}

// withFiles adds a file to others.
func withFiles(files map[string]string, name, text string) map[string]string {
	all := map[string]string{name: text}
	maps.Copy(all, files)
	return all
}

// wwwFiles are a small web site and what serves it.
var wwwFiles = map[string]string{"www/hello.txt": hello}

// httpOn is a plain web server on the loopback of a host, for what stands in
// front of it.
func httpOn(port string) []string {
	return []string{"/usr/bin/python3", "-m", "http.server", "--bind", "127.0.0.1", "--directory", "{DIR}/www", port}
}

// httpsFront speaks HTTPS through our client.
var httpsFront = command("curl", "-sS", "--noproxy", "*", "--insecure", "https://127.0.0.1:{FRONT}/hello.txt")

// makePEM is the shell's way to a key and a certificate in server.pem.
const makePEM = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=example.test -keyout key.pem -out cert.pem 2>/dev/null && cat key.pem cert.pem > server.pem && "

const nginxServer = `
daemon off;
master_process off;
user root;
pid {DIR}/nginx.pid;
error_log stderr;
events {}
http {
    access_log off;
    client_body_temp_path {DIR}/t1;
    proxy_temp_path {DIR}/t2;
    fastcgi_temp_path {DIR}/t3;
    uwsgi_temp_path {DIR}/t4;
    scgi_temp_path {DIR}/t5;
    server {
        listen {ADDR} fastopen=64;
        root {DIR}/www;
    }
}
`

const haproxyServer = haproxyDefaults + `
frontend front
    mode http
    bind {ADDR} tfo
    http-request return status 200 content-type text/plain string "` + hello + `"
`

const h2oServer = `
user: root
tcp-fastopen: 64
listen:
  host: "{IP}"
  port: {PORT}
hosts:
  default:
    paths:
      /:
        file.dir: {DIR}/www
`

const varnishServer = `
vcl 4.1;
backend none none;
sub vcl_recv { return (synth(200)); }
sub vcl_synth {
    set resp.http.Connection = "close";
    synthetic("` + hello + `");
    return (deliver);
}
`

const lighttpdServer = `
server.document-root = "{DIR}/www"
server.port = {PORT}
server.bind = "{HOST}"
`

const dnsZone = `
$TTL 60
@ SOA ns.example.com. root.example.com. 1 3600 600 86400 60
@ NS ns.example.com.
ns A 198.18.0.53
www A ` + dnsText + `
`

const knotServer = `
server:
    listen: {IP}@{PORT}
    rundir: {DIR}
    tcp-fastopen: on
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: {DIR}
zone:
  - domain: example.com
    storage: {DIR}
    file: zone
`

const kresdServer = `
net.listen('{IP}', {PORT}, { kind = 'dns' })
modules = { 'policy', 'hints' }
hints['www.example.com'] = '` + dnsText + `'
cache.size = 1 * MB
trust_anchors.remove('.')
`

const unboundServer = `
server:
    interface: {IP}@{PORT}
    access-control: 0.0.0.0/0 allow
    access-control: ::/0 allow
    username: ""
    chroot: ""
    directory: "{DIR}"
    pidfile: ""
    use-syslog: no
    num-threads: 1
    outgoing-range: 64
    module-config: "iterator"
    local-zone: "example.com." static
    local-data: "www.example.com. A ` + dnsText + `"
remote-control:
    control-enable: no
`

const bindServer = `
options {
    directory "{DIR}";
    pid-file none;
    session-keyfile none;
    listen-on port {PORT} { any; };
    listen-on-v6 port {PORT} { any; };
    recursion no;
    dnssec-validation no;
};
controls {};
zone "example.com" { type primary; file "{DIR}/zone"; };
`

const dnsdistServer = `
setLocal("{ADDR}", {tcpFastOpenQueueSize=64})
setACL({"0.0.0.0/0", "::/0"})
setSecurityPollSuffix("")
addAction(AllRule(), SpoofAction("` + dnsText + `"))
`

const recursorServer = `
local-address={IP}
local-port={PORT}
allow-from=0.0.0.0/0,::/0
auth-zones=example.com={DIR}/zone
tcp-fast-open=64
socket-dir={DIR}
threads=1
daemon=no
dnssec=off
security-poll-suffix=
hint-file=no
webserver=no
`

const eximServer = `
primary_hostname = server.example.test
exim_path = /usr/sbin/exim4
spool_directory = {DIR}/spool
log_file_path = {DIR}/spool/%slog
keep_environment =
local_interfaces = <; [{IP}]:{PORT}
smtp_enforce_sync = false
pid_file_path = {DIR}/spool/pid
tls_advertise_hosts =
acl_smtp_rcpt = accept
host_lookup =
rfc1413_query_timeout = 0s
begin routers
begin transports
`

const trojanServer = `{
  "run_type": "server", "local_addr": "{IP}", "local_port": {PORT},
  "remote_addr": "127.0.0.1", "remote_port": {BACK}, "password": ["secret"], "log_level": 2,
  "ssl": {"cert": "{DIR}/cert.pem", "key": "{DIR}/key.pem", "alpn": ["http/1.1"]},
  "tcp": {"no_delay": true, "keep_alive": true, "reuse_port": false, "fast_open": true, "fast_open_qlen": 64},
  "mysql": {"enabled": false}
}`

const v2rayServer = `{
  "log": {"loglevel": "warning"},
  "inbounds": [{"listen": "{IP}", "port": {PORT}, "protocol": "dokodemo-door",
    "settings": {"address": "127.0.0.1", "port": {BACK}, "network": "tcp"},
    "streamSettings": {"sockopt": {"tcpFastOpen": true}}}],
  "outbounds": [{"protocol": "freedom"}]
}`

const pythonServer = `
import socket, sys
host, port = sys.argv[1], int(sys.argv[2])
s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 64)
s.bind((host, port))
s.listen(64)
while True:
    c, _ = s.accept()
    c.settimeout(10)
    c.recv(4096)
    c.sendall(b"` + hello + `")
    c.shutdown(socket.SHUT_WR)
    while c.recv(4096):
        pass
    c.close()
`
