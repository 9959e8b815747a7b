// promql parses the PromQL expressions of a JSON array on stdin with Prometheus's own parser, and prints the selectors of all of
// them: the name of the metric, and the labels that it is selected by.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

type selector struct {
	Expr   string   `json:"expr"`
	Name   string   `json:"name"`
	Labels []string `json:"labels"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	var exprs []string
	if err := json.NewDecoder(os.Stdin).Decode(&exprs); err != nil {
		return err
	}
	selectors := []selector{}
	for _, text := range exprs {
		expr, err := parser.NewParser(parser.Options{}).ParseExpr(text)
		if err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
		parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
			if vector, ok := node.(*parser.VectorSelector); ok {
				found := selector{Expr: text, Name: vector.Name, Labels: []string{}}
				for _, matcher := range vector.LabelMatchers {
					if matcher.Name != labels.MetricName {
						found.Labels = append(found.Labels, matcher.Name)
					}
				}
				selectors = append(selectors, found)
			}
			return nil
		})
	}
	return json.NewEncoder(os.Stdout).Encode(selectors)
}
