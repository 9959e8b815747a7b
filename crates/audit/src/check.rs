//! The checks: their titles, severities and benchmark controls.

use std::fmt;
use std::str::FromStr;

use extreg_core::vocabulary;
use serde::{Serialize, Serializer};

/// The address of the checks' pages.
const DOCS: &str = "https://extreg.io/checks";

vocabulary! {
    /// A check. The meaning of its identifier never changes.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[expect(missing_docs, reason = "the titles describe them")]
    pub enum CheckId {
        Exr001 => "EXR001", "Image from a registry outside policy";
        Exr002 => "EXR002", "Cluster allow-list of registries absent";
        Exr003 => "EXR003", "Import allow-list of registries absent";
        Exr004 => "EXR004", "Insecure registry configured or used";
        Exr005 => "EXR005", "External tag not scheduled, failing or stale";
        Exr006 => "EXR006", "Mutable tag without trigger or digest";
        Exr007 => "EXR007", "Anonymous pull or import from a metered registry";
        Exr008 => "EXR008", "Import budget exceeds the account's allowance";
        Exr009 => "EXR009", "Credential too broad, shared, ambiguous or useless";
        Exr010 => "EXR010", "Unqualified short name";
        Exr011 => "EXR011", "BuildConfig base, source or output outside policy";
        Exr012 => "EXR012", "Image bypasses the required ImageStream or trigger";
        Exr013 => "EXR013", "Signature policy missing for an approved registry";
        Exr014 => "EXR014", "Webhook absent, failing open or near expiry";
        Exr015 => "EXR015", "Legacy or hidden mirror of a registry";
    }
    /// `EXR001`.
    pub fn as_str;
    /// The title.
    pub fn title;
}

vocabulary! {
    /// The severity of a finding.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Severity {
        /// Information only.
        Info => "info",
        /// Little harm.
        Low => "low",
        /// Harm in some cases.
        Medium => "medium",
        /// Harm.
        High => "high",
        /// Immediate harm.
        Critical => "critical",
    }
    /// The name.
    pub fn as_str;
}

/// An invalid name of a check.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown check {0:?}: the checks are EXR001 to EXR015")]
pub struct UnknownCheck(String);

impl CheckId {
    /// The default severity of its findings.
    pub const fn severity(self) -> Severity {
        match self {
            Self::Exr004 => Severity::Critical,
            Self::Exr001
            | Self::Exr002
            | Self::Exr007
            | Self::Exr008
            | Self::Exr009
            | Self::Exr011 => Severity::High,
            Self::Exr003
            | Self::Exr005
            | Self::Exr006
            | Self::Exr010
            | Self::Exr012
            | Self::Exr014 => Severity::Medium,
            Self::Exr013 => Severity::Low,
            Self::Exr015 => Severity::Info,
        }
    }

    /// Whether it concerns only the configuration of a cluster.
    pub const fn is_of_cluster(self) -> bool {
        matches!(
            self,
            Self::Exr002 | Self::Exr003 | Self::Exr013 | Self::Exr014
        )
    }

    /// Its page: `https://extreg.io/checks/EXR001`, in the sources `docs/checks/EXR001.md`.
    pub fn docs(self) -> String {
        format!("{DOCS}/{self}")
    }
}

impl Serialize for CheckId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Severity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl fmt::Display for CheckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for CheckId {
    type Err = UnknownCheck;

    fn from_str(text: &str) -> Result<Self, UnknownCheck> {
        Self::ALL
            .into_iter()
            .find(|check| check.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownCheck(text.to_owned()))
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_is_found_by_its_name() {
        for check in CheckId::ALL {
            assert_eq!(check.as_str().parse(), Ok(check));
            assert_eq!(check.as_str().to_lowercase().parse(), Ok(check));
        }
        assert!("EXR016".parse::<CheckId>().is_err());
    }
}
