package follow

import (
	"fmt"
	"strconv"
	"time"
)

// Table compares connections side by side, for people: a row for each
// property, its name in the first column, and a column for each connection.
// The first row is the heading. What has not happened is a dash.
func Table(conns []Connection) [][]string {
	rows := [][]string{
		column("", conns, func(c *Connection) string { return fmt.Sprintf("connection %d", c.Number) }),
		column("Fast Open", conns, outcomeCell),
		column("because", conns, func(c *Connection) string { return string(c.Why) }),
		column("option in the SYN", conns, optionCell),
		column("bytes of data in the SYN", conns, func(c *Connection) string { return strconv.Itoa(c.SynData) }),
		column("of these taken by the server", conns, func(c *Connection) string { return strconv.Itoa(c.SynAcked) }),
		column("round trips until the server has the request", conns, func(c *Connection) string {
			return roundTrips(c.RequestTrips)
		}),
		column("round trips until the client has the response", conns, func(c *Connection) string {
			return roundTrips(c.ResponseTrips)
		}),
		column("segments until the client has the response", conns, func(c *Connection) string {
			return count(c.ResponseSegments)
		}),
		column("time until the client has the response", conns, func(c *Connection) string {
			return elapsed(c.Syn, c.ClientHasResponse)
		}),
	}
	return append(rows, column("end", conns, endCell))
}

func column(name string, conns []Connection, cell func(*Connection) string) []string {
	row := []string{name}
	for i := range conns {
		row = append(row, cell(&conns[i]))
	}
	return row
}

func outcomeCell(c *Connection) string {
	if c.FastOpen == Unknown {
		return "unknown"
	}
	return string(c.FastOpen)
}

func optionCell(c *Connection) string {
	if c.SynExperimental {
		return string(c.SynOption) + " (experimental)"
	}
	return string(c.SynOption)
}

func endCell(c *Connection) string {
	switch {
	case c.Reset:
		return "reset"
	case c.ClosedInOrder:
		return "closed in order"
	}
	return "-"
}

func count(n int) string {
	if n == 0 {
		return "-"
	}
	return strconv.Itoa(n)
}

func roundTrips(trips int) string {
	if trips == 0 {
		return "-"
	}
	return strconv.FormatFloat(float64(trips)/2, 'f', 1, 64)
}

func elapsed(from, to time.Time) string {
	if from.IsZero() || to.IsZero() {
		return "-"
	}
	return fmt.Sprintf("%.1f ms", float64(to.Sub(from).Microseconds())/1000)
}
