//! `setup --schedule`: whether the import budget allows one more scheduled tag.

use serde_json::{Value, json};

use super::{
    audit::{Run, run_in},
    common::has_facts,
    ratelimit::{SECRETS, STREAMS, cluster, hub, rules, stream},
};
use extreg_fakes::{
    Api,
    registry::{LIST, Registry},
};

const HUB: &str = "/api/v1/namespaces/snow/secrets/hub";
const APP: &str = "/apis/image.openshift.io/v1/namespaces/snow/imagestreams/app";

/// The result of a client-side dry run.
fn setup(api: &Api, registry: &Registry, args: &[&str]) -> Run {
    let endpoint = registry.endpoint("docker.io");
    let fixed = [
        "setup",
        "app",
        "-n",
        "snow",
        "--no-project",
        "--workload",
        "none",
    ];
    let image = [
        "--image",
        "docker.io/acme/app:v1",
        "--dry-run=client",
        "-o",
        "json",
    ];
    let server = ["--server", &api.url, &endpoint];
    let all = [&fixed[..], &image, &server, args].concat();
    let run = run_in(std::path::Path::new("/"), &all, "");
    assert!(
        !run.out.contains("canary") && !run.err.contains("canary"),
        "{}",
        run.err
    );
    assert!(api.seen().iter().all(|seen| seen.line.starts_with("GET ")));
    run
}

/// The tag of the resulting stream.
fn tag(run: &Run) -> Value {
    assert_eq!(run.code, 0, "{}", run.err);
    let list = run.json();
    let mut items = list["items"].as_array().unwrap().iter();
    let stream = items.find(|item| item["kind"] == "ImageStream").unwrap();
    stream["spec"]["tags"][0].clone()
}

fn is_scheduled(run: &Run) -> bool {
    let tag = tag(run);
    let is = tag.pointer("/importPolicy/scheduled") == Some(&json!(true));
    let opts_out = tag.pointer("/annotations/extreg.io~1scheduled") == Some(&json!("false"));
    assert_ne!(is, opts_out, "{tag}");
    is
}

/// Existing imports: tags of one image each, as acme and anonymous.
fn taken(acme: usize, anonymous: usize) -> Vec<(&'static str, Value)> {
    vec![
        (
            STREAMS,
            json!([
                stream("snow", "feed", "docker.io/acme/app:v1", acme),
                stream("other", "feed", "docker.io/acme/app:v1", anonymous),
            ]),
        ),
        (SECRETS, json!([hub("snow")])),
        (HUB, hub("snow")),
    ]
}

/// An importer that follows builds in namespaces with these labels, and the objects that a build needs.
fn followed(selector: &str) -> Vec<(&'static str, Value)> {
    let args = [format!("--namespace-selector={selector}")];
    let pod = json!({"spec": {"containers": [{"args": args}]}});
    let service = json!({"service": {"namespace": "extreg-system", "name": "extreg-webhook"}});
    vec![
        (
            "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/extreg-webhook",
            json!({"metadata": {"name": "extreg-webhook"}, "webhooks": [{"clientConfig": service}]}),
        ),
        (
            "/apis/apps/v1/namespaces/extreg-system/deployments/extreg-importer",
            json!({"metadata": {"name": "extreg-importer"}, "spec": {"template": pod}}),
        ),
    ]
}

fn builder() -> (&'static str, Value) {
    let path = "/api/v1/namespaces/snow/serviceaccounts/builder";
    (
        path,
        json!({"metadata": {"namespace": "snow", "name": "builder"}}),
    )
}

const BUILD: [&str; 4] = ["--secret", "hub", "--source", "https://example.com/x.git"];
const NO_BUILD: [&str; 3] = ["--secret", "hub", "--no-build"];

#[test]
fn schedules_a_tag_that_fits_without_a_registry_query() {
    let registry = Registry::start(rules());
    // Each image can be a manifest list: 3 tags and this one, 24 to 48 pulls each, limit 200.
    let api = cluster(&taken(3, 9));
    assert!(is_scheduled(&setup(&api, &registry, &NO_BUILD)));
    assert_eq!(registry.requests(), [""; 0]);
}

#[test]
fn measured_limit_decides_if_the_budget_is_tight() {
    // 7 tags and this one, 24 pulls each, limit 200.
    let registry = Registry::start(rules());
    let api = cluster(&taken(7, 0));
    let run = setup(&api, &registry, &NO_BUILD);
    assert!(is_scheduled(&run));
    assert!(registry.has_only_head_requests());
    assert_eq!(run.err, "");

    let api = cluster(&taken(8, 0));
    let run = setup(&api, &registry, &NO_BUILD);
    assert!(!is_scheduled(&run));
    has_facts(
        &run.err,
        &[
            "Warning: ",
            "app:v1",
            "9 scheduled docker.io tags need",
            "216 pulls per 6 hours",
            "acme",
            "200",
            "oc extreg import app:v1 -n snow",
            "--schedule=always",
        ],
    );

    let mut paid = rules();
    paid.limits.insert("acme".to_owned(), 5000);
    assert!(is_scheduled(&setup(
        &api,
        &Registry::start(paid),
        &NO_BUILD
    )));

    let mut untold = rules();
    untold.limits.remove("acme");
    assert!(is_scheduled(&setup(
        &api,
        &Registry::start(untold),
        &NO_BUILD
    )));

    let mut lists = rules();
    lists.images.insert("acme/app:v1".to_owned(), LIST);
    let run = setup(&cluster(&taken(4, 0)), &Registry::start(lists), &NO_BUILD);
    assert!(!is_scheduled(&run));
    assert!(
        run.err.contains("need 240 pulls per 6 hours as acme"),
        "{}",
        run.err
    );
}

