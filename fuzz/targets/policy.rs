//! Policy documents: reading and compiling one ends, and the compiled policy answers.

use extreg_core::facts::Known;
use extreg_core::policy::{Labels, Mode, Policy, PolicySet, PolicySpec, RepositoryGlob, Selection};
use extreg_core::registry::RegistryHost;

/// Runs the target on one input.
pub(crate) fn run(json: &[u8]) {
    let Ok(spec) = serde_json::from_slice::<PolicySpec>(json) else {
        return;
    };
    let written = serde_json::to_string(&spec).expect("a document is JSON");
    assert_eq!(
        serde_json::from_str::<PolicySpec>(&written).ok().as_ref(),
        Some(&spec)
    );
    let policy = match Policy::compile("fuzzed", "2026-01-01T00:00:00Z", &spec) {
        Ok(policy) => policy,
        Err(error) => {
            assert!(error.to_string().starts_with("spec."), "{error}");
            return;
        }
    };
    for glob in &spec.repositories {
        let glob = RepositoryGlob::parse(glob).expect("a compiled policy's glob");
        assert!(glob.overlaps(&glob));
        if glob.specificity() > RepositoryGlob::parse("**").expect("a glob").specificity()
            && !glob.to_string().contains('*')
        {
            assert!(glob.matches(&glob.to_string()));
        }
    }
    let labels: Labels = spec
        .namespace_selector
        .iter()
        .flat_map(|selector| selector.match_labels.clone())
        .collect();
    let repositories = spec.repositories.clone();
    let set = PolicySet::new(vec![policy.clone(), Policy::builtin(Mode::Warn), policy]);
    for (winner, loser) in set.conflicts() {
        assert_eq!(winner.registry(), loser.registry());
    }
    let registry = RegistryHost::of(&spec.registry);
    for repository in repositories.iter().map(String::as_str).chain(["u/app", ""]) {
        for labels in [Known::Known(&labels), Known::Unknown] {
            match set.select(registry, repository, labels) {
                Selection::Policy(policy) => assert_eq!(policy.registry(), registry),
                Selection::NamespaceUnknown(_) => assert!(spec.namespace_selector.is_some()),
                Selection::None => {}
            }
        }
    }
}
