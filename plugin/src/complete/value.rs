//! What a value is, by the name that its argument shows in the help page.

use clap::Arg;
use extreg_audit::check::CheckId;

use crate::commands::fix::MENDABLE;

/// What is to be offered for a value.
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
    /// What a cluster or the kubeconfig has.
    Live(Live),
    /// Nobody can know.
    Anything,
}

/// What can be looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Live {
    /// Contexts of the kubeconfig.
    Contexts,
    /// Clusters of the kubeconfig.
    Clusters,
    /// Users of the kubeconfig.
    Users,
    /// Namespaces, or the projects of one who may not list these.
    Namespaces,
    /// BuildConfigs of the namespace.
    BuildConfigs,
    /// ImageStreams of the namespace.
    Streams,
    /// Tags of ImageStreams, as `STREAM:TAG`.
    StreamTags,
    /// ImageStreams, and with a colon behind one its tags.
    StreamsOrTags,
    /// What has been set up: the names of BuildConfigs and ImageStreams.
    Applications,
}

/// Commands whose NAME is that of an application.
const OF_APPLICATIONS: [&str; 3] = ["setup", "status", "teardown"];

/// What is to be offered for an argument of a command.
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
        // A folder of a git repository is none of this machine.
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
    fn the_name_of_a_value_tells_what_it_is() {
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
