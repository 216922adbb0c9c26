package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// one wants exactly one argument, by its name in the help.
func one(name string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return usagef("%s is missing", name)
		case len(args) > 1:
			return usagef("one %s is wanted, and there are %d: %s", name, len(args), strings.Join(args, " "))
		}
		return nil
	}
}

// some wants at least one argument.
func some(name string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usagef("%s is missing", name)
		}
		return nil
	}
}

// optional wants one argument or none.
func optional(name string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		return one(name)(cmd, args)
	}
}

// none wants no arguments.
func none(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("unexpected argument %q", args[0])
	}
	return nil
}

// groupOf makes a command that only has others below it: alone it prints its help.
func groupOf(cmd *cobra.Command, below ...*cobra.Command) *cobra.Command {
	cmd.AddCommand(below...)
	cmd.SuggestionsMinimumDistance = 2
	cmd.Args = unknownCommand
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	return cmd
}

// unknownCommand is what a group thinks of arguments that name no command.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := usagef("unknown command %q", cmd.CommandPath()+" "+args[0])
	if like := cmd.SuggestionsFor(args[0]); len(like) > 0 {
		return withHint(err, "did you mean %q?", cmd.CommandPath()+" "+like[0])
	}
	return err
}

// flagError is an error in the flags. Behind a command that there is none of,
// every flag is unknown: then the command is what is wrong.
func flagError(cmd *cobra.Command, err error) error {
	if args := cmd.Flags().Args(); cmd.HasSubCommands() && len(args) > 0 {
		return unknownCommand(cmd, args)
	}
	return err
}

// exclusive are flags of which only one may be given.
func exclusive(cmd *cobra.Command, names ...string) {
	cmd.MarkFlagsMutuallyExclusive(names...) // for completion; its error says less
	before := cmd.PreRunE
	cmd.PreRunE = func(cmd *cobra.Command, args []string) error {
		first := ""
		for _, name := range names {
			switch {
			case !cmd.Flags().Changed(name):
			case first != "":
				return usagef("--%s and --%s exclude each other", first, name)
			default:
				first = name
			}
		}
		if before == nil {
			return nil
		}
		return before(cmd, args)
	}
}

// choices completes the values of a flag.
func choices(cmd *cobra.Command, flag string, values ...string) {
	if err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // there is no such flag
	}
}
