//! The fields of the document.

use extreg_audit::finding::{Finding, Suppression};
use extreg_audit::saved::KnownFinding;
use extreg_remedy::Rendered;
use extreg_snapshot::{Injection, OptOut};
use serde::{Serialize, Serializer};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Document<'a> {
    pub(super) api_version: &'static str,
    pub(super) kind: &'static str,
    pub(super) generated: &'a str,
    pub(super) version: &'a str,
    pub(super) summary: SummaryOf,
    pub(super) checks: Vec<CheckOf>,
    pub(super) sections: Vec<SectionOf<'a>>,
    pub(super) unused_exceptions: &'a [String],
    pub(super) notices: &'a [String],
    pub(super) fixed: &'a [KnownFinding],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SummaryOf {
    pub(super) open: BySeverity,
    pub(super) suppressed: usize,
    pub(super) unknown: usize,
    pub(super) objects: usize,
    pub(super) uses: usize,
    pub(super) gaps: usize,
    pub(super) coverage_percent: usize,
}

#[derive(Serialize)]
pub(super) struct BySeverity {
    pub(super) critical: usize,
    pub(super) high: usize,
    pub(super) medium: usize,
    pub(super) low: usize,
    pub(super) info: usize,
}

#[derive(Serialize)]
pub(super) struct CheckOf {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) severity: &'static str,
    pub(super) docs: String,
    pub(super) controls: Vec<ControlOf>,
}

#[derive(Serialize)]
pub(super) struct ControlOf {
    pub(super) benchmark: &'static str,
    pub(super) version: &'static str,
    pub(super) id: &'static str,
    pub(super) relation: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SectionOf<'a> {
    pub(super) source: &'a str,
    pub(super) coverage: CoverageOf<'a>,
    pub(super) findings: Each<'a, Finding, FindingOf<'a>>,
    pub(super) injections: Each<'a, Injection, InjectionOf<'a>>,
    pub(super) opt_outs: Each<'a, OptOut, OptOutOf<'a>>,
}

/// A list whose elements are created while they are written: all of them together would need as
/// much memory as the report.
pub(super) struct Each<'a, T, R> {
    pub(super) of: &'a [T],
    pub(super) make: fn(&'a T) -> R,
}

impl<T, R: Serialize> Serialize for Each<'_, T, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.of.iter().map(self.make))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CoverageOf<'a> {
    pub(super) percent: usize,
    pub(super) objects: usize,
    pub(super) scope: ScopeOf<'a>,
    pub(super) read: Vec<CountOf>,
    pub(super) not_served: Vec<String>,
    pub(super) gaps: Vec<GapOf<'a>>,
    pub(super) other_kinds: Vec<OtherOf<'a>>,
}

#[derive(Serialize)]
pub(super) struct ScopeOf<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) namespaces: Option<Vec<&'a str>>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) selector: &'a str,
}

#[derive(Serialize)]
pub(super) struct CountOf {
    pub(super) resource: String,
    pub(super) objects: usize,
}

#[derive(Serialize)]
pub(super) struct OtherOf<'a> {
    pub(super) kind: &'a str,
    pub(super) objects: usize,
}

#[derive(Serialize)]
pub(super) struct GapOf<'a> {
    pub(super) what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) resource: Option<String>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) namespace: &'a str,
    pub(super) reason: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) message: &'a str,
}

#[derive(Serialize)]
pub(super) struct FindingOf<'a> {
    pub(super) fingerprint: String,
    pub(super) check: &'static str,
    pub(super) rule: &'static str,
    pub(super) severity: &'static str,
    pub(super) outcome: &'static str,
    pub(super) state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) baseline: Option<&'static str>,
    pub(super) place: PlaceOf<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) image: Option<ImageOf<'a>>,
    pub(super) message: &'a str,
    pub(super) why: &'a str,
    pub(super) fix: Rendered,
    pub(super) docs: String,
    pub(super) controls: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) suppression: Option<&'a Suppression>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PlaceOf<'a> {
    pub(super) api_version: String,
    pub(super) kind: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) part: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) field: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) file: Option<FileOf<'a>>,
}

#[derive(Serialize)]
pub(super) struct FileOf<'a> {
    pub(super) path: &'a str,
    pub(super) line: usize,
}

#[derive(Serialize)]
pub(super) struct ImageOf<'a> {
    pub(super) written: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) registry: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) repository: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) digest: &'a str,
}

#[derive(Serialize)]
pub(super) struct InjectionOf<'a> {
    pub(super) place: PlaceOf<'a>,
    pub(super) image: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) policy: Option<&'a str>,
    pub(super) outcome: &'static str,
    pub(super) message: &'a str,
    pub(super) warnings: &'a [String],
}

#[derive(Serialize)]
pub(super) struct OptOutOf<'a> {
    pub(super) place: PlaceOf<'a>,
    pub(super) by: &'a str,
}
