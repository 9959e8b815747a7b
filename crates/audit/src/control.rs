//! The controls of benchmarks that the checks give evidence for.
//!
//! Benchmarks renumber their controls from version to version, so each number is stored with its
//! benchmark and its version. If a rule of ComplianceAsCode checks the same field,
//! the mapping is that rule's own (`applications/openshift/registry`, `controls/stig_ocp4.yml`,
//! `controls/bsi_app_4_4.yml`). A check that finds nothing is evidence for a control, never proof
//! that it is met.

use std::fmt;
use std::str::FromStr;

use crate::check::CheckId;
use extreg_core::vocabulary;

/// A control that a check gives evidence for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Control {
    /// Its benchmark.
    pub benchmark: Benchmark,
    /// Its number there.
    pub id: &'static str,
    /// How close the check is to it.
    pub relation: Relation,
}

vocabulary! {
    /// A benchmark, in one version.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Benchmark {
        /// CIS Red Hat OpenShift Container Platform Benchmark.
        CisOpenShift => "CIS OpenShift", "1.9.0";
        /// DISA Security Technical Implementation Guide for OpenShift.
        Stig => "DISA STIG OpenShift", "4.12 V1R1";
        /// NIST SP 800-53.
        Nist80053 => "NIST SP 800-53", "Rev. 4";
        /// NIST SP 800-190.
        Nist800190 => "NIST SP 800-190", "2017";
        /// BSI IT-Grundschutz.
        Bsi => "BSI IT-Grundschutz", "2022";
        /// PCI DSS.
        PciDss => "PCI DSS", "4.0.1";
    }
    /// Its name.
    pub fn title;
    /// The version whose numbers are given.
    pub fn version;
}

/// How close a check is to a control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Relation {
    /// The control requires what the check inspects.
    Asks,
    /// The check supports the control, which does not name what it inspects: our interpretation.
    Supports,
}

impl Benchmark {
    /// Its word on the command line; both publications of NIST have one.
    pub const fn word(self) -> &'static str {
        match self {
            Self::CisOpenShift => "cis-ocp",
            Self::Stig => "stig",
            Self::Nist80053 | Self::Nist800190 => "nist",
            Self::Bsi => "bsi",
            Self::PciDss => "pci",
        }
    }
}

impl Relation {
    /// Its word in the formats.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Asks => "asks",
            Self::Supports => "supports",
        }
    }
}

/// An unknown benchmark.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown benchmark {0:?}: the benchmarks are bsi, cis-ocp, nist, pci and stig")]
pub struct UnknownBenchmark(String);

/// Parses its word; `nist` is SP 800-53, whose word SP 800-190 shares.
impl FromStr for Benchmark {
    type Err = UnknownBenchmark;

    fn from_str(text: &str) -> Result<Self, UnknownBenchmark> {
        Self::ALL
            .into_iter()
            .find(|benchmark| benchmark.word().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownBenchmark(text.to_owned()))
    }
}

impl fmt::Display for Benchmark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.title(), self.version())
    }
}

/// `CIS OpenShift 1.9.0 5.5.1`.
impl fmt::Display for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.benchmark, self.id)
    }
}

impl CheckId {
    /// The controls that it gives evidence for, in the order of [`Benchmark::ALL`].
    pub const fn controls(self) -> &'static [Control] {
        use Benchmark::{Bsi, CisOpenShift, Nist80053, Nist800190, PciDss, Stig};

