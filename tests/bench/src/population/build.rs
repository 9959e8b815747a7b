//! BuildConfigs that push to Docker Hub or to the cluster's own registry.

use serde_json::{Value, json};

use super::metadata;

/// Every fourth pushes to Docker Hub, and every fortieth has no push secret for it.
pub(super) fn object(number: usize, namespace: &str) -> Value {
    let name = format!("build-{number:05}");
    let output = match number % 40 {
        0 => json!({"to": {"kind": "DockerImage", "name": format!("docker.io/acme/{name}:1.0")}}),
        n if n % 4 == 0 => json!({
            "to": {"kind": "DockerImage", "name": format!("docker.io/acme/{name}:1.0")},
            "pushSecret": {"name": "dockerhub"},
        }),
        _ => json!({"to": {"kind": "ImageStreamTag", "name": format!("{name}:1.0")}}),
    };
    json!({
        "apiVersion": "build.openshift.io/v1",
        "kind": "BuildConfig",
        "metadata": metadata(&name, namespace),
        "spec": {
            "failedBuildsHistoryLimit": 5,
            "successfulBuildsHistoryLimit": 5,
            "nodeSelector": null,
            "output": output,
            "resources": {"limits": {"cpu": "2", "memory": "2Gi"}},
            "runPolicy": "Serial",
            "serviceAccount": "builder",
            "source": {
                "type": "Git",
                "contextDir": "services/app",
                "git": {"uri": format!("https://git.example.com/{namespace}/{name}.git"), "ref": "main"},
                "sourceSecret": {"name": "git"},
            },
            "strategy": {
                "type": "Source",
                "sourceStrategy": {
                    "env": [{"name": "MAVEN_MIRROR_URL", "value": "https://nexus.example.com/maven"}],
                    "from": {"kind": "ImageStreamTag", "name": "builder:1.0"},
                },
            },
            "triggers": [
                {"type": "ConfigChange"},
                {"type": "ImageChange", "imageChange": {}},
                {"type": "Generic", "generic": {"secretReference": {"name": "hook"}}},
            ],
        },
        "status": {"lastVersion": 3},
    })
}
