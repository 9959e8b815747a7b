//! Benchmarks as taxonomies, their controls as taxa.

use std::collections::{BTreeMap, BTreeSet};

use extreg_audit::check::CheckId;
use extreg_audit::control::Benchmark;

use super::model::{Component, ComponentRef, Descriptor, DescriptorRef};

/// The benchmarks that the checks give evidence for, each with its controls.
pub(super) struct Taxonomies(Vec<(Benchmark, Vec<&'static str>)>);

impl Taxonomies {
    pub(super) fn from_checks(checks: &[CheckId]) -> Self {
        let mut controls: BTreeMap<Benchmark, BTreeSet<&str>> = BTreeMap::new();
        for control in checks.iter().flat_map(|check| check.controls()) {
            controls
                .entry(control.benchmark)
                .or_default()
                .insert(control.id);
        }
        let controls = controls.into_iter();
        Self(
            controls
                .map(|(benchmark, ids)| (benchmark, ids.into_iter().collect()))
                .collect(),
        )
    }

    pub(super) fn components(&self) -> Vec<Component> {
        let benchmarks = self.0.iter();
        benchmarks
            .map(|(benchmark, ids)| Component {
                name: benchmark.title(),
                version: benchmark.version(),
                is_comprehensive: false,
                taxa: ids.iter().map(|id| Descriptor { id }).collect(),
            })
            .collect()
    }

    pub(super) fn references(&self) -> Vec<ComponentRef> {
        let benchmarks = self.0.iter().enumerate();
        benchmarks
            .map(|(index, (benchmark, _))| ComponentRef {
                name: benchmark.title(),
                index,
            })
            .collect()
    }

    /// The controls of a check.
    pub(super) fn taxa(&self, check: CheckId) -> Vec<DescriptorRef> {
        let controls = check.controls().iter();
        controls
            .filter_map(|control| {
                let at = self.0.iter().position(|(of, _)| *of == control.benchmark)?;
                let (benchmark, ids) = self.0.get(at)?;
                Some(DescriptorRef {
                    id: control.id,
                    index: ids.iter().position(|id| *id == control.id)?,
                    tool_component: ComponentRef {
                        name: benchmark.title(),
                        index: at,
                    },
                })
            })
            .collect()
    }
}
