package dissect_test

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tfocraft/wire"
	"tfocraft/wire/dissect"
)

// A pdmlField is a field as tshark prints it.
type pdmlField struct {
	Name   string      `xml:"name,attr"`
	Pos    int         `xml:"pos,attr"`
	Size   int         `xml:"size,attr"`
	Show   string      `xml:"show,attr"`
	Hide   string      `xml:"hide,attr"`
	Fields []pdmlField `xml:"field"`
	Protos []pdmlField `xml:"proto"`
}

func tshark(t testing.TB) string {
	t.Helper()
	path, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("there is no tshark")
	}
	return path
}

// pdml has tshark take frames of one link type apart.
func pdml(t *testing.T, link wire.LinkType, frames []linkFrame) []pdmlField {
	t.Helper()
	file := filepath.Join(t.TempDir(), "frames.pcap")
	capture := binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4)
	capture = append(capture, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	capture = binary.LittleEndian.AppendUint32(capture, 1<<18)
	capture = binary.LittleEndian.AppendUint32(capture, uint32(link))
	for i, f := range frames {
		for _, v := range []int{i, 0, len(f.data), len(f.data)} {
			capture = binary.LittleEndian.AppendUint32(capture, uint32(v))
		}
		capture = append(capture, f.data...)
	}
	if err := os.WriteFile(file, capture, 0o600); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd := exec.Command(tshark(t), "-r", file, "-n", "-T", "pdml", "-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE",
		"-o", "tcp.desegment_tcp_streams:FALSE", "-o", "tcp.relative_sequence_numbers:FALSE",
		"-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "--disable-protocol", "http", "--disable-protocol", "dns")
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tshark: %v\n%s", err, stderr.Bytes())
	}
	var all struct {
		Packets []pdmlField `xml:"packet"`
	}
	if err := xml.Unmarshal(out, &all); err != nil {
		t.Fatal(err)
	}
	if len(all.Packets) != len(frames) {
		t.Fatalf("tshark has %d frames of %d", len(all.Packets), len(frames))
	}
	return all.Packets
}

// walk calls f for every field of a tree, with the name of its protocol.
func (p *pdmlField) walk(f func(field *pdmlField)) {
	for i := range p.Protos {
		p.Protos[i].walk(f)
	}
	for i := range p.Fields {
		f(&p.Fields[i])
		p.Fields[i].walk(f)
	}
}

// scaled are the fields that tshark shows in bytes and the header in units.
var scaled = map[string]int{"ip.hdr_len": 4, "tcp.hdr_len": 4, "ip.frag_offset": 8, "ipv6.fraghdr.offset": 8}

// decoded are codes that tshark shows as the number they stand for, which is in the meaning here.
var decoded = []string{"icmpv6.mld.maximum_response_code", "icmpv6.mld.qqi"}

// same reports whether a value and what tshark shows are the same.
func same(f *dissect.Field, show string) bool {
	value := f.Value
	if value == show || strings.ReplaceAll(show, ":", "") == value {
		return true
	}
	if a, err := netip.ParseAddr(value); err == nil {
		b, err := netip.ParseAddr(show)
		return err == nil && a == b
	}
	if cut, ok := strings.CutSuffix(value, "…"); ok {
		return strings.HasPrefix(strings.ReplaceAll(show, ":", ""), cut)
	}
	if slices.Contains(decoded, f.Filter) {
		return strings.Contains(f.Meaning.En, " "+show+" ")
	}
	if f.Filter == "tcp.flags.res" { // which tshark takes for one flag
		return (value != "0") == (show != "0")
	}
	a, errA := strconv.ParseUint(value, 0, 64)
	b, errB := strconv.ParseUint(show, 0, 64)
	return errA == nil && errB == nil && (a == b || int(a)*scaled[f.Filter] == int(b))
}

// TestTshark compares frames field by field with what tshark makes of them: everything that has a Wireshark name here has the same
// bytes and value there, and nothing that tshark finds in these protocols is missing here.
func TestTshark(t *testing.T) {
	tshark(t)
	byLink := make(map[wire.LinkType][]linkFrame)
	for _, frame := range corpus(t) {
		byLink[frame.link] = append(byLink[frame.link], frame)
	}
	compared := 0
	for link, frames := range byLink {
		t.Run(fmt.Sprint("link ", link), func(t *testing.T) {
			for i, packet := range pdml(t, link, frames) {
				compared += compare(t, &frames[i], &packet)
			}
		})
	}
	t.Logf("%d fields compared", compared)
	if compared < 1000 {
		t.Errorf("only %d fields were compared", compared)
	}
}

// elsewhere are frames in which tshark goes another way, and why.
var elsewhere = map[string]string{
	"bad option":      "tshark shows nothing of an IPv4 option of impossible length",
	"HIP":             "for tshark nothing can follow this header",
	"parameter, IPv6": "of a quote in ICMPv6 that has less than a TCP header tshark shows the ports only",
	"router alert":    "tshark knows IGMP",
	"GRE":             "tshark knows GRE",
}

