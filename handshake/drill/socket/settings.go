package socket

import (
	"fmt"
	"math"
	"net"
	"strconv"
	"strings"
	"time"

	"tfocraft/cookie"
	"tfocraft/handshake"
	"tfocraft/handshake/endpoint"
)

// The bits of net.ipv4.tcp_fastopen that count.
const (
	clientEnable   = 0x1
	serverEnable   = 0x2
	clientNoCookie = 0x4
	serverNoCookie = 0x200
	serverAlways   = 0x400
)

// settings are what sysctl changes.
type settings struct {
	profile    handshake.Profile
	fastOpen   int
	scheme     cookie.Scheme
	keys       []cookie.Key
	machine    handshake.Config // the template of connections
	synCookies endpoint.SynCookies
	keepAlive  net.KeepAliveConfig // Enable does not count
	notSent    int                 // net.ipv4.tcp_notsent_lowat
	sendFirst  int                 // of net.ipv4.tcp_wmem, if it was set
	sendMost   int
}

// The defaults are those of packetdrill's own test suite for Linux, whose window
// scale of 8 comes of a receive buffer of up to 15 MB.
const maxReceive = 15 << 20

func (c *settings) init(profile handshake.Profile) {
	c.profile = profile
	c.fastOpen = clientEnable | serverEnable | 0x70000
	c.scheme = cookie.Linux
	c.keys = []cookie.Key{testKey}
	c.keepAlive = net.KeepAliveConfig{Idle: 2 * time.Hour, Interval: 75 * time.Second, Count: 9}
	c.notSent = noLow
	c.synCookies = endpoint.SynCookiesOnOverflow
	c.machine = handshake.Config{SynRetries: 5, QuickAcks: 16, Nagle: true, LaxTimestamps: true}
	if profile == handshake.Linux {
		c.machine.SoftErrorsEndOpen, c.machine.LinuxSender = true, true
		c.machine.NoSlowStartAfterIdle, c.machine.NoPathSearch = true, true
		c.machine.RecvBuffer, c.machine.MaxRecvBuffer = firstReceive, maxReceive
	}
}

// testKey is a1a1a1a1-b2b2b2b2-c3c3c3c3-d4d4d4d4 of net.ipv4.tcp_fastopen_key, with
// which the cookies of the test suites were made.
var testKey = cookie.Key{
	0xa1, 0xa1, 0xa1, 0xa1, 0xb2, 0xb2, 0xb2, 0xb2, 0xc3, 0xc3, 0xc3, 0xc3, 0xd4, 0xd4, 0xd4, 0xd4,
}

// congestion are the kinds of congestion control by Linux's names.
var congestion = map[string]handshake.CongestionControl{"cubic": handshake.Cubic, "reno": handshake.NewReno}

// congestionNamed returns a kind by its name, which for Reno is newreno in FreeBSD.
func congestionNamed(name string) (handshake.CongestionControl, bool) {
	control, ok := congestion[strings.TrimPrefix(name, "new")]
	return control, ok
}

// otherCongestion are kinds that kernels have and this host has not.
var otherCongestion = map[string]struct{}{
	"bbr": {}, "bic": {}, "cdg": {}, "dctcp": {}, "highspeed": {}, "htcp": {}, "hybla": {}, "illinois": {}, "lp": {},
	"nv": {}, "scalable": {}, "vegas": {}, "veno": {}, "westwood": {}, "yeah": {},
}

// ecn are the ways of ECN by Linux's numbers.
var ecn = map[string]handshake.ECN{"0": handshake.ECNOff, "1": handshake.ECNRequest, "2": handshake.ECNAnswer}

// A setting changes what a sysctl stands for.
type setting func(h *Host, value string) error

