//! What else is needed to judge flows. It is fetched once, before they are judged.

use std::collections::{BTreeMap, BTreeSet};

use extreg_snapshot::{Snapshot, place::ObjectId};

use crate::{
    fetched::InRegistry,
    flow::{Flow, From, Place},
    image::Image,
    links::is_refused,
    name::Name,
    world::{Output, World},
};

/// Limit of namespaces whose credentials are read for imports, and for refused requests.
const MOST: usize = 50;

/// What is to be fetched before flows are judged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Images to query registries for, each with the namespace whose imports would query it.
    pub images: BTreeMap<Image, String>,
    /// Namespaces whose accounts and docker secrets are read: those with a refused request, those that
    /// push, and those whose imports query the images.
    pub credentials: BTreeSet<String>,
    /// Push secrets, by namespace and name, that are read by name if they are not among the docker
    /// secrets: a push reads secrets of every type.
    pub secrets: BTreeSet<(String, String)>,
}

impl Plan {
    /// The plan for flows of a snapshot. `answers` are earlier answers of registries; none if no registry
    /// is queried.
    pub fn of(
        world: &World<'_>,
        flows: &[Flow<'_>],
        answers: Option<&BTreeMap<Image, InRegistry>>,
    ) -> Self {
        let mut plan = Self::default();
        let mut refused = BTreeSet::new();
        for flow in flows {
            let image = flow.image();
            let answer = image.as_ref().and_then(|image| answers?.get(image));
            if is_refused(world, flow, answer) {
                let followers = flow.followers.iter();
                refused.extend(followers.map(|follower| follower.workload.namespace()));
                refused.extend([flow.namespace(), flow.importer()]);
            }
            if let Some(image) = image
                && answers.is_some_and(|known| !known.contains_key(&image))
            {
                plan.images.insert(image, flow.importer().to_owned());
            }
        }
        let imports: BTreeSet<&str> = plan.images.values().map(String::as_str).collect();
        let some = imports
            .into_iter()
            .take(MOST)
            .chain(refused.into_iter().take(MOST));
        plan.credentials = some.map(str::to_owned).collect();
        plan.add_pushes(world);
        plan
    }

    /// For one namespace, a push that will fail is reported before it does.
    fn add_pushes(&mut self, world: &World<'_>) {
        let Some(own) = &world.snapshot.coverage.scope.namespaces else {
            return;
        };
        let configs = world.configs.iter().filter(|config| {
            own.contains(config.namespace()) && matches!(config.output(), Output::Image(_))
        });
        for config in configs {
            let (namespace, secret) = (config.namespace(), config.push_secret());
            self.credentials.insert(namespace.to_owned());
            if !secret.is_empty() {
                let secret = (namespace.to_owned(), secret.to_owned());
                self.secrets.insert(secret);
            }
        }
    }
}

/// ImageStreams outside the scope that objects in the scope follow or write. They are read by name
/// before flows are computed.
pub fn streams_elsewhere(snapshot: &Snapshot) -> BTreeSet<ObjectId> {
    let world = World::of(snapshot);
    let mut all = BTreeSet::new();
    let mut add = |namespace: &str, stream: &str| {
        if !snapshot.coverage.scope.holds(namespace) {
            let name = Name {
                namespace,
                stream,
                tag: "",
            };
            all.insert(name.of_stream());
        }
    };
    for workload in &world.workloads {
        for trigger in &workload.triggers {
            add(&trigger.namespace, trigger.stream());
        }
    }
    for config in &world.configs {
        if let Output::Tag(name) = config.output() {
            add(name.namespace, name.stream);
        }
    }
    for stream in &snapshot.streams {
        for tag in &stream.tags {
            if let From::Tag(name) = Place::in_stream(stream, tag).from() {
                add(name.namespace, name.stream);
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use extreg_snapshot::kind::Kind;
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        Wanted, flows,
        testing::{Cluster, IMAGE, Objects},
    };

    fn plan(cluster: &Cluster, answers: Option<&BTreeMap<Image, InRegistry>>) -> Plan {
        let world = World::of(&cluster.snapshot);
        Plan::of(&world, &flows(&world, &Wanted::default()), answers)
    }

    fn of_all(objects: &Objects) -> Cluster {
        let mut cluster = objects.world();
        cluster.snapshot.coverage.scope.namespaces = None;
        cluster
    }

    fn snow() -> BTreeSet<String> {
        ["snow".to_owned()].into()
    }

    #[test]
    fn credentials_of_all_namespaces_are_read_only_after_a_refusal() {
        let objects = Objects::through();
        assert_eq!(plan(&of_all(&objects), None), Plan::default());
        let mut refused = [(); 5].map(|()| objects.clone());
        let [build, waits, import, pod, limited] = &mut refused;
        build.build["status"] = json!({"phase": "Failed", "reason": "PushImageToRegistryFailed"});
        waits.build["status"] = json!({"phase": "Pending", "reason": "MissingPushSecret"});
        import.fail_import("Unauthorized", "no");
        limited.fail_import("InternalError", "toomanyrequests: no");
        pod.stop_pod("ImagePullBackOff", "no");
        for objects in refused {
            let plan = plan(&of_all(&objects), None);
            assert_eq!(plan.credentials, snow(), "{objects:?}");
            assert!(plan.secrets.is_empty() && plan.images.is_empty());
        }
        let mut other = objects.clone();
        other.fail_import("NotFound", "no");
        other.stop_pod("CrashLoopBackOff", "no");
        assert_eq!(plan(&of_all(&other), None), Plan::default());
    }

    #[test]
    fn push_secrets_of_one_namespace_are_read() {
        let mut objects = Objects::through();
        let actual = plan(&objects.world(), None);
        assert_eq!(actual.credentials, snow());
        let secret = ("snow".to_owned(), "dockerhub".to_owned());
        assert_eq!(actual.secrets, [secret].into());
        objects.config["spec"]["output"]["pushSecret"] = Value::Null;
        let actual = plan(&objects.world(), None);
        assert_eq!((actual.credentials, actual.secrets.len()), (snow(), 0));
        objects.config = Value::Null;
        assert_eq!(plan(&objects.world(), None), Plan::default());
    }

    #[test]
    fn an_image_is_queried_once_with_the_credentials_of_its_imports() {
        let cluster = of_all(&Objects::through());
        let image = Image::of(IMAGE, extreg_core::registry::RefRole::Import).unwrap();
        let mut answers = BTreeMap::new();
        let actual = plan(&cluster, Some(&answers));
        assert_eq!(actual.images, [(image.clone(), "snow".to_owned())].into());
        assert_eq!(actual.credentials, snow());
        answers.insert(image.clone(), InRegistry::NotFound);
        assert_eq!(plan(&cluster, Some(&answers)), Plan::default());
        answers.insert(image, InRegistry::Refused("no".to_owned()));
        let actual = plan(&cluster, Some(&answers));
        assert_eq!((actual.credentials, actual.images.len()), (snow(), 0));
    }

    #[test]
    fn streams_of_other_namespaces_are_read_if_they_are_followed_or_written() {
        let mut objects = Objects::through();
        let elsewhere = |objects: &Objects| {
            let all = streams_elsewhere(&objects.world().snapshot);
            all.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert!(elsewhere(&objects).is_empty());
        *objects.tag() = json!({"name": "latest",
            "from": {"kind": "ImageStreamTag", "namespace": "a", "name": "base:1"}});
        objects.config["spec"]["output"]["to"] =
            json!({"kind": "ImageStreamTag", "namespace": "b", "name": "out:1"});
        let text = crate::testing::trigger("app", "")
            .replace("app:latest\"", "run:1\",\"namespace\":\"c\"");
        objects.workload["metadata"]["annotations"]["image.openshift.io/triggers"] = json!(text);
        assert_eq!(
            elsewhere(&objects),
            [
                "imagestream.image.openshift.io/base in a",
                "imagestream.image.openshift.io/out in b",
                "imagestream.image.openshift.io/run in c"
            ]
        );
    }

    #[test]
    fn the_number_of_namespaces_is_limited() {
        let mut all = Vec::new();
        for number in 0..2 * MOST {
            let text = Objects::through().build.to_string();
            let text = text.replace("\"snow\"", &format!("\"snow-{number}\""));
            let mut build: Value = serde_json::from_str(&text).unwrap();
            build["status"] = json!({"phase": "Pending", "reason": "MissingPushSecret"});
            let config = Objects::through().config.to_string();
            let config = config.replace("\"snow\"", &format!("\"snow-{number}\""));
            all.push((Kind::Build, build));
            all.push((Kind::BuildConfig, serde_json::from_str(&config).unwrap()));
        }
        let mut cluster = Cluster::of(&all);
        cluster.snapshot.coverage.scope.namespaces = None;
        assert_eq!(plan(&cluster, None).credentials.len(), MOST);
    }
}