#[test]
fn published_limit_applies_if_the_registry_does_not_answer() {
    let nowhere = ["--registry-endpoint", "docker.io=http://127.0.0.1:1"];
    let registry = Registry::start(rules());
    let args = [&NO_BUILD[..], &nowhere].concat();
    // 192 or 384 of 200: a tag that might not fit is not scheduled, and the output shows how to continue.
    let run = setup(&cluster(&taken(7, 0)), &registry, &args);
    assert!(!is_scheduled(&run));
    assert!(run.err.contains("may need 192 to 384 pulls"), "{}", run.err);
    assert!(
        run.err.contains("oc extreg import app:v1 -n snow"),
        "{}",
        run.err
    );
    assert!(run.err.contains("--schedule=always"), "{}", run.err);
    let run = setup(&cluster(&taken(8, 0)), &registry, &args);
    assert!(!is_scheduled(&run));
}

#[test]
fn flag_forces_or_prevents_the_schedule() {
    let registry = Registry::start(rules());
    let api = cluster(&taken(20, 20));
    let with = |schedule| [&NO_BUILD[..], &[schedule]].concat();
    assert!(is_scheduled(&setup(
        &api,
        &registry,
        &with("--schedule=always")
    )));
    assert!(!is_scheduled(&setup(
        &api,
        &registry,
        &with("--schedule=never")
    )));
    assert_eq!(registry.requests(), [""; 0]);
    let listed = api.seen().iter().any(|seen| seen.line.contains(STREAMS));
    assert!(!listed, "imports are read only if needed");
}

#[test]
fn scheduled_tag_is_counted_once_and_unchanged() {
    let registry = Registry::start(rules());
    let own = stream("snow", "app", "docker.io/acme/app:v1", 1);
    let with_own = |others| {
        let mut objects = taken(others, 0);
        objects[0].1.as_array_mut().unwrap().push(own.clone());
        let mut ours = own.clone();
        ours["metadata"]["labels"] = json!({"app.kubernetes.io/managed-by": "oc-extreg"});
        objects.push((APP, ours));
        cluster(&objects)
    };
    let run = setup(&with_own(7), &registry, &NO_BUILD);
    assert!(is_scheduled(&run));
    assert_eq!(run.err, "");
    let run = setup(&with_own(8), &registry, &NO_BUILD);
    assert!(is_scheduled(&run));
    assert!(
        run.err
            .contains("Warning: with app:v1, 9 scheduled docker.io tags"),
        "{}",
        run.err
    );
}

#[test]
fn followed_builds_replace_a_schedule() {
    let registry = Registry::start(rules());
    let fallback = [&BUILD[..], &["--schedule=fallback"]].concat();
    let on = |mut objects: Vec<(&'static str, Value)>, more: Vec<(&'static str, Value)>| {
        objects.extend(more);
        objects.push(builder());
        cluster(&objects)
    };
    let all = "{}";
    let run = setup(&on(taken(8, 0), followed(all)), &registry, &fallback);
    assert!(!is_scheduled(&run));
    assert!(
        run.err.contains("imported after each push by a build"),
        "{}",
        run.err
    );

    let run = setup(&on(taken(7, 0), followed(all)), &registry, &fallback);
    assert!(is_scheduled(&run), "there is room");

    let elsewhere = r#"{"matchLabels":{"team":"other"}}"#;
    for (objects, why) in [
        (vec![], "the webhook is not installed"),
        (
            followed(elsewhere),
            "does not follow builds in namespace snow",
        ),
        (vec![(followed(all)[0].0, json!(403))], "is unknown"),
    ] {
        let run = setup(&on(taken(8, 0), objects), &registry, &fallback);
        assert_eq!(run.code, 3, "{}", run.err);
        assert!(run.err.contains(why), "{why}: {}", run.err);
        assert!(run.err.contains("--schedule=always"), "{}", run.err);
    }
    // If it is unknown whether the tag fits, the result is the same as without the flag.
    let nowhere = ["--registry-endpoint", "docker.io=http://127.0.0.1:1"];
    let args = [&fallback[..], &nowhere].concat();
    assert!(!is_scheduled(&setup(
        &on(taken(7, 0), vec![]),
        &registry,
        &args
    )));

    let unbuilt = [&NO_BUILD[..], &["--schedule=fallback"]].concat();
    let run = setup(&on(taken(8, 0), followed(all)), &registry, &unbuilt);
    assert_eq!(run.code, 3);
    assert!(run.err.contains("no build is set up"), "{}", run.err);
}

#[test]
fn unreadable_resources_are_reported_and_not_guessed() {
    let registry = Registry::start(rules());
    let nobody = ["--no-secret", "--no-build"];
    let objects = vec![
        (
            STREAMS,
            json!([stream("snow", "feed", "docker.io/acme/app:v1", 4)]),
        ),
        (SECRETS, json!(403)),
        ("/api/v1/namespaces/snow/secrets", json!(403)),
    ];
    let run = setup(&cluster(&objects), &registry, &nobody);
    assert!(!is_scheduled(&run));
    assert!(run.err.contains("with unknown credentials"), "{}", run.err);
    assert!(
        run.err.contains("could not be read: secrets"),
        "{}",
        run.err
    );
}