// byPath are the settings that make a difference here, by their path below
// /proc/sys/, dots for slashes.
var byPath = map[string]setting{
	"net.ipv4.tcp_fastopen":     number(func(h *Host, n int) { h.settings.fastOpen = n }),
	"net.ipv4.tcp_fastopen_key": setKeys,
	"net.ipv4.tcp_timestamps":   number(func(h *Host, n int) { h.settings.machine.NoTimestamps = n == 0 }),
	"net.ipv4.tcp_sack":         number(func(h *Host, n int) { h.settings.machine.NoSACK = n == 0 }),
	"net.ipv4.tcp_window_scaling": number(func(h *Host, n int) {
		h.settings.machine.NoWindowScale = n == 0
	}),
	"net.ipv4.tcp_rmem":             setReceiveBuffer,
	"net.ipv4.tcp_wmem":             setSendBuffer,
	"net.ipv4.tcp_rto_min_us":       within(1, 120_000_000, func(h *Host, n int) { h.settings.machine.MinRTO = time.Duration(n) * time.Microsecond }),
	"net.ipv4.tcp_rto_max_ms":       within(1000, 120_000, func(h *Host, n int) { h.settings.machine.MaxRTO = time.Duration(n) * time.Millisecond }),
	"net.ipv4.tcp_syn_retries":      number(func(h *Host, n int) { h.settings.machine.SynRetries = retries(n) }),
	"net.ipv4.tcp_synack_retries":   number(func(h *Host, n int) { h.settings.machine.SynAckRetries = retries(n) }),
	"net.ipv4.tcp_retries2":         number(func(h *Host, n int) { h.settings.machine.Retries = retries(n) }),
	"net.ipv4.tcp_fin_timeout":      number(func(h *Host, n int) { h.settings.machine.FinWait2 = seconds(n) }),
	"net.ipv4.tcp_syncookies":       number(func(h *Host, n int) { h.settings.synCookies = synCookies(n) }),
	"net.ipv4.tcp_keepalive_time":   within(1, 32767, func(h *Host, n int) { h.settings.keepAlive.Idle = seconds(n) }),
	"net.ipv4.tcp_keepalive_intvl":  within(1, 32767, func(h *Host, n int) { h.settings.keepAlive.Interval = seconds(n) }),
	"net.ipv4.tcp_keepalive_probes": within(1, 255, func(h *Host, n int) { h.settings.keepAlive.Count = n }),
	"net.ipv4.tcp_notsent_lowat":    setNotSentLow,
	"net.ipv4.tcp_syn_linear_timeouts": number(func(h *Host, n int) {
		h.settings.machine.SynLinear = n
	}),
	"net.ipv4.tcp_dsack": number(func(h *Host, n int) { h.settings.machine.NoDSACK = n == 0 }),
	"net.ipv4.tcp_early_retrans": within(0, 4, func(h *Host, n int) {
		h.settings.machine.NoTailProbes = n < 3 // the other numbers were for what has gone
	}),
	"net.ipv4.tcp_min_tso_segs":         within(0, 65535, func(h *Host, n int) { h.settings.machine.LeastBulk = max(n, 1) }),
	"net.ipv4.tcp_thin_linear_timeouts": number(func(h *Host, n int) { h.settings.machine.ThinLinearTimeouts = n != 0 }),
	"net.ipv4.tcp_retrans_collapse":     number(func(h *Host, n int) { h.settings.machine.NoCollapse = n == 0 }),
	"net.ipv4.tcp_reordering":           within(1, 300, func(h *Host, n int) { h.settings.machine.Reordering = n }),
	"net.ipv4.tcp_recovery": within(0, 255, func(h *Host, n int) {
		h.settings.machine.StaticReordering, h.settings.machine.NoDuplicateThreshold = n&2 != 0, n&4 != 0
	}),
	"net.ipv4.tcp_frto":                  within(0, 2, func(h *Host, n int) { h.settings.machine.NoFRTO = n == 0 }),
	"net.ipv4.tcp_mtu_probing":           setPathSearch,
	"net.ipv4.tcp_slow_start_after_idle": number(func(h *Host, n int) { h.settings.machine.NoSlowStartAfterIdle = n == 0 }),
	"net.ipv4.tcp_ecn":                   setECN,
	"net.inet.tcp.ecn.enable":            setECN,
	"net.ipv4.tcp_congestion_control":    setCongestion,
	"net.inet.tcp.rfc1323": number(func(h *Host, n int) {
		h.settings.machine.NoTimestamps, h.settings.machine.NoWindowScale = n == 0, n == 0
	}),
	"net.inet.tcp.cc.algorithm": setCongestion,
	"net.inet.tcp.syncookies":   number(func(h *Host, n int) { h.settings.synCookies = synCookies(min(n, 1)) }),
	"net.inet.tcp.sack.enable":  number(func(h *Host, n int) { h.settings.machine.NoSACK = n == 0 }),
	"net.inet.tcp.fastopen.client_enable": number(func(h *Host, n int) {
		h.settings.fastOpen = bit(h.settings.fastOpen, clientEnable, n != 0)
		if n == 0 {
			h.FlushCookies() // switching it off empties FreeBSD's cache
		}
	}),
	"net.inet.tcp.fastopen.server_enable": number(func(h *Host, n int) {
		h.settings.fastOpen = bit(h.settings.fastOpen, serverEnable, n != 0)
	}),
}

// Set is sysctl(8) with one setting, whose path may be written with dots or as a
// file below /proc/sys. The error says that the value is wrong, or wraps
// [ErrUnknownSetting], [ErrIdleSetting] or [ErrFixedSetting].
func (h *Host) Set(path, value string) error {
	set := byPath[clean(path)]
	if set == nil {
		return unchangeable(path, value)
	}
	if err := set(h, strings.TrimSpace(value)); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for _, f := range h.files {
		if f.socket != nil {
			f.socket.regate()
		}
	}
	return nil
}

