//! Reading and merging kubeconfigs (client-go `tools/clientcmd/loader.go` `ClientConfigLoadingRules`).

use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf, absolute},
};

use kube::config::{AuthInfo, Cluster, Context, Kubeconfig, KubeconfigError};
use secrecy::{ExposeSecret as _, SecretString};

use crate::ConnectError;

/// The kubeconfig in force; `None` if no file exists. `explicit` is a file that must exist; otherwise the
/// files in `KUBECONFIG` are merged, skipping those that do not exist; otherwise it is
/// `~/.kube/config`. `get` reads an environment variable.
///
/// If several files set a cluster, a context, a user or the current context, the first one
/// counts. An empty value is not set.
///
/// # Errors
/// If an existing file cannot be read or is not a kubeconfig.
pub fn read(
    explicit: Option<&Path>,
    get: impl Fn(&str) -> Option<OsString>,
) -> Result<Option<Kubeconfig>, ConnectError> {
    if let Some(path) = explicit {
        return read_file(path).map(Some);
    }
    let mut files = Vec::new();
    for path in paths(get) {
        match read_file(&path) {
            Ok(kubeconfig) => files.push(kubeconfig),
            Err(ConnectError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    let merged = files
        .into_iter()
        .map(Ok)
        .reduce(|all, next| all?.merge(next?));
    merged.transpose().map_err(ConnectError::Kubeconfig)
}

/// Whether a kubeconfig contains no cluster, so that a pod's own account counts.
pub const fn is_empty(kubeconfig: &Kubeconfig) -> bool {
    kubeconfig.clusters.is_empty() && kubeconfig.contexts.is_empty()
}

/// The files to read, each once. A list of empty names only is still a list.
fn paths(get: impl Fn(&str) -> Option<OsString>) -> Vec<PathBuf> {
    if let Some(list) = get("KUBECONFIG").filter(|list| !list.is_empty()) {
        let mut seen = BTreeSet::new();
        return std::env::split_paths(&list)
            .filter(|path| !path.as_os_str().is_empty() && seen.insert(path.clone()))
            .collect();
    }
    let variable = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
    let home = get("HOME")
        .or_else(|| get(variable))
        .filter(|home| !home.is_empty());
    home.map(|home| Path::new(&home).join(".kube").join("config"))
        .into_iter()
        .collect()
}

fn read_file(path: &Path) -> Result<Kubeconfig, ConnectError> {
    let bytes = fs::read(path).map_err(|source| ConnectError::Read {
        path: path.to_owned(),
        source,
    })?;
    let not = |why: String| ConnectError::NotKubeconfig {
        path: path.to_owned(),
        why,
    };
    let text = text(&bytes).ok_or_else(|| not("neither UTF-8 nor UTF-16".to_owned()))?;
    let mut kubeconfig = Kubeconfig::from_yaml(&text).map_err(|error| match error {
        KubeconfigError::Parse(why) => not(why.location().map_or_else(
            || "invalid YAML".to_owned(),
            |place| format!("line {}, column {}", place.line(), place.column()),
        )),
        other => ConnectError::Kubeconfig(other),
    })?;
    // Removed after the check: files without one can be merged with files that have one.
    if kubeconfig
        .kind
        .take()
        .is_some_and(|kind| !["", "Config"].contains(&&*kind))
    {
        return Err(not("its kind is not Config".to_owned()));
    }
    if kubeconfig
        .api_version
        .take()
        .is_some_and(|version| !["", "v1"].contains(&&*version))
    {
        return Err(not("its apiVersion is not v1".to_owned()));
    }
    check_names(&kubeconfig, path)?;
    tidy(&mut kubeconfig);
    resolve_paths(&mut kubeconfig, path.parent().unwrap_or(Path::new("")));
    Ok(kubeconfig)
}

/// The text of a file that can begin with a byte order mark.
fn text(bytes: &[u8]) -> Option<String> {
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let (units, rest) = bytes.as_chunks::<2>();
        let units: Vec<u16> = units.iter().copied().map(unit).collect();
        rest.is_empty().then(|| String::from_utf16(&units).ok())?
    };
    match bytes {
        [0xFF, 0xFE, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => wide(rest, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] | rest => String::from_utf8(rest.to_vec()).ok(),
    }
}

fn check_names(kubeconfig: &Kubeconfig, path: &Path) -> Result<(), ConnectError> {
    let clusters = kubeconfig.clusters.iter().map(|named| &named.name);
    let contexts = kubeconfig.contexts.iter().map(|named| &named.name);
    let users = kubeconfig.auth_infos.iter().map(|named| &named.name);
    for (list, is_unique) in [
        ("clusters", is_unique(clusters)),
        ("contexts", is_unique(contexts)),
        ("users", is_unique(users)),
    ] {
        if !is_unique {
            return Err(ConnectError::Duplicate {
                path: path.to_owned(),
                list,
            });
        }
    }
    Ok(())
}

fn is_unique<'a>(mut names: impl Iterator<Item = &'a String>) -> bool {
    let mut seen = BTreeSet::new();
    names.all(|name| seen.insert(name))
}

/// Removes empty values, and the characters that Go's base64 skips.
fn tidy(kubeconfig: &mut Kubeconfig) {
    drop_empty(&mut kubeconfig.current_context);
    for named in &mut kubeconfig.contexts {
        let Context {
            user, namespace, ..
        } = named.context.get_or_insert_default();
        drop_empty(user);
        drop_empty(namespace);
    }
    for named in &mut kubeconfig.clusters {
        let cluster = named.cluster.get_or_insert_default();
        let Cluster {
            server,
            certificate_authority,
            certificate_authority_data,
            proxy_url,
            tls_server_name,
            ..
        } = cluster;
        for text in [server, certificate_authority, proxy_url, tls_server_name] {
            drop_empty(text);
        }
        drop_line_ends(certificate_authority_data);
    }
    for named in &mut kubeconfig.auth_infos {
        let user = named.auth_info.get_or_insert_default();
        tidy_user(user);
    }
}

fn tidy_user(user: &mut AuthInfo) {
    let AuthInfo {
        username,
        password,
        token,
        token_file,
        client_certificate,
        client_certificate_data,
        client_key,
        client_key_data,
        impersonate,
        ..
    } = user;
    drop_empty(username);
    // A username counts without a password (client-go `rest/config.go`, `transport.HasBasicAuth`).
    password.take_if(|password| password.expose_secret().is_empty());
    if username.is_some() {
        password.get_or_insert_with(|| SecretString::from(""));
    }
    for text in [token_file, client_certificate, client_key, impersonate] {
        drop_empty(text);
    }
    drop_line_ends(client_certificate_data);
    let key = client_key_data.take();
    *client_key_data = key.map(|key| without_line_ends(key.expose_secret()).into());
    for secret in [token, client_key_data] {
        if secret
            .as_ref()
            .is_some_and(|secret| secret.expose_secret().is_empty())
        {
            *secret = None;
        }
    }
}

fn drop_empty(text: &mut Option<String>) {
    if text.as_ref().is_some_and(String::is_empty) {
        *text = None;
    }
}

fn drop_line_ends(data: &mut Option<String>) {
    *data = data.take().map(|data| without_line_ends(&data));
    drop_empty(data);
}

fn without_line_ends(data: &str) -> String {
    data.replace(['\r', '\n'], "")
}

/// Resolves the paths of a file relative to its folder. The command of a credential plugin is a path if it
/// contains a separator; otherwise it is searched on the `PATH`.
fn resolve_paths(kubeconfig: &mut Kubeconfig, folder: &Path) {
    let resolve = |path: &mut Option<String>| {
        if let Some(path) = path
            && Path::new(path).is_relative()
        {
            let joined = folder.join(&path);
            let whole = absolute(&joined).unwrap_or(joined);
            *path = whole.to_string_lossy().into_owned();
        }
    };
    for named in &mut kubeconfig.clusters {
        resolve(&mut named.cluster.get_or_insert_default().certificate_authority);
    }
    for named in &mut kubeconfig.auth_infos {
        let user = named.auth_info.get_or_insert_default();
        resolve(&mut user.client_certificate);
        resolve(&mut user.client_key);
        resolve(&mut user.token_file);
        if let Some(exec) = &mut user.exec
            && exec
                .command
                .as_ref()
                .is_some_and(|command| command.contains(std::path::MAIN_SEPARATOR))
        {
            resolve(&mut exec.command);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_order_marks_are_not_part_of_the_text() {
        let wide =
            |unit: fn(u16) -> [u8; 2]| "\u{feff}a: ü".encode_utf16().flat_map(unit).collect();
        let bytes: [Vec<u8>; 4] = [
            "a: ü".into(),
            "\u{feff}a: ü".into(),
            wide(u16::to_le_bytes),
            wide(u16::to_be_bytes),
        ];
        for bytes in bytes {
            assert_eq!(text(&bytes).as_deref(), Some("a: ü"), "{bytes:?}");
        }
        for bytes in [&[0xFF, 0xFE, 0x61][..], &[0xFE, 0xFF, 0xD8, 0x00], &[0xFF]] {
            assert_eq!(text(bytes), None);
        }
    }

    #[test]
    fn a_list_names_its_files_and_no_other() {
        let paths = |list: &str| {
            let list = OsString::from(list);
            paths(move |name| match name {
                "KUBECONFIG" => Some(list.clone()),
                "HOME" => Some("/home/me".into()),
                _ => None,
            })
        };
        assert_eq!(paths(""), [Path::new("/home/me/.kube/config")]);
        assert!(paths(":").is_empty());
        assert_eq!(paths(":/a::/b:/a:"), [Path::new("/a"), Path::new("/b")]);
    }

    #[test]
    fn broken_file_is_not_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kubeconfig");
        for (text, expected) in [
            ("token: [hunter2\n", "line 1, column 8"),
            ("users:\n- {name: a, user: {token: [hunter2]}}\n", "line 2"),
            ("users:\n- {name: hunter2\n", "not a kubeconfig"),
            ("hunter2", "not a kubeconfig"),
            ("{kind: hunter2}", "kind is not Config"),
            ("{apiVersion: hunter2}", "apiVersion is not v1"),
            (
                "users: [{name: hunter2}, {name: hunter2}]",
                "duplicate users entry",
            ),
        ] {
            fs::write(&path, text).unwrap();
            let error = read(Some(&path), |_| None).unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{text}: {error}");
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
