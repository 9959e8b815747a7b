//! Scraping, alerts and a dashboard, for clusters with the Prometheus operator.
//!
//! OpenShift's monitoring of user-defined projects evaluates a rule only on the series of its own namespace: there
//! the alert on failing open, which reads the API servers' own series, never fires.

pub(crate) mod alert;
mod dashboard;
mod webhook;

pub use self::dashboard::{console_dashboard, grafana_dashboard};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde_json::json;

use self::alert::{object, rules};
use crate::audit_job::audit_job_monitoring;
use crate::importer::importer_monitoring;
use crate::manifest::{Manifest, RenderError};
use crate::names;
use crate::namespace::{own_meta, pod_labels};
use crate::settings::{FollowBuilds, Settings};

/// The monitors and alert rules of each program that is installed.
pub(crate) fn monitoring(settings: &Settings) -> Result<Vec<Manifest>, RenderError> {
    let mut all = webhook_monitoring(settings)?;
    if settings.follow_builds != FollowBuilds::No {
        all.extend(importer_monitoring(settings)?);
    }
    if settings.audit.is_some() {
        all.extend(audit_job_monitoring(settings)?);
    }
    if settings.console_dashboard {
        all.push(console_dashboard(settings)?);
    }
    Ok(all)
}

/// The ServiceMonitor and the alert rules of the webhook.
fn webhook_monitoring(settings: &Settings) -> Result<Vec<Manifest>, RenderError> {
    let meta = || own_meta(names::WEBHOOK, settings);
    let selector = LabelSelector {
        match_labels: Some(pod_labels()),
        ..LabelSelector::default()
    };
    let monitor = json!({
        "selector": selector,
        "endpoints": [{"port": "metrics", "path": "/metrics", "interval": "30s"}],
    });
    Ok(vec![
        object("ServiceMonitor", meta(), monitor)?,
        rules(meta(), webhook::alerts(settings))?,
    ])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::settings::{AuditJob, Tls};

    const SECTIONS: [&str; 4] = ["## Meaning", "## Impact", "## Diagnosis", "## Fix"];

    /// The names of all alerts.
    fn names() -> BTreeSet<String> {
        let ca = "-----BEGIN CERTIFICATE-----".parse().unwrap();
        let settings = Settings {
            tls: Tls::OwnCa(ca),
            follow_builds: FollowBuilds::Everywhere,
            audit: Some(AuditJob::default()),
            ..Settings::default()
        };
        let mut names = BTreeSet::new();
        for manifest in monitoring(&settings).unwrap() {
            let groups = manifest.value["spec"]["groups"].as_array();
            for rule in groups.into_iter().flatten().flat_map(|group| {
                let rules = group["rules"].as_array().unwrap();
                rules.iter()
            }) {
                let name = rule["alert"].as_str().unwrap();
                let url = rule["annotations"]["runbook_url"].as_str().unwrap();
                assert!(url.starts_with(names::HOME), "{url}");
                assert!(url.ends_with(&format!("/docs/runbooks/{name}.md")), "{url}");
                assert!(names.insert(name.to_owned()), "duplicate alert {name}");
            }
        }
        names
    }

    #[test]
    fn each_alert_has_a_runbook_and_each_runbook_an_alert() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/runbooks");
        let mut pages = BTreeSet::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let text = fs::read_to_string(&path).unwrap();
            if name == "README" {
                continue;
            }
            assert!(text.starts_with(&format!("# {name}\n")), "{name}");
            let mut rest = text.as_str();
            for section in SECTIONS {
                let at = rest.find(section);
                rest = rest
                    .split_at(at.unwrap_or_else(|| panic!("{name}: {section}")))
                    .1;
            }
            pages.insert(name);
        }
        assert_eq!(pages, names());
    }

    #[test]
    fn the_documentation_lists_every_alert() {
        let page = include_str!("../../docs/runbooks/README.md");
        for name in names() {
            assert!(page.contains(&format!("[{name}]({name}.md)")), "{name}");
        }
    }
}
