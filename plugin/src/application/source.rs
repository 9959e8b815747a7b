//! The URL of a Git repository that a build can clone.

use crate::error::Error;

/// Schemes that a build clones from (openshift/source-to-image `pkg/scm/git/url.go`).
const SCHEMES: [&str; 6] = ["git", "git+ssh", "http", "https", "ssh", "ssh+git"];

/// A URL that a build can clone and that holds no credential. No error quotes the URL: it may hold one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GitUrl(String);

impl GitUrl {
    /// Reads `SCHEME://HOST/PATH` or `[USER@]HOST:PATH`.
    ///
    /// # Errors
    /// [`Error::Usage`] with the correction.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let refuse = |why: &str| Err(Error::usage(format!("--source: {why}")));
        let text = text.trim();
        if text.is_empty() {
            return refuse("the URL is empty");
        }
        if text.contains(char::is_whitespace) {
            return refuse("a URL cannot contain spaces");
        }
        match Form::parse(text) {
            Form::Url { scheme, .. } if scheme.eq_ignore_ascii_case("file") => refuse(LOCAL),
            Form::Url { scheme, .. } if !SCHEMES.contains(&&*scheme.to_ascii_lowercase()) => {
                refuse(
                    "a build cannot clone from this kind of URL; use https://, ssh:// or \
                 git@HOST:PATH",
                )
            }
            Form::Url { host: "", .. } => refuse("the URL has no host"),
            Form::Url {
                scheme,
                user,
                query,
                ..
            } if holds_credential(scheme, user, query) => refuse(CREDENTIAL),
            Form::Scp { user, path, .. } if user.contains(':') || path.contains('@') => {
                refuse(CREDENTIAL)
            }
            Form::Url { .. } | Form::Scp { .. } => Ok(Self(text.to_owned())),
            Form::Path { may_be_host: true } => refuse(
                "the URL has no scheme: add https://, or use a Git server that the \
                 cluster can reach",
            ),
            Form::Path { may_be_host: false } => refuse(LOCAL),
        }
    }

    /// The original text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

const LOCAL: &str = "this is a path on this machine, and a build in the cluster clones from a Git \
                     server: push it to one and use its URL; to build the files of this machine, \
                     set the build up with --dockerfile FILE and start it with \"oc start-build NAME \
                     --from-dir DIR\"";
const CREDENTIAL: &str = "the URL contains a credential, and everyone who can view the BuildConfig \
                          would see it: remove it, store it with \"oc create secret generic NAME \
                          --type=kubernetes.io/basic-auth --from-file=password=FILE\" and pass the \
                          secret with --source-secret NAME";

/// The forms of a URL.
enum Form<'a> {
    Url {
        scheme: &'a str,
        user: Option<&'a str>,
        host: &'a str,
        query: &'a str,
    },
    Scp {
        user: &'a str,
        path: &'a str,
    },
    Path {
        /// Whether it starts with a host.
        may_be_host: bool,
    },
}

impl<'a> Form<'a> {
    fn parse(text: &'a str) -> Self {
        if let Some((scheme, rest)) = text.split_once("://") {
            let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
            let authority = rest.split('/').next().unwrap_or_default();
            let (user, host) = match authority.rsplit_once('@') {
                Some((user, host)) => (Some(user), host),
                None => (None, authority),
            };
            return Self::Url {
                scheme,
                user,
                host,
                query,
            };
        }
        let (user, rest) = match text.split_once('@') {
            Some((user, rest)) if !user.contains('/') => (user, rest),
            _ => ("", text),
        };
        match rest.split_once(':') {
            // A single letter is a Windows drive.
            Some((host, path)) if host.len() > 1 && !host.contains('/') && !path.is_empty() => {
                Self::Scp { user, path }
            }
            _ => {
                let first = text.split('/').next().unwrap_or_default();
                Self::Path {
                    may_be_host: text.contains('/')
                        && first.contains('.')
                        && !first.starts_with('.'),
                }
            }
        }
    }
}

fn holds_credential(scheme: &str, user: Option<&str>, query: &str) -> bool {
    let is_http = scheme.to_ascii_lowercase().starts_with("http");
    let in_query = ["token", "password", "secret", "key"]
        .iter()
        .any(|word| query.to_ascii_lowercase().contains(word));
    in_query || user.is_some_and(|user| is_http && !user.is_empty() || user.contains(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cloneable_urls_are_accepted() {
        for good in [
            "https://github.com/ably77/python-lyapp",
            "https://github.com/ably77/python-lyapp.git#main",
            "http://git.example.com:8080/a.git",
            "ssh://git@github.com/a/b.git",
            "ssh://git@github.com:2222/a/b.git",
            "git://example.com/a",
            "git@github.com:ably77/python-lyapp.git",
            "gitlab.example.com:group/sub/app.git",
            "https://example.com/x.git?depth=1",
        ] {
            assert_eq!(GitUrl::parse(good).unwrap().as_str(), good);
        }
    }

    #[test]
    fn other_urls_are_refused_with_the_fix() {
        for (bad, expected) in [
            ("", "URL is empty"),
            ("  ", "URL is empty"),
            ("https://a b", "spaces"),
            ("./cart", "path on this machine"),
            ("../cart", "--from-dir"),
            ("cart", "path on this machine"),
            ("cart/app", "path on this machine"),
            ("/src/cart", "path on this machine"),
            ("~/cart", "path on this machine"),
            (r"C:\src\cart", "path on this machine"),
            (".", "path on this machine"),
            ("file:///src/cart", "path on this machine"),
            ("github.com/ably77/app", "no scheme"),
            ("s3://bucket/app", "cannot clone"),
            ("https:///app", "no host"),
        ] {
            let error = GitUrl::parse(bad).unwrap_err();
            assert_eq!(error.exit().code(), 2, "{bad}");
            assert!(error.to_string().contains(expected), "{bad}: {error}");
        }
    }

    #[test]
    fn a_credential_is_refused_and_not_quoted() {
        for bad in [
            "https://ghp_s3cr3t@github.com/u/a",
            "https://u:s3cr3t@github.com/u/a",
            "HTTPS://oauth2:s3cr3t@gitlab.com/u/a.git",
            "http://x-access-token:s3cr3t@github.com/u/a",
            "ssh://git:s3cr3t@github.com/u/a",
            "https://gitlab.com/u/a.git?private_token=s3cr3t",
            "u:s3cr3t@github.com:u/a.git",
        ] {
            let error = GitUrl::parse(bad).unwrap_err().to_string();
            assert!(error.contains("--source-secret"), "{bad}: {error}");
            assert!(!error.contains("s3cr3t"), "{bad}: {error}");
        }
    }
}
