//! Validates names by the rules of Kubernetes and OpenShift, before any request.

use extreg_core::dns;

use crate::error::Error;

/// The label that selects the pods of an application.
pub(crate) const APP: &str = "app.kubernetes.io/name";

/// The longest DNS label.
const MAX_LABEL: usize = 63;

/// The application's name: a DNS label, because it names a container and is a label value, and a valid ImageStream
/// name, in which separators cannot repeat (openshift-apiserver `pkg/image/apis/image/validation`
/// `ValidateImageStreamName`).
pub(crate) fn application(name: &str) -> Result<(), Error> {
    if !is_label(name) {
        return Err(Error::usage(format!(
            "the name \"{name}\" is not a valid DNS label: at most 63 of a-z, 0-9 and -, and no - at either end"
        )));
    }
    if name.contains("--") {
        return Err(Error::usage(format!(
            "the name \"{name}\" is not a valid ImageStream name: no two - next to each other"
        )));
    }
    Ok(())
}

/// A project's name: a DNS label of at least two characters that is not a system namespace.
pub(crate) fn project(name: &str) -> Result<(), Error> {
    if !is_label(name) || name.len() < 2 {
        return Err(Error::usage(format!(
            "\"{name}\" is not a valid project name: 2 to 63 of a-z, 0-9 and -, and no - at either end"
        )));
    }
    let is_system = matches!(name, "default" | "openshift")
        || name.starts_with("openshift-")
        || name.starts_with("kube-");
    if is_system {
        return Err(Error::usage(format!(
            "namespace \"{name}\" is a system namespace: select another one with -n"
        )));
    }
    Ok(())
}

/// The name of a secret or service account: a DNS subdomain. `what` is its kind in the message.
pub(crate) fn subdomain(what: &str, name: &str) -> Result<(), Error> {
    if dns::is_subdomain(name) {
        return Ok(());
    }
    Err(Error::usage(format!(
        "{what} \"{name}\" is not a valid DNS subdomain: a-z, 0-9, - and ., starting and ending with a \
         letter or digit"
    )))
}

fn is_label(name: &str) -> bool {
    name.len() <= MAX_LABEL && dns::is_label(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn applications() {
        let long = "a".repeat(64);
        for good in ["app", "a", "1a", "python-lyapp", "a-b-c"] {
            assert!(application(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "App",
            "a_b",
            "a.b",
            "-a",
            "a-",
            "a--b",
            "a/b",
            "ä",
            long.as_str(),
        ] {
            assert_eq!(application(bad).unwrap_err().exit().code(), 2, "{bad}");
        }
    }

    #[test]
    fn projects() {
        for good in ["snow", "my-openshift", "defaults"] {
            assert!(project(good).is_ok(), "{good}");
        }
        for bad in [
            "a",
            "default",
            "openshift",
            "openshift-x",
            "kube-system",
            "Snow",
            "a.b",
        ] {
            assert!(project(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn subdomains() {
        for good in ["dockerhub", "docker.io", "a.b-c"] {
            assert!(subdomain("secret", good).is_ok(), "{good}");
        }
        for bad in ["", "a..b", ".a", "a.", "A", "a/b"] {
            assert!(subdomain("secret", bad).is_err(), "{bad}");
        }
    }
}
