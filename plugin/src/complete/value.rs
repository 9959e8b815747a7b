//! The kind of a value, determined by the value name of its argument in the help page.

use clap::Arg;
use extreg_audit::check::CheckId;

use crate::commands::fix::MENDABLE;

/// The candidates for a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// The values of its enumeration.
    OneOf,
    /// These checks of the audit; `--check` and `--skip` take several, with commas between.
    Checks(&'static [CheckId]),
    /// Formats of the audit.
    Formats,
    /// Files.
    File,
    /// Folders.
    Folder,
    /// Data of a cluster or the kubeconfig.
    Live(Live),
    /// Unknown.
    Anything,
}

/// Names that can be queried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Live {
    /// Contexts of the kubeconfig.
    Contexts,
    /// Clusters of the kubeconfig.
    Clusters,
    /// Users of the kubeconfig.
    Users,
    /// Namespaces, or projects for a user who cannot list namespaces.
    Namespaces,
    /// BuildConfigs of the namespace.
    BuildConfigs,
    /// ImageStreams of the namespace.
    Streams,
    /// Tags of ImageStreams, as `STREAM:TAG`.
    StreamTags,
    /// ImageStreams, and their tags after a colon.
    StreamsOrTags,
    /// Applications: the names of BuildConfigs and ImageStreams.
    Applications,
}

/// Commands whose NAME is the name of an application.
const OF_APPLICATIONS: [&str; 3] = ["setup", "status", "teardown"];

/// The candidates for an argument of a command.
pub(super) fn wanted(command: &str, argument: &Arg) -> Wanted {
    if !argument.get_possible_values().is_empty() {
        return Wanted::OneOf;
    }
    match argument.get_long() {
        Some("namespace" | "proof-namespace") => return Wanted::Live(Live::Namespaces),
        Some("context") => return Wanted::Live(Live::Contexts),
        Some("cluster") => return Wanted::Live(Live::Clusters),
        Some("user") => return Wanted::Live(Live::Users),
        _ => {}
    }
    let names = argument.get_value_names().unwrap_or_default();
    match names.first().map(clap::builder::Str::as_str) {
        Some("IDS") if command == "fix" => Wanted::Checks(&MENDABLE),
        Some("CHECK" | "CHECK|FIELD" | "IDS") => Wanted::Checks(&CheckId::ALL),
        Some("FORMAT[=FILE]") => Wanted::Formats,
        Some("FILE" | "FILES" | "PATH") => Wanted::File,
        // A folder of a Git repository is not a local folder.
        Some("DIR") if argument.get_long() != Some("context-dir") => Wanted::Folder,
        Some("NAMESPACE") => Wanted::Live(Live::Namespaces),
        Some("BUILDCONFIG") => Wanted::Live(Live::BuildConfigs),
        Some("STREAM") => Wanted::Live(Live::Streams),
        Some("STREAM:TAG" | "STREAM:FROM") => Wanted::Live(Live::StreamTags),
        Some("STREAM[:TAG]") => Wanted::Live(Live::StreamsOrTags),
        Some("NAME") if argument.is_positional() && OF_APPLICATIONS.contains(&command) => {
            Wanted::Live(Live::Applications)
        }
        _ => Wanted::Anything,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_name_determines_the_candidates() {
        let flag =
            |long: &'static str, value: &'static str| Arg::new(long).long(long).value_name(value);
        let word = |value: &'static str| Arg::new(value).value_name(value);
        let table = [
            (
                "version",
                flag("output", "F").value_parser(["json"]),
                Wanted::OneOf,
            ),
            (
                "setup",
                flag("namespace", "NAME"),
                Wanted::Live(Live::Namespaces),
            ),
            (
                "setup",
                flag("context", "NAME"),
                Wanted::Live(Live::Contexts),
            ),
            ("setup", flag("secret", "NAME"), Wanted::Anything),
            ("setup", word("NAME"), Wanted::Live(Live::Applications)),
            ("promote", word("NAME"), Wanted::Anything),
            (
                "promote",
                word("STREAM:FROM"),
                Wanted::Live(Live::StreamTags),
            ),
            (
                "import",
                word("STREAM[:TAG]"),
                Wanted::Live(Live::StreamsOrTags),
            ),
            ("audit", flag("check", "IDS"), Wanted::Checks(&CheckId::ALL)),
            ("fix", flag("check", "IDS"), Wanted::Checks(&MENDABLE)),
            ("setup", flag("dockerfile", "FILE"), Wanted::File),
            ("setup", flag("out", "DIR"), Wanted::Folder),
            ("setup", flag("context-dir", "DIR"), Wanted::Anything),
        ];
        for (command, argument, expected) in table {
            assert_eq!(wanted(command, &argument), expected, "{argument}");
        }
    }
}
