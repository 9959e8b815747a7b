//! One exception: the accepted findings, the reason and the expiry date.

use std::collections::BTreeSet;
use std::fmt;

use extreg_snapshot::kind::Kind;
use serde::{Deserialize, Serialize};

use super::pattern::{ImagePattern, PatternError, TextGlob};
use super::term::{Term, TermError};
use crate::check::{CheckId, UnknownCheck};
use crate::finding::Finding;

/// One exception as written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExceptionEntry {
    /// The check; this or [`Self::checks`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
    /// Several checks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<String>,
    /// The kind: `Deployment` or `deployments.apps`; none for any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// A pattern over the namespace; none for any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// A pattern over the object's name; none for any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A pattern over the container, tag or key; none for any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// A pattern over the image; none for any, and for findings without an image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The kind of finding, a finding's rule; none for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The reason; required.
    pub reason: Option<String>,
    /// The expiry date in UTC, `YYYY-MM-DD`, on which it still holds; required.
    pub expires: Option<String>,
}

/// One exception after validation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    place: String,
    written: ExceptionEntry,
    checks: BTreeSet<CheckId>,
    kinds: Vec<Kind>,
    namespace: Option<TextGlob>,
    name: Option<TextGlob>,
    part: Option<TextGlob>,
    image: Option<ImagePattern>,
    rule: Option<String>,
    term: Term,
}

/// Why an entry is invalid. The text names the field and what to write there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// It names no check, or does so in two fields.
    #[error("write either check: EXR007 or checks: [EXR006, EXR007]")]
    Checks,
    /// It names an unknown check.
    #[error("check: {0}")]
    UnknownCheck(#[from] UnknownCheck),
    /// It names an unknown kind.
    #[error(
        "kind: the audit does not read the kind {0:?}; write it like Deployment or deployments.apps, or \
         omit it for any kind"
    )]
    Kind(String),
    /// A pattern is invalid.
    #[error("{field}: {cause}")]
    Pattern {
        /// The field.
        field: &'static str,
        /// The cause.
        cause: PatternError,
    },
    /// The rule is invalid.
    #[error("rule: {0:?} is not a valid rule; write it as findings show it, such as not-allowed")]
    Rule(String),
    /// The reason or the expiry date is missing or invalid.
    #[error("{field}: {cause}")]
    Term {
        /// The field.
        field: &'static str,
        /// The cause.
        cause: TermError,
    },
}

impl Exception {
    /// Validates an entry; `place` is its position, `exceptions.yaml:12`.
    pub fn parse(place: String, entry: &ExceptionEntry) -> Result<Self, EntryError> {
        let names = match (&entry.check, &*entry.checks) {
            (Some(check), []) => std::slice::from_ref(check),
            (None, checks @ [_, ..]) => checks,
            _ => return Err(EntryError::Checks),
        };
        let checks = names
            .iter()
            .map(|name| name.parse())
            .collect::<Result<_, _>>()?;
        let kinds = match &entry.kind {
            Some(text) => Kind::named(text),
            None => Kind::ALL.to_vec(),
        };
        if kinds.is_empty() {
            return Err(EntryError::Kind(entry.kind.clone().unwrap_or_default()));
        }
        let image = entry.image.as_deref().map(ImagePattern::parse);
        let is_rule = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if let Some(rule) = &entry.rule
            && (rule.is_empty() || !rule.chars().all(is_rule))
        {
            return Err(EntryError::Rule(rule.clone()));
        }
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        let term = Term::parse(&text(&entry.reason), &text(&entry.expires));
        Ok(Self {
            place,
            written: entry.clone(),
            checks,
            kinds,
            namespace: glob("namespace", entry.namespace.as_deref())?,
            name: glob("name", entry.name.as_deref())?,
            part: glob("part", entry.part.as_deref())?,
            image: image.transpose().map_err(|cause| EntryError::Pattern {
                field: "image",
                cause,
            })?,
            rule: entry.rule.clone(),
            term: term.map_err(|cause| EntryError::Term {
                field: match cause {
                    TermError::NoReason => "reason",
                    TermError::NoDate | TermError::Date(_) => "expires",
                },
                cause,
            })?,
        })
    }

