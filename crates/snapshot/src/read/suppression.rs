//! Annotations by which an object suppresses a check.

use super::intern::Names;
use super::view::Chosen;
use crate::snapshot::Annotation;

/// On an object or its pod template, for the whole object.
const KEY: &str = "extreg.io/ignore-checks";

/// The annotations that suppress a check: `extreg.io/ignore-checks`, and for one container or tag
/// `extreg.io/ignore-checks.NAME`.
pub(super) fn of<'a>(
    annotations: &'a Chosen<'_>,
    names: &'a mut Names,
) -> impl Iterator<Item = Annotation> + 'a {
    annotations.below(KEY).filter_map(move |(rest, value)| {
        let part = match rest.strip_prefix('.') {
            Some(part) if !part.is_empty() => Some(names.get(part)),
            None if rest.is_empty() => None,
            _ => return None,
        };
        Some(Annotation {
            part,
            key: names.field(format_args!("{KEY}{rest}")),
            value: names.get(value),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_part_is_what_follows_the_dot() {
        let json = r#"{"extreg.io/ignore-checks":"EXR001","extreg.io/ignore-checks.web":"EXR006",
            "extreg.io/ignore-checks.":"a","extreg.io/ignore-checksum":"b","extreg.io/ignore":"true"}"#;
        let chosen: Chosen<'_> = serde_json::from_str(json).unwrap();
        let mut names = Names::default();
        let found: Vec<_> = of(&chosen, &mut names)
            .map(|a| (a.part.as_deref().map(str::to_owned), a.key, a.value))
            .collect();
        assert_eq!(
            found,
            [
                (None, "extreg.io/ignore-checks".into(), "EXR001".into()),
                (
                    Some("web".to_owned()),
                    "extreg.io/ignore-checks.web".into(),
                    "EXR006".into()
                ),
            ]
        );
    }
}
