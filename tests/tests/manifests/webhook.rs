//! The manifests use existing flags and metrics of the webhook.

use std::time::Duration;

use clap::Parser as _;
use extreg_core::policy::Mode;
use extreg_manifests::{FollowBuilds, InstallMode, Settings, names, parse_selector};
use extreg_webhook::args::Args;
use extreg_webhook::{importer, settings};
use serde_json::{Value, json};

fn manifest(settings: &Settings, kind: &str) -> Value {
    let all = extreg_manifests::install(settings).unwrap();
    all.into_iter()
        .find(|manifest| manifest.object.kind == kind)
        .unwrap()
        .value
}

/// The pod of the Deployment, and the webhook's settings from its arguments.
fn pod(settings: &Settings) -> (Value, settings::Settings) {
    let pod = manifest(settings, "Deployment")["spec"]["template"]["spec"].clone();
    let args = pod["containers"][0]["args"].as_array().unwrap();
    let args = args.iter().map(|arg| arg.as_str().unwrap());
    let args = Args::try_parse_from(["extreg-webhook"].into_iter().chain(args)).unwrap();
    (pod, settings::Settings::new(args).unwrap())
}

#[test]
fn the_webhook_takes_the_arguments_of_its_pod() {
    let (pod, webhook) = pod(&Settings::default());
    let container = &pod["containers"][0];
    assert_eq!(
        container["ports"][0]["containerPort"],
        webhook.server.listen.port()
    );
    assert_eq!(
        container["ports"][1]["containerPort"],
        webhook.server.health_listen.port()
    );
    let mounted = container["volumeMounts"][0]["mountPath"].as_str().unwrap();
    assert_eq!(
        webhook.server.certificate.parent().unwrap().to_str(),
        Some(mounted)
    );
    assert_eq!(webhook.server.key.parent().unwrap().to_str(), Some(mounted));
    assert_eq!(container["env"][0]["name"], "EXTREG_NAMESPACE");
    let grace = Duration::from_secs(pod["terminationGracePeriodSeconds"].as_u64().unwrap());
    assert!(grace > webhook.server.drain.wait + webhook.server.drain.deadline);
}

#[test]
fn the_importer_takes_the_arguments_of_its_pod() {
    let settings = Settings {
        follow_builds: FollowBuilds::Everywhere,
        namespace_selector: parse_selector("team in (a,b),!x").unwrap(),
        ..Settings::default()
    };
    let all = extreg_manifests::install(&settings).unwrap();
    let deployment = all.into_iter().find(|manifest| {
        manifest.object.kind == "Deployment" && manifest.object.name == names::IMPORTER
    });
    let pod = deployment.unwrap().value["spec"]["template"]["spec"].clone();
    let container = &pod["containers"][0];
    assert_eq!(container["command"], json!(["/extreg-importer"]));
    assert_eq!(container["env"][0]["name"], "EXTREG_NAMESPACE");
    let args = container["args"].as_array().unwrap();
    let args = args.iter().map(|arg| arg.as_str().unwrap());
    let given = ["extreg-importer", "--namespace=extreg-system"];
    let args = importer::Args::try_parse_from(given.into_iter().chain(args)).unwrap();
    let importer = importer::Settings::new(args).unwrap();
    assert_eq!(
        container["ports"][0]["containerPort"],
        importer.health_listen.port()
    );
    let selector = importer.selected.unwrap();
    let labels = |key: &str, value: &str| [(key.to_owned(), value.to_owned())].into();
    assert!(selector.matches(&labels("team", "a")));
    assert!(!selector.matches(&labels("team", "c")));
}

#[test]
fn webhook_answers_before_the_api_server_times_out() {
    for seconds in [1, 2, 3, 10, 30] {
        let settings = Settings {
            timeout: seconds.try_into().unwrap(),
            ..Settings::default()
        };
        let limit = Duration::from_secs(seconds.try_into().unwrap());
        let deadline = pod(&settings).1.server.limits.deadline;
        assert!(
            deadline < limit && deadline * 2 > limit,
            "{seconds}: {deadline:?}"
        );
    }
}

#[test]
fn installation_mode_limits_every_policy() {
    for (mode, cap) in [
        (InstallMode::Audit, Mode::Audit),
        (InstallMode::Warn, Mode::Warn),
        (InstallMode::Enforce, Mode::Enforce),
    ] {
        let settings = Settings {
            mode,
            ..Settings::default()
        };
        assert_eq!(pod(&settings).1.mode_cap, cap);
        assert_eq!(
            manifest(&settings, "RegistryPolicy")["spec"]["mode"],
            mode.as_str()
        );
    }
}

#[test]
fn first_policy_is_the_built_in_policy() {
    let manifest = manifest(&Settings::default(), "RegistryPolicy");
    let spec = serde_json::from_value(manifest["spec"].clone()).unwrap();
    let installed = extreg_core::policy::Policy::compile("x", "", &spec).unwrap();
    let built_in = extreg_core::policy::Policy::builtin(Mode::Enforce);
    assert_eq!(installed.registry(), built_in.registry());
    assert_eq!(installed.push(), built_in.push());
    assert_eq!(installed.schedules(), built_in.schedules());
    assert_eq!(installed.mode(), built_in.mode());
}
