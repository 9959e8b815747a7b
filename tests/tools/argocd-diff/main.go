// Whether Argo CD reports an application as out of sync: reads the application, an object as its repository has it, and
// the live object, and prints the differences that remain after the application's ignoreDifferences.
package main

import (
	"encoding/json"
	"log"
	"os"

	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/util/argo/diff"
	"github.com/argoproj/argo-cd/v3/util/argo/normalizers"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

type input struct {
	Application v1alpha1.Application `json:"application"`
	Pairs       []struct {
		Desired map[string]any `json:"desired"`
		Live    map[string]any `json:"live"`
	} `json:"pairs"`
}

// The result for one pair: both sides as Argo CD compares them.
type output struct {
	Modified  bool            `json:"modified"`
	Live      json.RawMessage `json:"live"`
	Predicted json.RawMessage `json:"predicted"`
}

func main() {
	log.SetFlags(0)
	var in input
	if err := json.NewDecoder(os.Stdin).Decode(&in); err != nil {
		log.Fatalf("read the input: %v", err)
	}
	config, err := diff.NewDiffConfigBuilder().
		WithDiffSettings(in.Application.Spec.IgnoreDifferences, nil, true, normalizers.IgnoreNormalizerOpts{}).
		WithTracking("", string(v1alpha1.TrackingMethodAnnotation)).
		WithNoCache().
		Build()
	if err != nil {
		log.Fatal(err)
	}
	var results []output
	for _, pair := range in.Pairs {
		live := &unstructured.Unstructured{Object: pair.Live}
		desired := &unstructured.Unstructured{Object: pair.Desired}
		result, err := diff.StateDiff(live, desired, config)
		if err != nil {
			log.Fatalf("compare %s %s: %v", desired.GetKind(), desired.GetName(), err)
		}
		results = append(results, output{result.Modified, result.NormalizedLive, result.PredictedLive})
	}
	if err := json.NewEncoder(os.Stdout).Encode(results); err != nil {
		log.Fatal(err)
	}
}