    /// Its position: `exceptions.yaml:12`.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The entry as written.
    pub fn written(&self) -> &ExceptionEntry {
        &self.written
    }

    /// Whether it applies to the same findings as another one; ignores reason and expiry date.
    pub fn is_for_the_same(&self, other: &Self) -> bool {
        let patterns = |one: &Self| {
            let of = &one.written;
            let all = [&of.namespace, &of.name, &of.part, &of.image, &of.rule];
            all.map(Clone::clone)
        };
        self.checks == other.checks
            && self.kinds == other.kinds
            && patterns(self) == patterns(other)
    }

    /// The checks that it applies to.
    pub fn checks(&self) -> &BTreeSet<CheckId> {
        &self.checks
    }

    /// The kinds that it applies to.
    pub fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    /// The namespaces that it applies to; none for any.
    pub fn namespace(&self) -> Option<&TextGlob> {
        self.namespace.as_ref()
    }

    /// The reason and the expiry date.
    pub fn term(&self) -> &Term {
        &self.term
    }

    /// Whether it applies to this finding; ignores the expiry date.
    pub fn covers(&self, finding: &Finding) -> bool {
        let object = &finding.place.object;
        let fits = |glob: &Option<TextGlob>, text: &str| {
            glob.as_ref().is_none_or(|glob| glob.matches(text))
        };
        self.checks.contains(&finding.check)
            && self.kinds.contains(&object.kind)
            && self.rule.as_ref().is_none_or(|rule| rule == finding.rule)
            && fits(&self.namespace, &object.namespace)
            && fits(&self.name, &object.name)
            && fits(&self.part, &finding.place.part)
            && self.image.as_ref().is_none_or(|pattern| {
                let image = finding.image.as_ref();
                image.is_some_and(|image| pattern.matches(image))
            })
    }
}

/// Its position and its checks, to identify it in a line.
impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: exception for", self.place)?;
        for (position, check) in self.checks.iter().enumerate() {
            let between = if position == 0 { " " } else { ", " };
            write!(f, "{between}{check}")?;
        }
        Ok(())
    }
}

fn glob(field: &'static str, text: Option<&str>) -> Result<Option<TextGlob>, EntryError> {
    text.map(TextGlob::parse)
        .transpose()
        .map_err(|cause| EntryError::Pattern { field, cause })
}

#[cfg(test)]
mod tests {
    use super::*;
    use extreg_snapshot::testing::{image, object, place};

    fn entry(change: impl FnOnce(&mut ExceptionEntry)) -> ExceptionEntry {
        let mut entry = ExceptionEntry {
            check: Some("EXR001".to_owned()),
            reason: Some("moved in Q1".to_owned()),
            expires: Some("2027-01-31".to_owned()),
            ..ExceptionEntry::default()
        };
        change(&mut entry);
        entry
    }

    fn finding() -> Finding {
        let place = place(&object(Kind::Deployment, "shop", "cart"), "web", "spec");
        Finding {
            image: Some(image("docker.io/acme/app:1")),
            ..crate::testing::finding(CheckId::Exr001, "not-allowed", place)
        }
    }

