package pure

import (
	"fmt"
	"log/slog"
	"time"
)

type clock struct{ Now time.Time }

func (c clock) init() slog.Value { return slog.StringValue(fmt.Sprint(c.Now.Add(time.Second))) }
