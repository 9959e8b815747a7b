// Package controlplane pins the Go modules of the control plane that the tests run on. Nothing here is compiled into
// the product: go.mod names the commands to build, and this import keeps OpenShift's types, whose CRDs and OpenAPI
// document the harness reads from the module's folder, among its requirements.
package controlplane

import _ "github.com/openshift/api/build/v1"