        match self {
            Self::Exr001 => {
                const {
                    &[
                        asks(CisOpenShift, "5.5.1"),
                        asks(Stig, "CNTR-OS-000380"),
                        asks(Nist80053, "CM-7(5)"),
                        asks(Nist80053, "CM-11"),
                        asks(Nist800190, "4.1.5"),
                        asks(Bsi, "SYS.1.6.A6"),
                        supports(Bsi, "SYS.1.6.A12"),
                    ]
                }
            }
            Self::Exr002 | Self::Exr003 => {
                const {
                    &[
                        asks(CisOpenShift, "5.5.1"),
                        asks(Stig, "CNTR-OS-000890"),
                        asks(Stig, "CNTR-OS-000900"),
                        asks(Nist80053, "CM-7(2)"),
                        asks(Nist800190, "4.1.5"),
                        asks(Bsi, "SYS.1.6.A6"),
                    ]
                }
            }
            Self::Exr004 => {
                const {
                    &[
                        asks(CisOpenShift, "5.5.1"),
                        asks(Stig, "CNTR-OS-000010"),
                        asks(Nist80053, "CM-5(3)"),
                        asks(Nist800190, "4.2.1"),
                        asks(Bsi, "APP.4.4.A12"),
                    ]
                }
            }
            Self::Exr005 => {
                const {
                    &[
                        asks(Stig, "CNTR-OS-000890"),
                        asks(Stig, "CNTR-OS-000900"),
                        asks(Nist80053, "SI-2(c)"),
                        asks(Nist800190, "4.2.2"),
                    ]
                }
            }
            Self::Exr006 => const { &[supports(Nist80053, "CM-2"), asks(Nist800190, "4.2.2")] },
            Self::Exr007 => const { &[supports(Nist80053, "SC-5"), asks(Nist800190, "4.2.3")] },
            Self::Exr008 => const { &[supports(Nist80053, "SC-5")] },
            Self::Exr009 => {
                const {
                    &[
                        supports(Nist80053, "IA-5"),
                        supports(Nist800190, "4.1.4"),
                        asks(Nist800190, "4.2.3"),
                        supports(PciDss, "8.6.2"),
                    ]
                }
            }
            Self::Exr010 => {
                const {
                    &[
                        asks(CisOpenShift, "5.5.1"),
                        asks(Nist80053, "CM-7(5)"),
                        asks(Nist800190, "4.1.5"),
                        supports(Bsi, "SYS.1.6.A6"),
                    ]
                }
            }
            Self::Exr011 => {
                const {
                    &[
                        asks(CisOpenShift, "5.5.1"),
                        asks(Nist80053, "CM-7(5)"),
                        supports(Nist80053, "SA-10"),
                        asks(Nist800190, "4.1.5"),
                        asks(Bsi, "SYS.1.6.A6"),
                    ]
                }
            }
            Self::Exr012 => const { &[supports(Nist80053, "CM-3"), asks(Nist800190, "4.2.2")] },
            Self::Exr013 => {
                const {
                    &[
                        supports(CisOpenShift, "5.5.1"),
                        supports(Nist80053, "SI-7"),
                        asks(Nist800190, "4.1.5"),
                        asks(Bsi, "SYS.1.6.A12"),
                    ]
                }
            }
            Self::Exr014 => const { &[supports(Nist80053, "CM-7(5)")] },
            Self::Exr015 => &[],
        }
    }
}

const fn asks(benchmark: Benchmark, id: &'static str) -> Control {
    Control {
        benchmark,
        id,
        relation: Relation::Asks,
    }
}

const fn supports(benchmark: Benchmark, id: &'static str) -> Control {
    Control {
        benchmark,
        id,
        relation: Relation::Supports,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_controls_of_a_check_are_in_order_and_named_once() {
        for check in CheckId::ALL {
            let named: Vec<_> = check
                .controls()
                .iter()
                .map(|control| (control.benchmark, control.id))
                .collect();
            let mut benchmarks: Vec<_> = named.iter().map(|(benchmark, _)| *benchmark).collect();
            assert!(benchmarks.is_sorted(), "{check}");
            benchmarks.dedup();
            let mut once = named.clone();
            once.sort_unstable();
            once.dedup();
            assert_eq!(once.len(), named.len(), "{check}");
        }
    }

    /// What each rule of ComplianceAsCode carries as its references.
    #[test]
    fn numbers_are_those_of_the_rules_of_complianceascode() {
        for (check, numbers) in [
            (CheckId::Exr002, ["5.5.1", "CNTR-OS-000890", "CM-7(2)"]),
            (CheckId::Exr003, ["5.5.1", "CNTR-OS-000890", "CM-7(2)"]),
            (CheckId::Exr004, ["5.5.1", "CNTR-OS-000010", "CM-5(3)"]),
            (
                CheckId::Exr005,
                ["CNTR-OS-000890", "CNTR-OS-000900", "SI-2(c)"],
            ),
        ] {
            for number in numbers {
                assert!(
                    check
                        .controls()
                        .iter()
                        .any(|control| control.id == number && control.relation == Relation::Asks),
                    "{check} {number}"
                );
            }
        }
    }
}
