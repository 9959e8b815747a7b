//! DNS names as Kubernetes validates them (apimachinery `pkg/util/validation/validation.go`).

/// The longest subdomain, in bytes.
const MAX_SUBDOMAIN: usize = 253;

/// Whether text consists of a-z, 0-9 and -, without a - at either end. Labels of any length: `IsDNS1123Subdomain` does not
/// limit them, and a name that must be a label has a limit of its own.
pub fn is_label(text: &str) -> bool {
    let is_inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !text.is_empty() && text.bytes().all(is_inner) && !text.starts_with('-') && !text.ends_with('-')
}

/// Whether text is labels separated by dots: the name of a secret, a policy or a ServiceAccount.
pub fn is_subdomain(text: &str) -> bool {
    text.len() <= MAX_SUBDOMAIN && text.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subdomains_are_labels_with_dots() {
        for (text, label, subdomain) in [
            ("a", true, true),
            ("0a-b", true, true),
            ("a.b", false, true),
            ("", false, false),
            ("-a", false, false),
            ("a-", false, false),
            ("A", false, false),
            ("a..b", false, false),
            ("a_b", false, false),
        ] {
            assert_eq!(
                (is_label(text), is_subdomain(text)),
                (label, subdomain),
                "{text:?}"
            );
        }
        assert!(is_subdomain(&"a".repeat(253)));
        assert!(!is_subdomain(&"a".repeat(254)));
    }
}
