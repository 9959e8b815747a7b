// Command peer is what oc extreg is measured against: a mutating webhook with the same two rules, written as one is
// usually written with controller-runtime. It decodes into OpenShift's own types, changes the object, and lets the
// library find the patch.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/go-logr/logr"
	buildv1 "github.com/openshift/api/build/v1"
	imagev1 "github.com/openshift/api/image/v1"
	"k8s.io/apimachinery/pkg/runtime"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

func main() {
	port := flag.Int("port", 0, "port on 127.0.0.1")
	certificates := flag.String("cert-dir", "", "folder of tls.crt and tls.key")
	flag.Parse()
	if err := serve(*port, *certificates); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func serve(port int, certificates string) error {
	ctrl.SetLogger(logr.Discard())
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{buildv1.Install, imagev1.Install} {
		if err := add(scheme); err != nil {
			return err
		}
	}
	server := webhook.NewServer(webhook.Options{Host: "127.0.0.1", Port: port, CertDir: certificates})
	handler := &injector{decoder: admission.NewDecoder(scheme), secret: "dockerhub"}
	server.Register("/mutate", &webhook.Admission{Handler: handler})
	return server.Start(ctrl.SetupSignalHandler())
}
