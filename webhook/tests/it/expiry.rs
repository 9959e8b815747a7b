//! Expiry of facts, with a clock that the tests move: an API server that becomes silent, refuses, is out of
//! reach or loses its history, and recovers without an event.

use std::sync::Arc;
use std::time::Duration;

use extreg_core::facts::Known;
use extreg_core::policy::Mode;
use extreg_webhook::cluster::Follow;
use extreg_webhook::facts::FactStore;
use extreg_webhook::metrics::Metrics;
use kube::Client;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::sleep;

use extreg_fakes::{Api, Behavior};

use crate::api::{self, NAMESPACES, POLICIES};
use crate::support::reserved;

/// Between two bookmarks of the fake API server, so that no check is at a boundary.
const OFFSET: Duration = Duration::from_secs(5);

struct Following {
    facts: Arc<FactStore>,
    metrics: Metrics,
    _tasks: JoinSet<()>,
}

impl Following {
    /// Starts with a known policy and a known namespace.
    async fn start() -> (Api, Self) {
        let api = api::empty();
        let client = api.in_memory();
        let policy = json!({
            "apiVersion": "extreg.io/v1alpha1", "kind": "RegistryPolicy",
            "metadata": {"name": "quay", "resourceVersion": "2", "creationTimestamp": "2026-01-01T00:00:00Z"},
            "spec": {"registry": "quay.io", "push": {"secretName": "quay"}},
        });
        api.set(POLICIES, vec![policy]);
        api.set(NAMESPACES, vec![json!({"metadata": {"name": "snow"}})]);
        let following = Self::of(&client);
        sleep(OFFSET).await;
        assert!(following.is_in_force());
        (api, following)
    }

    fn of(client: &Client) -> Self {
        let metrics = Metrics::new();
        let facts = Arc::new(FactStore::new(None, Mode::Enforce, metrics.clone()));
        let mut tasks = JoinSet::new();
        let follow = Follow {
            facts: Arc::clone(&facts),
            metrics: metrics.clone(),
            policies: true,
            lease: None,
            lookup_deadline: Duration::from_secs(1),
        };
        follow.start(client, &mut tasks, reserved());
        Self {
            facts,
            metrics,
            _tasks: tasks,
        }
    }

    /// Whether the policy is in force and the namespace known; panics if only one is.
    fn is_in_force(&self) -> bool {
        let policies = self.facts.policies();
        let in_force = policies.set.iter().any(|policy| policy.name() == "quay");
        let known = self.facts.namespace("snow").labels() != Known::Unknown;
        assert_eq!(in_force, known);
        in_force
    }

    fn state(&self, source: &str) -> String {
        let text = self.metrics.encode();
        let start = format!("extreg_facts_source_state{{source=\"{source}\",state=\"");
        let line = text
            .lines()
            .find(|line| line.starts_with(&start) && line.ends_with(" 1"))
            .unwrap();
        line[start.len()..].split('"').next().unwrap().to_owned()
    }

    fn age(&self, source: &str) -> u64 {
        let text = self.metrics.encode();
        let start = format!("extreg_facts_age_seconds{{source=\"{source}\"}} ");
        let line = text.lines().find_map(|line| line.strip_prefix(&start));
        line.unwrap().parse().unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn facts_of_an_idle_api_server_do_not_expire() {
    let (api, following) = Following::start().await;
    let lists = api.lists();
    for _ in 0..60 {
        sleep(Duration::from_mins(1)).await;
        assert!(following.is_in_force());
        assert!(following.age("policies") <= 61);
    }
    assert_eq!(following.state("policies"), "ready");
    assert_eq!(api.lists(), lists);
}

#[tokio::test(start_paused = true)]
async fn facts_of_a_silent_api_server_expire_and_return_without_an_event() {
    let (api, following) = Following::start().await;
    api.set_behavior(Behavior::Silent);
    sleep(Duration::from_secs(100)).await;
    assert!(following.is_in_force());
    sleep(Duration::from_secs(100)).await;
    assert!(!following.is_in_force());
    assert_eq!(following.state("policies"), "down");
    assert!((190..=210).contains(&following.age("policies")));
    sleep(Duration::from_hours(1)).await;
    assert!(following.age("namespaces") >= 3_700);
    api.set_behavior(Behavior::Answers);
    sleep(Duration::from_secs(70)).await;
    assert!(following.is_in_force());
    assert_eq!(following.state("policies"), "ready");
    assert!(following.age("namespaces") <= 70);
}

#[tokio::test(start_paused = true)]
async fn facts_of_an_api_server_that_refuses_expire_and_return_without_an_event() {
    for (code, state) in [(403, "forbidden"), (401, "forbidden"), (500, "down")] {
        let (api, following) = Following::start().await;
        let lists = api.lists();
        api.refuse("/", code);
        api.end_watches();
        sleep(Duration::from_secs(110)).await;
        assert!(following.is_in_force(), "{code}");
        assert_eq!(following.state("policies"), state);
        for _ in 0..180 {
            sleep(Duration::from_secs(1)).await;
            assert_eq!(following.state("policies"), state, "it does not flap");
        }
        assert!(!following.is_in_force(), "{code}");
        api.accept("/");
        sleep(Duration::from_mins(1)).await;
        assert!(following.is_in_force(), "{code}");
        assert_eq!(following.state("policies"), "ready");
        // The watches resumed where they were: no list, no change.
        assert_eq!(api.lists(), lists, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn relists_without_watch_history_are_rate_limited() {
    let (api, following) = Following::start().await;
    let lists = api.lists();
    api.set_behavior(Behavior::Expires);
    for _ in 0..60 {
        sleep(Duration::from_secs(10)).await;
        assert!(following.is_in_force());
    }
    let again = api.lists() - lists;
    assert!(
        (60..=6 * 60 * 10).contains(&again),
        "{again} lists in ten minutes"
    );
}
