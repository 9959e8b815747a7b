//! Which container an image trigger is for, by OpenShift's own strict rule.

/// The name of the container that `field`, below the pod's path, names among init containers and
/// containers (library-go `pkg/image/trigger/annotations.go`, `parseContainerReference` and
/// `findContainerBySelector`): an index, or a name in exactly one spelling; a name is looked for
/// among init containers first, whichever list is written.
///
/// # Errors
/// OpenShift's own words.
pub fn container_at<'n>(
    field: &str,
    init: &[&'n str],
    containers: &[&'n str],
) -> Result<&'n str, &'static str> {
    const INVALID: &str = "field path is not valid";
    let (list, rest) = match field.strip_prefix("containers[") {
        Some(rest) => (containers, rest),
        None => match field.strip_prefix("initContainers[") {
            Some(rest) => (init, rest),
            None => return Err(INVALID),
        },
    };
    let (selector, rest) = rest.split_once(']').ok_or(INVALID)?;
    if rest.strip_prefix('.').unwrap_or(rest) != "image" {
        return Err(INVALID);
    }
    let container = if let Ok(index) = selector.parse::<i64>() {
        usize::try_from(index)
            .ok()
            .and_then(|index| list.get(index))
    } else {
        let name = selector.strip_prefix("?(@.name==\"").unwrap_or(selector);
        let name = name.strip_suffix("\")").unwrap_or(name);
        let mut all = init.iter().chain(containers).filter(|_| name != selector);
        all.find(|container| **container == name)
    };
    container.copied().ok_or("no such container")
}
