//! The controls of benchmarks that a check speaks to.
//!
//! A check is evidence for a control, never all of it. Where the benchmark's own rules look at the same
//! field, the control is firm; where the check only helps somebody who argues for it, the control is
//! supporting. The numbers are those that ComplianceAsCode, kube-bench and the benchmarks print: the
//! NSA/CISA guide has none, so it has none here.

mod table;

use std::fmt;
use std::str::FromStr;

use crate::check::CheckId;

/// A benchmark, standard or guide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Benchmark {
    /// CIS, for OpenShift.
    CisOpenShift,
    /// CIS, for Kubernetes.
    CisKubernetes,
    /// NIST SP 800-53.
    Nist80053,
    /// NIST SP 800-190.
    Nist800190,
    /// DISA STIG, for OpenShift.
    Stig,
    /// BSI IT-Grundschutz.
    Bsi,
    /// PCI: the guidance for containers, and the DSS that it explains.
    Pci,
}

/// A control of a benchmark, in the version that numbers it so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Control {
    /// The benchmark.
    pub benchmark: Benchmark,
    /// The version that has this number.
    pub version: &'static str,
    /// The number, as the benchmark writes it.
    pub id: &'static str,
    /// Whether the check only supports the control: the benchmark's own text asks for something else,
    /// or nobody has confirmed the mapping.
    pub supporting: bool,
}

/// A text that is no benchmark.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no benchmark {0:?}: there are cis-ocp, cis-k8s, nist, nist-190, stig, bsi, pci")]
pub struct UnknownBenchmark(String);

impl Benchmark {
    /// Every benchmark, in order.
    pub const ALL: [Self; 7] = [
        Self::CisOpenShift,
        Self::CisKubernetes,
        Self::Nist80053,
        Self::Nist800190,
        Self::Stig,
        Self::Bsi,
        Self::Pci,
    ];

    /// Its name, without a version.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CisOpenShift => "CIS Red Hat OpenShift Container Platform 4 Benchmark",
            Self::CisKubernetes => "CIS Kubernetes Benchmark",
            Self::Nist80053 => "NIST SP 800-53",
            Self::Nist800190 => "NIST SP 800-190",
            Self::Stig => "DISA STIG for Red Hat OpenShift Container Platform 4",
            Self::Bsi => "BSI IT-Grundschutz Compendium",
            Self::Pci => "PCI Guidance for Containers and Container Orchestration Tools",
        }
    }

    /// The version that its controls are of, unless a control says otherwise.
    ///
    /// SP 800-53 is revision 4: CM-5(3), which the rules for OpenShift cite, is withdrawn in 5.
    pub const fn version(self) -> &'static str {
        match self {
            Self::CisOpenShift => "1.9.0",
            Self::CisKubernetes => "1.12",
            Self::Nist80053 => "Rev. 4",
            Self::Nist800190 => "2017",
            Self::Stig => "OCP 4",
            Self::Bsi | Self::Pci => "2022",
        }
    }

    /// The word for it on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::CisOpenShift => "cis-ocp",
            Self::CisKubernetes => "cis-k8s",
            Self::Nist80053 => "nist",
            Self::Nist800190 => "nist-190",
            Self::Stig => "stig",
            Self::Bsi => "bsi",
            Self::Pci => "pci",
        }
    }
}

impl CheckId {
    /// The controls that it is evidence for, sorted.
    pub const fn controls(self) -> &'static [Control] {
        table::controls(self)
    }
}

impl fmt::Display for Benchmark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// `CIS Kubernetes Benchmark 1.12 5.5.1`, and what it is worth if that is less than the whole.
impl fmt::Display for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.benchmark, self.version, self.id)?;
        if self.supporting {
            f.write_str(" (supporting)")?;
        }
        Ok(())
    }
}

impl FromStr for Benchmark {
    type Err = UnknownBenchmark;

    fn from_str(text: &str) -> Result<Self, UnknownBenchmark> {
        Self::ALL
            .into_iter()
            .find(|benchmark| benchmark.word().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownBenchmark(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_benchmark_is_found_by_its_word() {
        for benchmark in Benchmark::ALL {
            assert_eq!(benchmark.word().parse(), Ok(benchmark));
        }
        let error = "cis".parse::<Benchmark>().unwrap_err().to_string();
        for benchmark in Benchmark::ALL {
            assert!(error.contains(benchmark.word()), "{error}");
        }
    }

    #[test]
    fn controls_are_sorted_and_told_once() {
        for check in CheckId::ALL {
            let controls = check.controls();
            assert!(
                controls.windows(2).all(|pair| pair[0] < pair[1]),
                "{check}: {controls:?}"
            );
        }
    }

    #[test]
    fn every_benchmark_has_a_control_of_its_own_version() {
        for benchmark in Benchmark::ALL {
            let mut all = CheckId::ALL.iter().flat_map(|check| check.controls());
            assert!(
                all.any(|control| control.benchmark == benchmark
                    && control.version == benchmark.version()),
                "{benchmark}"
            );
        }
    }

    #[test]
    fn a_number_depends_on_benchmark_and_version() {
        let always_pull: Vec<_> = CheckId::Exr006
            .controls()
            .iter()
            .filter(|control| control.id.starts_with("1.2."))
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            always_pull,
            [
                "CIS Red Hat OpenShift Container Platform 4 Benchmark 1.8 1.2.9 (supporting)",
                "CIS Kubernetes Benchmark 1.12 1.2.11 (supporting)",
            ]
        );
    }
}
