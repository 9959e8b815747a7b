//! The checks: their titles, severities and benchmark controls.

use std::fmt;
use std::str::FromStr;

/// The address of the checks' pages.
const DOCS: &str = "https://extreg.io/checks";

/// A check. The meaning of its identifier never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the titles describe them")]
pub enum CheckId {
    Exr001,
    Exr002,
    Exr003,
    Exr004,
    Exr005,
    Exr006,
    Exr007,
    Exr008,
    Exr009,
    Exr010,
    Exr011,
    Exr012,
    Exr013,
    Exr014,
    Exr015,
}

/// The severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Information only.
    Info,
    /// Little harm.
    Low,
    /// Harm in some cases.
    Medium,
    /// Harm.
    High,
    /// Immediate harm.
    Critical,
}

/// An invalid name of a check.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown check {0:?}: the checks are EXR001 to EXR015")]
pub struct UnknownCheck(String);

impl CheckId {
    /// Every check, in order.
    pub const ALL: [Self; 15] = [
        Self::Exr001,
        Self::Exr002,
        Self::Exr003,
        Self::Exr004,
        Self::Exr005,
        Self::Exr006,
        Self::Exr007,
        Self::Exr008,
        Self::Exr009,
        Self::Exr010,
        Self::Exr011,
        Self::Exr012,
        Self::Exr013,
        Self::Exr014,
        Self::Exr015,
    ];

    /// `EXR001`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exr001 => "EXR001",
            Self::Exr002 => "EXR002",
            Self::Exr003 => "EXR003",
            Self::Exr004 => "EXR004",
            Self::Exr005 => "EXR005",
            Self::Exr006 => "EXR006",
            Self::Exr007 => "EXR007",
            Self::Exr008 => "EXR008",
            Self::Exr009 => "EXR009",
            Self::Exr010 => "EXR010",
            Self::Exr011 => "EXR011",
            Self::Exr012 => "EXR012",
            Self::Exr013 => "EXR013",
            Self::Exr014 => "EXR014",
            Self::Exr015 => "EXR015",
        }
    }

    /// The title.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Exr001 => "Image from a registry outside policy",
            Self::Exr002 => "Cluster allow-list of registries absent",
            Self::Exr003 => "Import allow-list of registries absent",
            Self::Exr004 => "Insecure registry configured or used",
            Self::Exr005 => "External tag not scheduled, failing or stale",
            Self::Exr006 => "Mutable tag without trigger or digest",
            Self::Exr007 => "Anonymous pull or import from a metered registry",
            Self::Exr008 => "Import budget exceeds the account's allowance",
            Self::Exr009 => "Credential too broad, shared, ambiguous or useless",
            Self::Exr010 => "Unqualified short name",
            Self::Exr011 => "BuildConfig base, source or output outside policy",
            Self::Exr012 => "Image bypasses the required ImageStream or trigger",
            Self::Exr013 => "Signature policy missing for an approved registry",
            Self::Exr014 => "Webhook absent, failing open or near expiry",
            Self::Exr015 => "Legacy or hidden mirror of a registry",
        }
    }

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

impl Severity {
    /// All of them, the least severe first.
    pub const ALL: [Self; 5] = [
        Self::Info,
        Self::Low,
        Self::Medium,
        Self::High,
        Self::Critical,
    ];

    /// The name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
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
