//! Argo CD.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use extreg_tests::{ControlPlane, GoModule, GoTool, Options};
use serde_json::{Value, json};

use crate::application::{Cluster, files};
use crate::recipe;
use crate::recorded::{Pair, pairs};

const RECIPE: &str = "argo-cd/application.yaml";

fn rules(recipe: &Value, kind: &str) -> Vec<String> {
    let rules = recipe["spec"]["ignoreDifferences"].as_array().unwrap();
    let of_kind = rules.iter().find(|rule| rule["kind"] == kind).unwrap();
    let paths = of_kind["jqPathExpressions"].as_array().unwrap();
    paths
        .iter()
        .map(|path| path.as_str().unwrap().to_owned())
        .collect()
}

/// Runs a program with JSON as input and output.
fn run(program: &Path, args: &[&str], input: &Value) -> Value {
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_string();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    let _ = writer.join();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// jq keeps a map after its only key is deleted; Argo CD ignores maps that only one side has.
fn without_empty(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.values_mut().for_each(without_empty);
            map.retain(|_, value| !value.as_object().is_some_and(serde_json::Map::is_empty));
        }
        Value::Array(items) => items.iter_mut().for_each(without_empty),
        _ => {}
    }
}

#[tokio::test]
async fn rules_of_the_recipe_cover_every_injected_field() {
    let recipe = recipe::object(RECIPE, "Application");
    let gojq = GoTool::Gojq.build(|line| eprintln!("{line}")).unwrap();
    let pairs = pairs().await;
    for kind in ["ImageStream", "BuildConfig"] {
        let of_kind = pairs.iter().filter(|pair| pair.after["kind"] == kind);
        let of_kind: Vec<&Pair> = of_kind.collect();
        // As Argo CD applies each rule (util/argo/normalizers/diff_normalizer.go).
        let deletions = rules(&recipe, kind);
        let deletions: Vec<String> = deletions
            .iter()
            .map(|path| format!("del({path})"))
            .collect();
        let filter = format!("map(map({}))", deletions.join(" | "));
        let input = of_kind.iter().map(|pair| json!([pair.before, pair.after]));
        let mut compared = run(&gojq, &["-c", &filter], &input.collect());
        without_empty(&mut compared);
        let compared = compared.as_array().unwrap();
        assert_eq!(compared.len(), of_kind.len());
        for (sides, pair) in compared.iter().zip(of_kind) {
            assert_eq!(sides[0], sides[1], "{}", pair.name);
        }
    }
}

#[test]
fn the_guide_shows_the_rules_of_the_recipe() {
    let guide = include_str!("../../../docs/gitops.md");
    let block = guide.split("```yaml\n").nth(1).unwrap();
    let block = block.split("```").next().unwrap();
    let guide: Value = serde_saphyr::from_str(block).unwrap();
    let recipe = recipe::object(RECIPE, "Application");
    for field in ["ignoreDifferences", "syncPolicy"] {
        assert_eq!(guide["spec"][field], recipe["spec"][field], "{field}");
    }
}

#[tokio::test]
async fn the_recipes_are_valid_applications() {
    let plane = ControlPlane::start(Options::default().without_openshift())
        .await
        .unwrap();
    GoModule::ArgoCd.install(&plane).unwrap();
    let mut kubectl = plane.kubectl();
    kubectl.args(["create", "namespace", "openshift-gitops"]);
    assert!(kubectl.status().unwrap().success());
    for name in recipe::names("argo-cd") {
        recipe::assert_accepted(&plane, &name);
    }
}

/// What Argo CD's own comparison reports, by its own packages.
struct ArgoCd {
    program: std::path::PathBuf,
}

impl ArgoCd {
    /// Whether each live object differs from the desired one, with the rules of an application or without.
    fn differs(&self, application: &Value, pairs: &[(Value, Value)]) -> Vec<bool> {
        let pairs = pairs.iter();
        let pairs = pairs.map(|(desired, live)| json!({"desired": desired, "live": live}));
        let input = json!({"application": application, "pairs": pairs.collect::<Vec<_>>()});
        let results = run(&self.program, &[], &input);
        let results = results.as_array().unwrap();
        results
            .iter()
            .map(|result| result["modified"].as_bool().unwrap())
            .collect()
    }
}

fn without_rules(application: &Value) -> Value {
    let mut application = application.clone();
    application["spec"]["ignoreDifferences"] = json!([]);
    application
}

#[tokio::test]
#[ignore = "builds packages of Argo CD, which takes minutes: cargo xtask check --packaging"]
async fn argo_cd_reports_no_difference() {
    let program = GoTool::ArgoCdDiff
        .build(|line| eprintln!("{line}"))
        .unwrap();
    let argo_cd = ArgoCd { program };
    let recipe = recipe::object(RECIPE, "Application");

    // As a real OpenShift sent them, and as files that a cluster has completed.
    let recorded = pairs().await.into_iter();
    let mut pairs: Vec<(Value, Value)> = recorded.map(|pair| (pair.before, pair.after)).collect();
    let cluster = Cluster::start(&["shop"]).await;
    cluster.apply("shop", &[]);
    pairs.extend(cluster.desired_and_live("shop"));
    assert!(!argo_cd.differs(&recipe, &pairs).contains(&true));

    // Without the rules, a tag that the repository does not schedule differs; with them, another image still does.
    let mut unscheduled = files("shop")["items"][0].clone();
    let mut scheduled = unscheduled.clone();
    unscheduled["spec"]["tags"][0]["importPolicy"] = json!({"scheduled": false});
    scheduled["spec"]["tags"][0]["importPolicy"] = json!({"scheduled": true});
    let pair = [(unscheduled, scheduled.clone())];
    assert_eq!(argo_cd.differs(&without_rules(&recipe), &pair), [true]);
    assert_eq!(argo_cd.differs(&recipe, &pair), [false]);
    let mut other = scheduled.clone();
    other["spec"]["tags"][0]["from"]["name"] = json!("docker.io/acme/other:v1");
    assert_eq!(argo_cd.differs(&recipe, &[(other, scheduled)]), [true]);

    // The webhook's own configuration, whose CA the cluster writes.
    let webhook = recipe::object("argo-cd/webhook.yaml", "Application");
    let settings = extreg_manifests::Settings::default();
    let desired = extreg_manifests::mutating_webhook_configuration(&settings);
    let mut desired = serde_json::to_value(desired).unwrap();
    let mut live = desired.clone();
    live["webhooks"][0]["clientConfig"]["caBundle"] = json!("Zm9v");
    assert_eq!(
        argo_cd.differs(&webhook, &[(desired.clone(), live.clone())]),
        [false]
    );
    desired["webhooks"][0]["clientConfig"]["caBundle"] = json!("YmFy");
    let pair = [(desired, live)];
    assert_eq!(argo_cd.differs(&without_rules(&webhook), &pair), [true]);
    assert_eq!(argo_cd.differs(&webhook, &pair), [false]);
}