    #[test]
    fn each_field_narrows_it() {
        type Change = fn(&mut ExceptionEntry);
        let table: [(Change, bool); 18] = [
            (|_| {}, true),
            (|e| e.check = Some("exr001".into()), true),
            (|e| e.check = Some("EXR002".into()), false),
            (|e| e.kind = Some("Deployment".into()), true),
            (|e| e.kind = Some("deployments.apps".into()), true),
            (|e| e.kind = Some("deployment.apps".into()), true),
            (|e| e.kind = Some("pod".into()), false),
            (|e| e.namespace = Some("sh*".into()), true),
            (|e| e.namespace = Some("sho".into()), false),
            (|e| e.name = Some("cart".into()), true),
            (|e| e.name = Some("art".into()), false),
            (|e| e.part = Some("web".into()), true),
            (|e| e.part = Some("init".into()), false),
            (|e| e.image = Some("docker.io/acme/*".into()), true),
            (|e| e.image = Some("docker.io/acme/app:2".into()), false),
            (|e| e.rule = Some("not-allowed".into()), true),
            (|e| e.rule = Some("other".into()), false),
            (
                |e| {
                    e.check = None;
                    e.checks = vec!["EXR001".to_owned(), "EXR007".to_owned()];
                },
                true,
            ),
        ];
        for (change, want) in table {
            let entry = entry(change);
            let exception = Exception::parse("x.yaml:1".to_owned(), &entry).unwrap();
            assert_eq!(exception.covers(&finding()), want, "{entry:?}");
        }
    }

    #[test]
    fn two_apply_to_the_same_findings_whatever_their_reason() {
        let parse = |entry: ExceptionEntry| Exception::parse("x:1".to_owned(), &entry).unwrap();
        let one = parse(entry(|e| e.kind = Some("Deployment".into())));
        let longer = parse(entry(|e| {
            e.kind = Some("deployments.apps".into());
            e.expires = Some("2028-01-31".into());
        }));
        let other = parse(entry(|e| {
            e.kind = Some("Deployment".into());
            e.part = Some("web".into());
        }));
        assert!(one.is_for_the_same(&longer) && longer.is_for_the_same(&one));
        assert!(!one.is_for_the_same(&other));
        assert_eq!(one.written().kind.as_deref(), Some("Deployment"));
    }

    #[test]
    fn an_image_limits_it_to_findings_about_images() {
        let entry = entry(|e| e.image = Some("docker.io/**".into()));
        let exception = Exception::parse(String::new(), &entry).unwrap();
        let mut finding = finding();
        finding.image = None;
        assert!(!exception.covers(&finding));
    }

    #[test]
    fn a_build_is_of_either_group_unless_specified() {
        assert_eq!(Kind::named("Build"), [Kind::Build, Kind::ShipwrightBuild]);
        assert_eq!(Kind::named("builds.shipwright.io"), [Kind::ShipwrightBuild]);
        for kind in Kind::ALL {
            assert_eq!(Kind::named(&kind.api().resource()), [kind]);
        }
    }

    #[test]
    fn a_bad_entry_is_reported_with_the_field_and_the_correction() {
        type Change = fn(&mut ExceptionEntry);
        let table: [(Change, &str); 13] = [
            (|e| e.check = None, "check: EXR007 or checks:"),
            (|e| e.checks = vec!["EXR001".to_owned()], "either check"),
            (
                |e| e.check = Some("EXR099".into()),
                "unknown check \"EXR099\"",
            ),
            (
                |e| e.kind = Some("Deploy".into()),
                "does not read the kind \"Deploy\"",
            ),
            (
                |e| e.kind = Some("deployments.batch".into()),
                "does not read the kind",
            ),
            (|e| e.name = Some(String::new()), "name: it is empty"),
            (
                |e| e.image = Some("docker.io".into()),
                "image: \"docker.io\" is only",
            ),
            (
                |e| e.rule = Some("Not allowed".into()),
                "rule: \"Not allowed\"",
            ),
            (|e| e.reason = None, "reason: no reason"),
            (|e| e.reason = Some("  ".into()), "reason: no reason"),
            (|e| e.expires = None, "expires: no expiry date"),
            (
                |e| e.expires = Some("soon".into()),
                "expires: \"soon\" is not a valid date",
            ),
            (
                |e| e.expires = Some("2027-02-29".into()),
                "expires: \"2027-02-29\"",
            ),
        ];
        for (change, want) in table {
            let error = Exception::parse(String::new(), &entry(change)).unwrap_err();
            assert!(error.to_string().contains(want), "{error}");
        }
    }
}
