package impure

import (
	"fmt"
	"log/slog"
	"os"
	. "strings"
	"time"
)

func init() { fmt.Println(time.Now()) }

func run() {
	go os.Exit(len(Fields("")))
	slog.Info(fmt.Sprint(slog.StringValue(time.Second.String())))
}
