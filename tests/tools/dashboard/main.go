// dashboard reads a Grafana dashboard from stdin by Grafana's own schema, strictly: a field that the schema does not have, and a
// value that it does not allow, is an error.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

func main() {
	if err := check(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func check() error {
	plugins.RegisterDefaultPlugins()
	raw, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	read := dashboard.Dashboard{}
	if err := read.UnmarshalJSONStrict(raw); isError(err) {
		return err
	}
	if err := read.Validate(); isError(err) {
		return err
	}
	return nil
}

// isError is false for the empty list of errors that the schema returns in place of nil.
func isError(err error) bool {
	var list cog.BuildErrors
	return err != nil && !(errors.As(err, &list) && len(list) == 0)
}
