//! JSON documents: each has the kind and the keys that `docs/api.md` lists.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::cluster::Cluster;

const API: &str = include_str!("../../../docs/api.md");

/// A command for each kind, without `oc extreg` and `-o json`.
const COMMANDS: [(&str, &str); 21] = [
    ("AuditReport", "audit -A"),
    ("AuditDiff", "audit diff old.json new.json"),
    ("AuditCheckList", "audit list"),
    ("ImageInventory", "inventory -A"),
    ("CheckReport", "check -f deploy/"),
    ("PreCheckReport", "check --pre"),
    ("DoctorReport", "doctor"),
    ("FixReport", "fix -f deploy/"),
    ("StatusReport", "status cart -n shop"),
    ("ImportReport", "import cart:latest -n shop"),
    ("SecretCheck", "secret check -n shop"),
    ("SecretRotation", "secret rotate dockerhub -n shop"),
    ("RateLimits", "ratelimit --budget -A"),
    ("PoliciesInEffect", "policy show"),
    ("PolicyTest", "policy test docker.io/acme/app:v1 -n shop"),
    ("PolicyValidation", "policy validate -f policy.yaml"),
    ("ExceptionList", "except list -A"),
    ("ImageReference", "resolve nginx"),
    ("VersionReport", "version"),
    ("WebhookCheck", "webhook check"),
    ("WebhookStatus", "webhook status"),
];

const BEFORE: &str =
    "oc extreg setup cart -n shop --image docker.io/acme/cart --source https://github.com/acme/cart
     oc extreg audit -A -o json=old.json && cp old.json new.json
     oc extreg policy init > policy.yaml";

/// The rows of the table of reports: kind, and keys that are always set. Keys in parentheses are parts or optional.
fn documented() -> Vec<(String, Vec<String>)> {
    let (_, section) = API.split_once("\n## JSON and YAML output\n").unwrap();
    let (_, table) = section.split_once("| command | kind | keys |").unwrap();
    let rows = table.lines().skip(2).take_while(|line| !line.is_empty());
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(" | ").collect();
        let kind = cells[1].trim_matches('`').to_owned();
        (kind, keys(cells[2]))
    };
    rows.map(row).collect()
}

fn keys(cell: &str) -> Vec<String> {
    let mut depth = 0;
    let mut outer = String::new();
    for c in cell.chars() {
        depth += i32::from(c == '(') - i32::from(c == ')');
        outer.extend((depth == 0).then_some(c));
    }
    let names = outer.split('`').skip(1).step_by(2);
    let names = names.map(|name| name.trim_end_matches("[]").to_owned());
    names.filter(|name| !name.contains([' ', ']'])).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documents_have_the_kind_and_keys_of_the_api() {
    let cluster = Cluster::start().await;
    cluster.prepare(BEFORE);
    let mut wrong = Vec::new();
    for (kind, keys) in documented() {
        let (_, command) = COMMANDS.iter().find(|(of, _)| *of == kind).unwrap();
        let run = cluster.run(&format!("oc extreg {command} -o json"));
        let Ok(document) = serde_json::from_slice::<Value>(&run.stdout) else {
            wrong.push(format!("{command}: {run:?}"));
            continue;
        };
        if document["apiVersion"] != "extreg.io/v1" || document["kind"] != kind {
            wrong.push(format!(
                "{command}: {} {}",
                document["apiVersion"], document["kind"]
            ));
        }
        let missing = keys
            .iter()
            .filter(|key| document.get(key.as_str()).is_none());
        wrong.extend(missing.map(|key| format!("{command}: no {key}")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn each_kind_of_the_api_has_a_command() {
    let documented: BTreeSet<String> = documented().into_iter().map(|(kind, _)| kind).collect();
    let run: BTreeSet<String> = COMMANDS
        .iter()
        .map(|(kind, _)| (*kind).to_owned())
        .collect();
    assert_eq!(documented, run);
    assert_eq!(
        keys("`a`, `b[]` (`c`, `d`), `check -f` [x](y.json)"),
        ["a", "b"]
    );
}