func compare(t *testing.T, frame *linkFrame, packet *pdmlField) (compared int) {
	t.Helper()
	f := dissect.Dissect(frame.data, frame.link)
	theirs := make(map[string][]*pdmlField)
	packet.walk(func(p *pdmlField) { theirs[p.Name] = append(theirs[p.Name], p) })
	ours := make(map[string]bool)
	badOption := false // from here on tshark has given up, and so have receivers
	for i := range f.Fields {
		field := &f.Fields[i]
		badOption = badOption || field.Bad && strings.HasPrefix(field.ID, "tcp.options.")
		if field.Filter == "" {
			continue
		}
		ours[field.Filter] = true
		if slices.ContainsFunc(theirs[field.Filter], func(p *pdmlField) bool {
			return p.Pos*8 <= field.Offset && field.Offset+field.Width <= (p.Pos+p.Size)*8 && same(field, p.Show)
		}) {
			compared++
			judgedAlike(t, frame, field, theirs)
			continue
		}
		if elsewhere[frame.name] != "" || strings.HasPrefix(field.ID, "tcp.options.") && (badOption || inBadOption(&f, i)) {
			continue
		}
		var shown []string
		for _, p := range theirs[field.Filter] {
			shown = append(shown, fmt.Sprintf("%s at %d+%d", p.Show, p.Pos, p.Size))
		}
		t.Errorf("%s: %s (%s) is %s at %d+%d, for tshark it is %q", frame.name, field.ID, field.Filter, field.Value, field.Offset/8, (field.Width+7)/8, shown)
	}
	packet.walk(func(p *pdmlField) {
		if len(p.Fields) == 0 && p.Size > 0 && p.Hide != "yes" && !ours[p.Name] && elsewhere[frame.name] == "" && !slices.Contains(derived, p.Name) {
			t.Errorf("%s: tshark has %s = %s at %d+%d, which is missing here", frame.name, p.Name, p.Show, p.Pos, p.Size)
		}
	})
	return compared
}

// judgedAlike has tshark find the same checksums right and wrong.
func judgedAlike(t *testing.T, frame *linkFrame, f *dissect.Field, theirs map[string][]*pdmlField) {
	t.Helper()
	for _, s := range theirs[f.Filter+".status"] {
		wrong := s.Show == "0"
		if s.Pos == f.Offset/8 && s.Show != "2" && wrong != f.Bad { // 2: not verified
			t.Errorf("%s: %s is %s, bad %t; the status of tshark is %s", frame.name, f.ID, f.Value, f.Bad, s.Show)
		}
	}
	for _, right := range theirs[f.Filter+"_calculated"] {
		if f.Bad && right.Pos == f.Offset/8 && !strings.Contains(f.Meaning.En, right.Show+" would be right") {
			t.Errorf("%s: %s: %q, for tshark %s would be right", frame.name, f.ID, f.Meaning.En, right.Show)
		}
	}
}

// inBadOption reports whether something is wrong with the option that a field is of.
func inBadOption(f *dissect.Frame, field int) bool {
	for _, g := range f.Groups {
		if g.Depth == 2 && g.First <= field && field < g.End {
			return slices.ContainsFunc(f.Fields[g.First:g.End], func(f dissect.Field) bool { return f.Bad })
		}
	}
	return false
}

// derived are fields of tshark that say the same as another one, or parts of what is one field here.
var derived = []string{
	"num", "len", "caplen", "timestamp", "",
	"eth.addr", "eth.src.lg", "eth.src.ig", "eth.dst.lg", "eth.dst.ig",
	"llc.dsap.sap", "llc.dsap.ig", "llc.ssap.sap", "llc.ssap.cr", "llc.control.u_modifier_cmd", "llc.control.ftype",
	"ipv6.dstopts.len_oct", "ipv6.hopopts.len_oct", "ipv6.routing.len_oct", "ipv6.opt.type", "ipv6.opt.pad1", "ipv6.opt.experimental", "ipv6.opt.ilnp_nonce",
	"icmp.ident_le", "icmp.seq_le", "icmp.length.original_datagram", "icmp.mpls.label", "icmp.mpls.exp", "icmp.mpls.s", "icmp.mpls.ttl",
	"icmpv6.opt.reserved", "icmpv6.opt.padding", "icmpv6.opt.dnssl", "icmpv6.reserved", "udp.checksum.status",
	"tcp.seq", "tcp.seq_raw", "tcp.ack", "tcp.flags.str", "tcp.flags.ace", "tcp.window_size", "tcp.window_size_scalefactor", "tcp.options.wscale.multiplier",
	"tcp.options.tfo.request", "tcp.options.scps.binding", "tcp.options.scpsflags.bets", "tcp.options.scpsflags.snack1",
	"tcp.options.scpsflags.snack2", "tcp.options.scpsflags.compress", "tcp.options.scpsflags.nlts", "tcp.options.scpsflags.reserved",
	"ip.checksum_calculated", "tcp.checksum_calculated", "udp.checksum_calculated",
	"tcp.options.mptcp.reserved.flag", "data.data", "data.text",
}

// TestFilters has every name of a field known to tshark.
func TestFilters(t *testing.T) {
	out, err := exec.Command(tshark(t), "-G", "fields").Output()
	if err != nil {
		t.Fatal(err)
	}
	known := make(map[string]bool)
	for line := range strings.Lines(string(out)) {
		if columns := strings.Split(line, "\t"); columns[0] == "F" && len(columns) > 2 {
			known[columns[2]] = true
		}
	}
	for _, frame := range corpus(t) {
		f := dissect.Dissect(frame.data, frame.link)
		for _, field := range f.Fields {
			if field.Filter != "" && !known[field.Filter] {
				t.Errorf("%s: %s is %q for tshark, which does not know that", frame.name, field.ID, field.Filter)
			}
		}
	}
}
