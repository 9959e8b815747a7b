package main

import (
	"context"
	"encoding/json"
	"net/http"

	buildv1 "github.com/openshift/api/build/v1"
	imagev1 "github.com/openshift/api/image/v1"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

// injector gives what pushes to Docker Hub a push secret, and what is imported from there a schedule.
type injector struct {
	decoder admission.Decoder
	secret  string
}

// Handle decides about one review.
func (i *injector) Handle(_ context.Context, req admission.Request) admission.Response {
	switch req.Resource.Resource {
	case "buildconfigs":
		return i.buildConfig(req)
	case "builds":
		return i.build(req)
	case "imagestreams":
		return i.imageStream(req)
	default:
		return admission.Allowed("")
	}
}

func (i *injector) buildConfig(req admission.Request) admission.Response {
	bc, old := &buildv1.BuildConfig{}, &buildv1.BuildConfig{}
	if err := i.decode(req, bc, old); err != nil {
		return admission.Errored(http.StatusBadRequest, err)
	}
	if req.Operation == admissionv1.Update &&
		(req.UserInfo.Username == "system:apiserver" || sameTarget(bc.Spec.Output.To, old.Spec.Output.To)) {
		return admission.Allowed("")
	}
	if !i.pushSecret(&bc.Spec.Output) {
		return admission.Allowed("")
	}
	return patched(req, bc)
}

func (i *injector) build(req admission.Request) admission.Response {
	build := &buildv1.Build{}
	if err := i.decoder.Decode(req, build); err != nil {
		return admission.Errored(http.StatusBadRequest, err)
	}
	if req.Operation != admissionv1.Create || !i.pushSecret(&build.Spec.Output) {
		return admission.Allowed("")
	}
	return patched(req, build)
}

func (i *injector) imageStream(req admission.Request) admission.Response {
	stream, old := &imagev1.ImageStream{}, &imagev1.ImageStream{}
	if err := i.decode(req, stream, old); err != nil {
		return admission.Errored(http.StatusBadRequest, err)
	}
	before := map[string]*corev1.ObjectReference{}
	for _, tag := range old.Spec.Tags {
		before[tag.Name] = tag.From
	}
	changed := false
	for n := range stream.Spec.Tags {
		tag := &stream.Spec.Tags[n]
		if from, found := before[tag.Name]; found && sameTarget(tag.From, from) {
			continue
		}
		if tag.From == nil || tag.From.Kind != "DockerImage" || tag.Reference || tag.ImportPolicy.Scheduled ||
			tag.Annotations["extreg.io/scheduled"] == "false" {
			continue
		}
		if ref, ok := onDockerHub(tag.From.Name); ok && ref.digest == "" {
			tag.ImportPolicy.Scheduled = true
			changed = true
		}
	}
	if !changed {
		return admission.Allowed("")
	}
	return patched(req, stream)
}

func (i *injector) pushSecret(output *buildv1.BuildOutput) bool {
	if output.To == nil || output.To.Kind != "DockerImage" || output.PushSecret != nil {
		return false
	}
	if _, ok := onDockerHub(output.To.Name); !ok {
		return false
	}
	output.PushSecret = &corev1.LocalObjectReference{Name: i.secret}
	return true
}

// decode reads the object, and the one before it if there is one.
func (i *injector) decode(req admission.Request, object, old runtime.Object) error {
	if err := i.decoder.Decode(req, object); err != nil {
		return err
	}
	if len(req.OldObject.Raw) == 0 {
		return nil
	}
	return i.decoder.DecodeRaw(req.OldObject, old)
}

func patched(req admission.Request, object runtime.Object) admission.Response {
	marshaled, err := json.Marshal(object)
	if err != nil {
		return admission.Errored(http.StatusInternalServerError, err)
	}
	return admission.PatchResponseFromRaw(req.Object.Raw, marshaled)
}

func sameTarget(a, b *corev1.ObjectReference) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Kind == b.Kind && a.Namespace == b.Namespace && a.Name == b.Name
}
