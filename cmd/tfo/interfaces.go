package main

import (
	"errors"
	"net"
	"net/netip"

	"tfocraft/wire/link"
)

// interfaces says where to listen.
func (l *listenFlags) interfaces(addr netip.Addr) ([]string, error) {
	r, err := link.NewResolver()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if l.ifname != "" {
		ifi, err := r.Interface(l.ifname)
		if err != nil {
			return nil, err
		}
		return []string{ifi.Name}, nil
	}
	if !addr.IsValid() || addr.IsUnspecified() {
		return upInterfaces()
	}
	ifi, err := r.ForAddr(addr)
	if err != nil {
		return nil, err
	}
	names := []string{ifi.Name}
	if ifi.Flags&net.FlagLoopback == 0 {
		// What this host sends to its own address goes over loopback.
		loopback, err := loopbackName()
		if err == nil && loopback != "" {
			names = append(names, loopback)
		}
	}
	return names, nil
}

func upInterfaces() ([]string, error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, ifi := range all {
		if addrs, err := ifi.Addrs(); err == nil && len(addrs) > 0 && ifi.Flags&net.FlagUp != 0 {
			names = append(names, ifi.Name)
		}
	}
	if len(names) == 0 {
		return nil, errors.New("no interface is up and has an address")
	}
	return names, nil
}

func loopbackName() (string, error) {
	all, err := net.Interfaces()
	for _, ifi := range all {
		if ifi.Flags&net.FlagLoopback != 0 && ifi.Flags&net.FlagUp != 0 {
			return ifi.Name, nil
		}
	}
	return "", err
}
