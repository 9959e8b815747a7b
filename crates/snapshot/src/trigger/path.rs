//! The container that a `fieldPath` names, and the one that it was meant to name.

use super::{ContainerNames, TriggerFault};

/// The container that `field`, below the pod's path, names (library-go
/// `pkg/image/trigger/annotations.go`, `parseContainerReference` and `findContainerBySelector`): by
/// index, or by name in exactly one spelling. A name is searched among init containers first,
/// regardless of the written list.
///
/// # Errors
/// [`TriggerFault::InvalidField`] or [`TriggerFault::NoContainer`].
pub fn container_at<'n>(field: &str, names: ContainerNames<'n>) -> Result<&'n str, TriggerFault> {
    let (list, rest) = match field.strip_prefix("containers[") {
        Some(rest) => (names.main, rest),
        None => match field.strip_prefix("initContainers[") {
            Some(rest) => (names.init, rest),
            None => return Err(TriggerFault::InvalidField),
        },
    };
    let (selector, rest) = rest.split_once(']').ok_or(TriggerFault::InvalidField)?;
    if rest.strip_prefix('.').unwrap_or(rest) != "image" {
        return Err(TriggerFault::InvalidField);
    }
    let container = if let Ok(index) = selector.parse::<i64>() {
        usize::try_from(index)
            .ok()
            .and_then(|index| list.get(index))
    } else {
        let name = selector.strip_prefix("?(@.name==\"").unwrap_or(selector);
        let name = name.strip_suffix("\")").unwrap_or(name);
        let mut all = names.init.iter().chain(names.main);
        all.find(|container| name != selector && **container == name)
    };
    container.copied().ok_or(TriggerFault::NoContainer)
}

/// The container that a user meant by a `fieldPath` that OpenShift does not resolve: another
/// spelling of the same, such as other quotes, spaces or a path above the pod. `None` if it names
/// no container of the pod in any spelling.
pub fn meant_container<'n>(field: &str, names: ContainerNames<'n>) -> Option<&'n str> {
    let (before, rest) = field.split_once("ontainers[")?;
    let (selector, _) = rest.split_once(']')?;
    let list = if before.ends_with("initC") {
        names.init
    } else {
        names.main
    };
    if let Ok(index) = selector.trim().parse::<usize>() {
        return list.get(index).copied();
    }
    let value = selector
        .rsplit_once('=')
        .map_or(selector, |(_, value)| value);
    let name = value.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let mut all = names.init.iter().chain(names.main);
    all.find(|container| **container == name).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: ContainerNames<'static> = ContainerNames {
        init: &["i"],
        main: &["c", "d"],
    };

    #[test]
    fn a_field_path_has_exactly_one_form() {
        for (field, want) in [
            (r#"containers[?(@.name=="c")].image"#, Ok("c")),
            (r#"containers[?(@.name=="i")].image"#, Ok("i")),
            (r#"initContainers[?(@.name=="d")].image"#, Ok("d")),
            ("containers[1].image", Ok("d")),
            ("containers[+1].image", Ok("d")),
            ("initContainers[0].image", Ok("i")),
            (r#"containers[?(@.name=="c")]image"#, Ok("c")),
            (
                "containers[?(@.name=='c')].image",
                Err(TriggerFault::NoContainer),
            ),
            (
                r#"containers[?(@.name == "c")].image"#,
                Err(TriggerFault::NoContainer),
            ),
            (
                r#"containers[@.name=="c"].image"#,
                Err(TriggerFault::NoContainer),
            ),
            ("containers[2].image", Err(TriggerFault::NoContainer)),
            ("containers[-1].image", Err(TriggerFault::NoContainer)),
            ("containers[c].image", Err(TriggerFault::NoContainer)),
            (
                "containers[0].imagePullPolicy",
                Err(TriggerFault::InvalidField),
            ),
            ("containers[0", Err(TriggerFault::InvalidField)),
            (
                "ephemeralContainers[0].image",
                Err(TriggerFault::InvalidField),
            ),
        ] {
            assert_eq!(container_at(field, NAMES), want, "{field}");
        }
    }

    #[test]
    fn another_spelling_still_names_a_container() {
        for (field, want) in [
            (
                "spec.template.spec.containers[?(@.name=='c')].image",
                Some("c"),
            ),
            (
                r#"spec.template.spec.containers[?(@.name == "d")].image"#,
                Some("d"),
            ),
            (
                r#"spec.template.spec.containers[@.name=="c"].image"#,
                Some("c"),
            ),
            ("spec.containers[1].image", Some("d")),
            ("spec.template.spec.initContainers[0].image", Some("i")),
            ("containers[c].image", Some("c")),
            ("spec.template.spec.containers[7].image", None),
            (
                "spec.template.spec.containers[?(@.name==\"x\")].image",
                None,
            ),
            ("foo.bar", None),
            ("", None),
        ] {
            assert_eq!(meant_container(field, NAMES), want, "{field}");
        }
    }
}
