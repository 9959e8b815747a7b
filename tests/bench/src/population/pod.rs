//! Pods without an owner, with a sidecar.

use serde_json::{Value, json};

use super::{INTERNAL, digest, metadata};

/// One in twenty runs a tag of Docker Hub, and one of Quay; the rest runs images that were built in the cluster.
pub(super) fn object(number: usize, namespace: &str) -> Value {
    let name = format!("app-{number:05}");
    let image = match number % 20 {
        0 => format!("docker.io/acme/app-{}:1.0", number % 40),
        1 => format!("quay.io/acme/app-{}:1.0", number % 40),
        _ => format!("{INTERNAL}/{namespace}/app@{}", digest(number % 4000 + 1)),
    };
    let proxy = format!("{INTERNAL}/{namespace}/proxy@{}", digest(7));
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata(&name, namespace),
        "spec": {
            "serviceAccountName": "default",
            "imagePullSecrets": [{"name": "dockerhub"}],
            "containers": [container("app", &image), container("proxy", &proxy)],
            "volumes": [
                {"name": "config", "configMap": {"name": "config", "optional": true}},
                {"name": "work", "emptyDir": {"sizeLimit": "1Gi"}},
            ],
            "securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
        },
        // The API server drops this when a pod is created; a tree has it.
        "status": {
            "phase": "Running",
            "hostIP": "10.0.0.7",
            "containerStatuses": [status("app", &image, number), status("proxy", &proxy, 7)],
        },
    })
}

fn container(name: &str, image: &str) -> Value {
    let probe = |path: &str| {
        json!({
            "httpGet": {"path": path, "port": 8080, "scheme": "HTTP"},
            "initialDelaySeconds": 5,
            "periodSeconds": 10,
            "timeoutSeconds": 2,
        })
    };
    let variables: Vec<Value> = (0..6)
        .map(|n| {
            json!({"name": format!("{}_SETTING_{n}", name.to_uppercase()), "value": format!("http://service-{n}/api/v1")})
        })
        .collect();
    json!({
        "name": name,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "ports": [{"containerPort": 8080, "name": format!("http-{name}"), "protocol": "TCP"}],
        "env": variables,
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
        "livenessProbe": probe("/healthz"),
        "readinessProbe": probe("/readyz"),
        "volumeMounts": [
            {"name": "config", "mountPath": "/etc/app"},
            {"name": "work", "mountPath": "/var/lib/app"},
        ],
        "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
    })
}

fn status(name: &str, image: &str, number: usize) -> Value {
    let repository = image.split('@').next().unwrap_or(image);
    json!({
        "name": name,
        "image": image,
        "imageID": format!("{repository}@{}", digest(number + 1)),
        "containerID": format!("cri-o://{:064x}", number + 1),
        "ready": true,
        "restartCount": 0,
        "started": true,
        "state": {"running": {"startedAt": "2026-05-12T08:00:00Z"}},
    })
}
