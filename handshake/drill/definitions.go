package drill

import (
	"maps"

	"tfocraft/handshake/drill/script"
)

// Read reads a script for [Run] with a configuration. Name is that of its file, for
// errors, which are of type [*script.Error]. Beside the definitions in defs it knows
// those of packetdrill's own test suite for Linux, for the addresses here: a script
// that names its IP version itself gets those of that one.
func Read(name string, text []byte, c Config, defs map[string]string) (*script.Script, error) {
	s, err := script.Parse(name, text, definitions(c.IPv6, defs))
	if err != nil {
		return nil, err
	}
	if ipv6 := wantsIPv6(s, c.IPv6); ipv6 != c.IPv6 {
		return script.Parse(name, text, definitions(ipv6, defs))
	}
	return s, nil
}

// wantsIPv6 reports which family a script is for that may say so itself.
func wantsIPv6(s *script.Script, otherwise bool) bool {
	for i := range s.Options {
		if s.Options[i].Name == "ip_version" {
			return s.Options[i].Value == "ipv6"
		}
	}
	return otherwise
}

// definitions are the names of the suite, and those in defs.
func definitions(ipv6 bool, defs map[string]string) map[string]string {
	all := map[string]string{
		"TFO_COOKIE": "3021b9d889017eeb", "TFO_COOKIE_ZERO": "b7c12350a90dc8f5",
		"CMSG_LEVEL_IP": "SOL_IP", "CMSG_TYPE_RECVERR": "IP_RECVERR",
	}
	if ipv6 {
		all["TFO_COOKIE"], all["TFO_COOKIE_ZERO"] = "c1d1e9742a47a9bc", "82af1a8f9a205c34"
		all["CMSG_LEVEL_IP"], all["CMSG_TYPE_RECVERR"] = "SOL_IPV6", "IPV6_RECVERR"
	}
	maps.Copy(all, defs)
	return all
}
