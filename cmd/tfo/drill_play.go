package main

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"tfocraft/handshake/drill"
	"tfocraft/handshake/drill/script"
)

// A drillJob is how scripts are played.
type drillJob struct {
	config drill.Config
	defs   map[string]string
	host   *liveHost // to play against; nil for this program's TCP
}

func (d *drillFlags) playAll(cmd *cobra.Command, scripts []scriptFile, job *drillJob) error {
	ctx := cmd.Context()
	out, err := d.output(cmd.OutOrStdout(), len(scripts))
	if err != nil {
		return err
	}
	watch, err := d.watch(cmd)
	if err != nil {
		return err
	}
	for i := range scripts {
		r := job.play(ctx, &scripts[i], watch)
		if ctx.Err() != nil {
			return errors.Join(context.Cause(ctx), watch.close())
		}
		if err := out.show(r); err != nil {
			return errors.Join(err, watch.close())
		}
	}
	return errors.Join(watch.close(), out.end())
}

// play plays one script. One that cannot be read fails.
func (j *drillJob) play(ctx context.Context, f *scriptFile, watch *drillWatch) *drill.Result {
	config, defs := j.config, j.defs
	if j.host != nil {
		config.IPv6, defs = j.host.addr.Addr().Is6(), j.host.define(defs)
	}
	s, err := drill.Read(f.name, f.text, config, defs)
	if err != nil {
		r := &drill.Result{Script: f.name, Verdict: drill.Fail, Message: err.Error()}
		if e, ok := errors.AsType[*script.Error](err); ok {
			r.Pos, r.Message, r.Detail = e.Pos, e.Msg, strings.Split(strings.TrimRight(e.Caret(), "\n"), "\n")
		}
		return r
	}
	config.Trace = watch.begin(f.name)
	var r *drill.Result
	if j.host == nil {
		r = drill.Run(s, config)
	} else {
		r = j.host.play(ctx, s, config, watch)
	}
	watch.ended(r)
	return r
}
