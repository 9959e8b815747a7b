// dashboard checks a Grafana dashboard by Grafana's own schema; built once and cached by extreg-tests.
module extreg.io/tests/tools/dashboard

go 1.26.7

require github.com/grafana/grafana-foundation-sdk/go v0.0.22
