//! Which controls each check is evidence for.

use super::Benchmark::{self, Bsi, CisKubernetes, CisOpenShift, Nist80053, Nist800190, Pci, Stig};
use super::Control;
use crate::check::CheckId;

/// CIS OpenShift 5.5.1: image provenance through the image configuration of the cluster.
const PROVENANCE: Control = firm(CisOpenShift, "5.5.1");
/// The same where the benchmark's four automated rules do not look.
const PROVENANCE_SPIRIT: Control = supporting(CisOpenShift, "5.5.1");
/// CIS Kubernetes 5.5.1: image provenance through the ImagePolicyWebhook, which OpenShift replaces.
const POLICY_WEBHOOK: Control = supporting(CisKubernetes, "5.5.1");
/// AlwaysPullImages, which makes a tag that moves harmless in one way; numbered by version.
const ALWAYS_PULL: Control = supporting(CisKubernetes, "1.2.11");
const ALWAYS_PULL_OPENSHIFT: Control = Control {
    version: "1.8",
    ..supporting(CisOpenShift, "1.2.9")
};
/// Use of untrusted images.
const UNTRUSTED: Control = firm(Nist800190, "4.1.5");
/// Stale images in registries.
const STALE: Control = firm(Nist800190, "4.2.2");
/// Insufficient authentication to registries.
const AUTHENTICATION: Control = firm(Nist800190, "4.2.3");
/// Section 12 of the guidance: image building.
const PCI_BUILDING: Control = supporting(Pci, "section 12");
/// Section 13 of the guidance: registry.
const PCI_REGISTRY: Control = supporting(Pci, "section 13");
/// Use of secure images: they come from trusted sources.
const TRUSTED_SOURCES: Control = firm(Bsi, "SYS.1.6.A6");

pub(super) const fn controls(check: CheckId) -> &'static [Control] {
    match check {
        CheckId::Exr001 => EXR001,
        CheckId::Exr002 | CheckId::Exr003 => EXR002,
        CheckId::Exr004 => EXR004,
        CheckId::Exr005 => EXR005,
        CheckId::Exr006 => EXR006,
        CheckId::Exr007 => EXR007,
        CheckId::Exr008 => EXR008,
        CheckId::Exr009 => EXR009,
        CheckId::Exr010 => EXR010,
        CheckId::Exr011 => EXR011,
        CheckId::Exr012 => EXR012,
        CheckId::Exr013 => EXR013,
        CheckId::Exr014 => EXR014,
        CheckId::Exr015 => EXR015,
    }
}

const EXR001: &[Control] = &[
    PROVENANCE,
    POLICY_WEBHOOK,
    firm(Nist80053, "CM-11"),
    firm(Nist80053, "CM-7(5)"),
    UNTRUSTED,
    firm(Stig, "CNTR-OS-000380"),
    TRUSTED_SOURCES,
    PCI_REGISTRY,
];
const EXR002: &[Control] = &[
    PROVENANCE,
    firm(Nist80053, "CM-7(2)"),
    UNTRUSTED,
    firm(Stig, "CNTR-OS-000890"),
    TRUSTED_SOURCES,
    PCI_REGISTRY,
];
const EXR004: &[Control] = &[
    PROVENANCE,
    firm(Nist80053, "CM-5(3)"),
    firm(Nist800190, "4.2.1"),
    firm(Stig, "CNTR-OS-000010"),
    firm(Bsi, "APP.4.4.A12"),
    PCI_REGISTRY,
];
const EXR005: &[Control] = &[
    firm(Nist80053, "SI-2(c)"),
    STALE,
    firm(Stig, "CNTR-OS-000890"),
    firm(Stig, "CNTR-OS-000900"),
];
const EXR006: &[Control] = &[
    ALWAYS_PULL_OPENSHIFT,
    ALWAYS_PULL,
    supporting(Nist80053, "CM-2"),
    STALE,
];
const EXR007: &[Control] = &[supporting(Nist80053, "SC-5"), AUTHENTICATION];
const EXR008: &[Control] = &[supporting(Nist80053, "SC-5")];
const EXR009: &[Control] = &[
    supporting(Nist80053, "IA-5"),
    firm(Nist800190, "4.1.4"),
    AUTHENTICATION,
    Control {
        version: "DSS 4.0.1",
        ..supporting(Pci, "8.6.2")
    },
];
const EXR010: &[Control] = &[
    PROVENANCE,
    firm(Nist80053, "CM-7(5)"),
    UNTRUSTED,
    TRUSTED_SOURCES,
];
const EXR011: &[Control] = &[
    PROVENANCE,
    firm(Nist80053, "CM-7(5)"),
    supporting(Nist80053, "SA-10"),
    UNTRUSTED,
    TRUSTED_SOURCES,
    PCI_BUILDING,
];
const EXR012: &[Control] = &[supporting(Nist80053, "CM-3"), STALE];
const EXR013: &[Control] = &[
    PROVENANCE_SPIRIT,
    POLICY_WEBHOOK,
    supporting(Nist80053, "SI-7"),
    UNTRUSTED,
    firm(Bsi, "SYS.1.6.A12"),
];
const EXR014: &[Control] = &[PROVENANCE_SPIRIT, firm(Nist80053, "CM-7(5)")];
const EXR015: &[Control] = &[];

const fn firm(benchmark: Benchmark, id: &'static str) -> Control {
    Control {
        benchmark,
        version: benchmark.version(),
        id,
        supporting: false,
    }
}

const fn supporting(benchmark: Benchmark, id: &'static str) -> Control {
    Control {
        supporting: true,
        ..firm(benchmark, id)
    }
}
