//! The state of an installation, for people.

use super::Status;
use crate::printer::{Printer, Text};

/// Prints it, one thing a line, what is wrong last.
pub(super) fn show(status: &Status, printer: &Printer) {
    let line = |name: &str, text: String| {
        printer.line(Text::new().bold(format!("{name:<14}")).plain(text));
    };
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
    if let Some(deployment) = &status.deployment {
        let mode = deployment.mode.as_deref().unwrap_or("as the policies say");
        line(
            "Pods",
            format!(
                "{} of {} ready, {}, at most {mode}",
                deployment.available, deployment.replicas, deployment.image
            ),
        );
    }
    let following = status.deployment.as_ref().map(|d| d.follow_builds.as_ref());
    if let Some(Some(following)) = following {
        let by = match (&following.leader, &following.renewed) {
            (Some(leader), Some(renewed)) => format!("builds, by {leader}, renewed at {renewed}"),
            (Some(leader), None) => format!("builds, by {leader}"),
            (None, _) => "builds, but no replica does yet".to_owned(),
        };
        line("Follows", by);
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
    for problem in &status.problems {
        printer.line(
            Text::new()
                .red(format!("{:<14}", "Problem"))
                .plain(problem.clone()),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        commands::webhook::status::Fact,
        printer::{Quiet, testing::printer},
    };

    #[test]
    fn what_a_source_lacks_is_said_with_it() {
        let fact = |source: &str, state: &str, message: &str| Fact {
            source: source.to_owned(),
            state: state.to_owned(),
            message: message.to_owned(),
        };
        let status = Status {
            facts: vec![
                fact("policies", "Ready", ""),
                fact("secrets", "Forbidden", "quay: may not be read"),
            ],
            ..Status::default()
        };
        let (printer, out, _) = printer(Quiet::No, 0);
        show(&status, &printer);
        let text = out.text();
        assert!(text.contains("Knows         policies: Ready\n"), "{text}");
        assert!(
            text.contains("Knows         secrets: Forbidden (quay: may not be read)\n"),
            "{text}"
        );
    }
}