func clean(path string) string {
	return strings.ReplaceAll(strings.TrimPrefix(path, "/proc/sys/"), "/", ".")
}

func number(set func(h *Host, n int)) setting {
	return func(h *Host, value string) error {
		n, err := strconv.ParseInt(value, 0, 32)
		if err != nil {
			return fmt.Errorf("%q is not a number", value)
		}
		set(h, int(n))
		return nil
	}
}

// setNotSentLow sets what may be unsent before a socket says that it can be written to; the highest value means no limit.
func setNotSentLow(h *Host, value string) error {
	n, err := strconv.ParseUint(value, 10, 32)
	if err != nil {
		return fmt.Errorf("%q is not a number from 0 to %d", value, uint32(math.MaxUint32))
	}
	h.settings.notSent = int(min(n, noLow))
	return nil
}

// within is a number that the kernel takes within bounds only.
func within(least, most int, set func(h *Host, n int)) setting {
	return func(h *Host, value string) error {
		n, err := strconv.Atoi(value)
		if err != nil || n < least || n > most {
			return fmt.Errorf("%q is not a number from %d to %d", value, least, most)
		}
		set(h, n)
		return nil
	}
}

func setCongestion(h *Host, value string) error {
	if _, other := otherCongestion[value]; other {
		return fmt.Errorf("congestion control %s is %w", value, ErrFixedSetting)
	}
	control, ok := congestionNamed(value)
	if !ok {
		return fmt.Errorf("congestion control %q is not known, cubic and reno are", value)
	}
	h.settings.machine.Congestion = control
	return nil
}

func setECN(h *Host, value string) error {
	way, ok := ecn[value]
	if !ok && (value == "3" || value == "4" || value == "5") {
		return fmt.Errorf("AccECN is %w", ErrFixedSetting)
	}
	if !ok {
		return fmt.Errorf("%q is no way of ECN that is known, 0, 1 and 2 are", value)
	}
	h.settings.machine.ECN = way
	return nil
}

// setPathSearch takes 0 and 1: a search that begins with the connection, 2, is not ours.
func setPathSearch(h *Host, value string) error {
	if value == "2" {
		return fmt.Errorf("a search from the start is %w", ErrFixedSetting)
	}
	return within(0, 1, func(h *Host, n int) { h.settings.machine.NoPathSearch = n == 0 })(h, value)
}

func setKeys(h *Host, value string) error {
	keys, err := cookie.ParseKeys(value)
	if err != nil {
		return err
	}
	h.settings.keys = keys
	h.rekey()
	return nil
}

// setReceiveBuffer takes the least size, which makes no difference here, the first
// and the largest.
func setReceiveBuffer(h *Host, value string) error {
	var least, first, most int
	if _, err := fmt.Sscan(value, &least, &first, &most); err != nil || first <= 0 || most < first {
		return fmt.Errorf("%q is not three sizes", value)
	}
	h.settings.machine.RecvBuffer, h.settings.machine.MaxRecvBuffer = first, most
	return nil
}

// setSendBuffer takes the least size, which makes no difference here, the first and the
// largest.
func setSendBuffer(h *Host, value string) error {
	var least, first, most int
	if _, err := fmt.Sscan(value, &least, &first, &most); err != nil || first <= 0 || most <= 0 {
		return fmt.Errorf("%q is not three sizes", value)
	}
	h.settings.sendFirst, h.settings.sendMost = first, most
	h.settings.machine.SendBuffer, h.settings.machine.MaxSendBuffer = first+roomBeyond, max(first, most)+roomBeyond
	return nil
}

// rekey makes the keys of the settings those of the host.
func (h *Host) rekey() {
	h.global = cookie.NewKeyring(h.settings.scheme, h.settings.keys[0], h.settings.keys[1:]...)
}

// FlushCookies forgets what was learnt about servers, as "ip tcp_metrics flush".
func (h *Host) FlushCookies() {
	// A cache in memory has nothing to fail at.
	_ = h.cache.Clear()
	clear(h.refusals)
}

// synCookies is what a value of net.ipv4.tcp_syncookies stands for.
func synCookies(n int) endpoint.SynCookies {
	switch n {
	case 0:
		return endpoint.SynCookiesOff
	case 1:
		return endpoint.SynCookiesOnOverflow
	}
	return endpoint.SynCookiesAlways
}

// retries is a number of retransmissions of a setting: there 0 means none.
func retries(n int) int {
	if n <= 0 {
		return -1
	}
	return n
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

func bit(bits, b int, on bool) int {
	if on {
		return bits | b
	}
	return bits &^ b
}
