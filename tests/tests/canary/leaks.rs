//! Searches all output for secrets.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// The forms of a secret in output: plain, or within base64, as in `auth` of a docker config, or in base64 twice, as in
/// a Secret.
#[derive(Debug)]
pub(crate) struct Canaries(Vec<(String, String)>);

impl Canaries {
    pub(crate) fn new(secrets: &[&str]) -> Self {
        let mut forms = Vec::new();
        for secret in secrets {
            assert!(secret.len() >= 16, "{secret} could match by chance");
            let once = within_base64(secret);
            let twice = once.iter().flat_map(|form| within_base64(form));
            forms.push((*secret).to_owned());
            forms.extend(once.iter().cloned().chain(twice));
        }
        let forms = forms.into_iter().map(|form| {
            let url_safe = form.replace('+', "-").replace('/', "_");
            (form, url_safe)
        });
        Self(forms.collect())
    }

    /// Fails if `text`, the output of `who`, contains one.
    pub(crate) fn assert_none(&self, who: &str, text: &str) {
        if let Some(found) = self.find(text) {
            panic!("{who} prints {found}:\n{text}");
        }
    }

    pub(crate) fn find(&self, text: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(form, url_safe)| text.contains(form) || text.contains(url_safe))
            .map(|(form, _)| form.as_str())
    }
}

/// The characters of the base64 of any text that contains `secret`: one string for each of the three offsets within a
/// group.
fn within_base64(secret: &str) -> Vec<String> {
    (0..3)
        .map(|before| {
            let text = format!("{}{secret}", "\0".repeat(before));
            let encoded = STANDARD_NO_PAD.encode(&text);
            // The first characters include bits of the text before, the last those of the text after.
            let first = (before * 8).div_ceil(6);
            let last = text.len() * 8 / 6;
            encoded[first..last].to_owned()
        })
        .collect()
}

#[test]
fn secret_is_found_within_any_text() {
    let secret = "canary-of-this-test";
    let canaries = Canaries::new(&[secret]);
    for before in ["", "a", "ab", "abc", "user:"] {
        for behind in ["", "\n", "\"}}}"] {
            let plain = format!("{before}{secret}{behind}");
            let once = STANDARD_NO_PAD.encode(&plain);
            let twice = STANDARD_NO_PAD.encode(format!("{{\"auth\":\"{once}\"}}"));
            for text in [&plain, &once, &twice] {
                assert!(canaries.find(&format!("x {text}=")).is_some(), "{text}");
            }
        }
    }
    assert_eq!(canaries.find("canary-of-this-tes"), None);
}
