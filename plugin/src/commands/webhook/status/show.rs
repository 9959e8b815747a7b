//! The state of an installation, for people.

use extreg_terminal::{Printer, Text};

use super::{FollowsBuilds, Status};
use crate::installation::owner::Owner;

/// Prints the answer and the problems, then the state, one item per line.
pub(super) fn show(status: &Status, printer: &Printer) {
    let line = |name: &str, text: String| {
        printer.labeled(Text::new().bold(format!("{name:<15}")), &text);
    };
    printer.line(answer(status));
    for problem in &status.problems {
        printer.labeled(Text::new().red(format!("{:<15}", "Problem")), problem);
    }
    match &status.configuration {
        Some(configuration) => {
            line("Called", configuration.target.clone());
            line(
                "When down",
                format!(
                    "{} after {}s",
                    configuration.failure_policy, configuration.timeout_seconds
                ),
            );
        }
        None => line("Called", "no".to_owned()),
    }
    if let Some(owner) = &status.managed_by
        && *owner != Owner::OcExtreg
    {
        line("Managed by", owner.to_string());
    }
    if let Some(configuration) = &status.configuration {
        let selector = &configuration.namespace_selector;
        let namespaces = if selector.is_empty() {
            "all but the platform's and those that opt out".to_owned()
        } else {
            format!("those with {selector}")
        };
        line("Namespaces", namespaces);
    }
    if let Some(deployment) = &status.deployment {
        let mode = deployment
            .mode
            .as_deref()
            .unwrap_or("as the policies define");
        line(
            "Pods",
            format!(
                "{} of {} ready, {}, at most {mode}",
                deployment.available, deployment.replicas, deployment.image
            ),
        );
    }
    show_following(status, &line);
    if let Some(audit) = &status.audit {
        let secrets = if audit.reads_secrets {
            ""
        } else {
            ", without secrets"
        };
        let last = match &audit.last_success {
            _ if audit.suspended => "suspended".to_owned(),
            Some(at) => format!("last complete at {at}"),
            None => "not complete yet".to_owned(),
        };
        line("Audit", format!("{}{secrets}, {last}", audit.schedule));
    }
    if let Some(certificate) = &status.certificate {
        let trusted = if certificate.trusted {
            "trusted"
        } else {
            "not trusted"
        };
        line(
            "Certificate",
            format!(
                "{}, {trusted}, until {}",
                certificate.issuer, certificate.not_after
            ),
        );
    }
    if status.policies.is_empty() {
        line("Policies", "none: nothing is injected".to_owned());
    }
    for policy in &status.policies {
        let ready = match policy.ready.as_str() {
            "True" => "ready",
            "False" => "not ready",
            _ => "no status yet",
        };
        line(
            "Policy",
            format!(
                "{}: {}, {}, {ready}",
                policy.name, policy.registry, policy.mode
            ),
        );
    }
    for fact in &status.facts {
        let why = if fact.message.is_empty() {
            String::new()
        } else {
            format!(" ({})", fact.message)
        };
        line("Knows", format!("{}: {}{why}", fact.source, fact.state));
    }
}

/// Whether the webhook is installed, and works as far as that is visible.
fn answer(status: &Status) -> Text {
    let text = Text::new();
    match (&status.configuration, status.problems.len()) {
        (None, 0) => text.orange("The webhook is not installed"),
        (Some(_), 0) => text.green("The webhook is installed, no problem found"),
        (Some(_), 1) => text.red("The webhook is installed, with 1 problem"),
        (Some(_), count) => text.red(format!("The webhook is installed, with {count} problems")),
        (None, _) => text.red("The webhook is not called"),
    }
}

fn show_following(status: &Status, line: &impl Fn(&str, String)) {
    match status.follow_builds {
        FollowsBuilds::Off => line("Follows builds", "no".to_owned()),
        FollowsBuilds::On if status.importer.is_none() => line("Follows builds", "yes".to_owned()),
        FollowsBuilds::On | FollowsBuilds::Unknown => {}
    }
    let Some(importer) = &status.importer else {
        return;
    };
    let within = importer.namespaces.as_ref().map_or_else(
        || "in all namespaces".to_owned(),
        |namespaces| format!("in {} selected namespaces", namespaces.len()),
    );
    line("Follows builds", format!("yes, {within}"));
    let by = match (&importer.leader, &importer.renewed) {
        (Some(leader), Some(renewed)) => format!("led by {leader}, renewed at {renewed}"),
        (Some(leader), None) => format!("led by {leader}"),
        (None, _) => "without a leader".to_owned(),
    };
    line(
        "Importer",
        format!(
            "{} of {} ready, {by}",
            importer.available, importer.replicas
        ),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::webhook::status::Fact;
    use extreg_terminal::{Quiet, testing::printer};

    #[test]
    fn the_missing_items_of_a_source_are_shown() {
        let fact = |source: &str, state: &str, message: &str| Fact {
            source: source.to_owned(),
            state: state.to_owned(),
            message: message.to_owned(),
        };
        let status = Status {
            facts: vec![
                fact("policies", "Ready", ""),
                fact("secrets", "Forbidden", "quay: permission denied"),
            ],
            ..Status::default()
        };
        let (printer, out, _) = printer(Quiet::No, 0);
        show(&status, &printer);
        let text = out.text();
        assert!(text.contains("Knows          policies: Ready\n"), "{text}");
        assert!(
            text.contains("Knows          secrets: Forbidden (quay: permission denied)\n"),
            "{text}"
        );
    }
}
