package socket

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// What becomes of a sysctl that cannot be changed here. Set wraps one of these.
var (
	// ErrUnknownSetting is for one that is not TCP's: whether it matters to a script
	// is not known.
	ErrUnknownSetting = errors.New("unknown setting")
	// ErrIdleSetting is for one that no packet of a script depends on.
	ErrIdleSetting = errors.New("no difference")
	// ErrFixedSetting is for one of TCP's that has another value here, or none.
	ErrFixedSetting = errors.New("not supported")
)

// fixed are the settings that this host cannot change, with the value that it
// behaves by, or those that mean the same. Those of net.inet.tcp and kern.ipc are what FreeBSD's profile does.
var fixed = map[string]string{
	"net.ipv4.tcp_abort_on_overflow":              "0",
	"net.ipv4.tcp_app_win":                        "31",
	"net.ipv4.tcp_base_mss":                       "1024",
	"net.ipv4.tcp_comp_sack_nr":                   "0",
	"net.ipv4.tcp_ecn_fallback":                   "1",
	"net.ipv4.tcp_fastopen_blackhole_timeout_sec": "0",
	"net.ipv4.tcp_invalid_ratelimit":              "500",
	"net.ipv4.tcp_max_reordering":                 "300",
	"net.ipv4.tcp_mtu_probe_floor":                "48",
	"net.ipv4.tcp_orphan_retries":                 "0",
	"net.ipv4.tcp_pingpong_thresh":                "1",
	"net.ipv4.tcp_min_snd_mss":                    "48",
	"net.ipv4.tcp_moderate_rcvbuf":                "1",
	"net.ipv4.tcp_no_metrics_save":                "1",
	"net.ipv4.tcp_no_ssthresh_metrics_save":       "1",
	"net.ipv4.tcp_probe_interval":                 "600",
	"net.ipv4.tcp_reflect_tos":                    "0",
	"net.ipv4.tcp_rfc1337":                        "1",
	"net.ipv4.tcp_shrink_window":                  "0",
	"net.ipv4.tcp_stdurg":                         "0",
	"net.ipv4.tcp_workaround_signed_windows":      "0",

	"net.inet.tcp.blackhole":          "0",
	"net.inet.tcp.delayed_ack":        "1",
	"net.inet.tcp.functions_default":  "freebsd",
	"net.inet.tcp.initcwnd_segments":  "10",
	"net.inet.tcp.path_mtu_discovery": "1",
	"net.inet.tcp.recvspace":          "65536",
	"net.inet.tcp.sendspace":          "32768",
	"kern.ipc.maxsockbuf":             "2097152",
}

// Reasons why a setting is idle.
const (
	freeCard      = "the host's network card is never busy"
	sameOnWire    = "it is about how segments get to the network card, which cuts them"
	noBusyHost    = "the host has nothing else to do"
	nothingOld    = "it has no effect in Linux any more"
	oneProgram    = "the host has one program, which may do everything"
	notPaced      = "nothing is paced"
	withoutPLB    = "it is for DCTCP"
	withoutAccu   = "it is for AccECN"
	onePath       = "packets have one way in"
	perConnection = "challenge ACKs are limited for each connection on its own"
	lookUps       = "it is about how fast connections are found"
)

// idle are the settings that no packet of a script depends on, and why.
var idle = map[string]string{
	"net.ipv4.tcp_adv_win_scale":              nothingOld,
	"net.ipv4.tcp_allowed_congestion_control": oneProgram,
	"net.ipv4.tcp_autocorking":                freeCard,
	"net.ipv4.tcp_backlog_ack_defer":          noBusyHost,
	"net.ipv4.tcp_challenge_ack_limit":        perConnection,
	"net.ipv4.tcp_ehash_entries":              lookUps,
	"net.ipv4.tcp_max_orphans":                noBusyHost,
	"net.ipv4.tcp_max_tw_buckets":             noBusyHost,
	"net.ipv4.tcp_mem":                        noBusyHost,
	"net.ipv4.tcp_migrate_req":                oneProgram,
	"net.ipv4.tcp_retries1":                   "it is about when IP looks for another way",
	"net.ipv4.tcp_tw_reuse":                   "no port is used twice",
	"net.ipv4.tcp_child_ehash_entries":        lookUps,
	"net.ipv4.tcp_early_demux":                lookUps,
	"net.ipv4.tcp_ecn_option":                 withoutAccu,
	"net.ipv4.tcp_ecn_option_beacon":          withoutAccu,
	"net.ipv4.tcp_fack":                       nothingOld,
	"net.ipv4.tcp_fwmark_accept":              onePath,
	"net.ipv4.tcp_l3mdev_accept":              onePath,
	"net.ipv4.tcp_limit_output_bytes":         freeCard,
	"net.ipv4.tcp_low_latency":                nothingOld,
	"net.ipv4.tcp_pacing_ca_ratio":            notPaced,
	"net.ipv4.tcp_pacing_ss_ratio":            notPaced,
	"net.ipv4.tcp_plb_cong_thresh":            withoutPLB,
	"net.ipv4.tcp_plb_enabled":                withoutPLB,
	"net.ipv4.tcp_plb_idle_rehash_rounds":     withoutPLB,
	"net.ipv4.tcp_plb_rehash_rounds":          withoutPLB,
	"net.ipv4.tcp_plb_suspend_rto_sec":        withoutPLB,
	"net.inet.tcp.hostcache.purgenow":         "there is no cache of paths but for cookies",
	"net.ipv4.tcp_tso_rtt_log":                sameOnWire,
}

// unchangeable says what becomes of a setting that byPath lacks. A setting of TCP
// that is in no list is taken for one that matters: a script asks for what it needs.
func unchangeable(path, value string) error {
	name := clean(path)
	if has, ok := fixed[name]; ok {
		values := strings.Split(has, "|")
		if slices.Contains(values, strings.TrimSpace(value)) {
			return nil
		}
		return fmt.Errorf("the setting %s=%s is %w: it is %s here", name, value, ErrFixedSetting, values[0])
	}
	if why, ok := idle[name]; ok {
		return fmt.Errorf("the setting %s makes %w here: %s", name, ErrIdleSetting, why)
	}
	if strings.HasPrefix(name, "net.ipv4.tcp_") || strings.HasPrefix(name, "net.inet.tcp.") {
		return fmt.Errorf("the setting %s=%s is %w", name, value, ErrFixedSetting)
	}
	return fmt.Errorf("%s: %w", name, ErrUnknownSetting)
}
