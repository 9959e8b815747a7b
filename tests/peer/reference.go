package main

import "strings"

// reference is what of an image's name the rules look at.
type reference struct {
	registry, digest string
}

// onDockerHub reads an image's name and says whether it is on Docker Hub, under one of its three spellings or none.
func onDockerHub(name string) (reference, bool) {
	ref := parse(strings.TrimPrefix(name, "docker://"))
	switch ref.registry {
	case "", "docker.io", "index.docker.io", "registry-1.docker.io":
		return ref, true
	default:
		return ref, false
	}
}

func parse(name string) reference {
	var ref reference
	name, ref.digest, _ = strings.Cut(name, "@")
	first, _, found := strings.Cut(name, "/")
	if found && (strings.ContainsAny(first, ".:") || first == "localhost") {
		ref.registry = first
	}
	return ref
}
