//! Kubeconfigs, common and unusual.

/// One row: files by name, and the files in `KUBECONFIG`. `@A@` and `@B@` are the addresses of two
/// servers with TLS, `@P@` of one without, `@DIR@` is the folder of the files.
/// Rows without a credential use the server without TLS: with TLS, kubectl would prompt for a password.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) list: &'static str,
    pub(crate) files: &'static [(&'static str, &'static str)],
}

const ONE: &str = "{clusters: [{name: c, cluster: {server: 'https://@A@', insecure-skip-tls-verify: true}}], contexts: [{name: x, context: \
                   {cluster: c, user: u}}], users: [{name: u, user: {token: one}}], current-context: x}";
const TWO: &str = "{clusters: [{name: d, cluster: {server: 'https://@B@', insecure-skip-tls-verify: true}}], contexts: [{name: w, context: \
                   {cluster: d, user: v}}], users: [{name: v, user: {token: two}}], current-context: w}";

macro_rules! user {
    ($user:literal) => {
        concat!(
            "{clusters: [{name: c, cluster: {server: 'https://@A@', insecure-skip-tls-verify: true}}], contexts: [{name: x, context: \
             {cluster: c, user: u}}], users: [{name: u, user: ",
            $user,
            "}], current-context: x}"
        )
    };
}

macro_rules! cluster {
    ($cluster:literal) => {
        concat!(
            "{clusters: [{name: c, cluster: ",
            $cluster,
            "}], contexts: [{name: x, context: {cluster: c, user: u}}], users: [{name: u, user: {token: \
             one}}], current-context: x}"
        )
    };
}

/// Two files, each with its own context.
pub(crate) const BOTH: Row = Row {
    name: "first wins",
    list: "one:two",
    files: &[("one", ONE), ("two", TWO)],
};

pub(crate) const ROWS: &[Row] = &[
    Row {
        name: "one file",
        list: "one",
        files: &[("one", ONE)],
    },
    BOTH,
    Row {
        name: "the other order",
        list: "two:one",
        files: &[("one", ONE), ("two", TWO)],
    },
    Row {
        name: "missing first",
        list: "missing:one",
        files: &[("one", ONE)],
    },
    Row {
        name: "missing last",
        list: "one:missing",
        files: &[("one", ONE)],
    },
    Row {
        name: "all missing",
        list: "missing:none",
        files: &[],
    },
    Row {
        name: "empty entries",
        list: ":one::two:",
        files: &[("one", ONE), ("two", TWO)],
    },
    Row {
        name: "only empty entries",
        list: ":",
        files: &[],
    },
    Row {
        name: "the same twice",
        list: "one:one",
        files: &[("one", ONE)],
    },
    Row {
        name: "empty file",
        list: "empty:one",
        files: &[("empty", ""), ("one", ONE)],
    },
    Row {
        name: "comments only",
        list: "empty:one",
        files: &[("empty", "# nothing\n"), ("one", ONE)],
    },
    Row {
        name: "empty context",
        list: "first:two",
        files: &[("first", "{current-context: ''}"), ("two", TWO)],
    },
    Row {
        name: "context in a later file",
        list: "first:two",
        files: &[("first", "{current-context: w}"), ("two", TWO)],
    },
    Row {
        name: "context that does not exist",
        list: "first:two",
        files: &[("first", "{current-context: z}"), ("two", TWO)],
    },
    Row {
        name: "no context",
        list: "first",
        files: &[(
            "first",
            "{clusters: [{name: c, cluster: {server: 'https://@A@', insecure-skip-tls-verify: true}}]}",
        )],
    },
    Row {
        name: "same cluster in two files",
        list: "one:second",
        files: &[
            ("one", ONE),
            (
                "second",
                "{clusters: [{name: c, cluster: {server: 'https://@B@', insecure-skip-tls-verify: true}}]}",
            ),
        ],
    },
    Row {
        name: "same user in two files",
        list: "one:second",
        files: &[
            ("one", ONE),
            ("second", "{users: [{name: u, user: {token: other}}]}"),
        ],
    },
    Row {
        name: "duplicate names in a file",
        list: "first",
        files: &[(
            "first",
            "{clusters: [{name: c, cluster: {server: 'https://@A@', insecure-skip-tls-verify: true}}, {name: c, cluster: {server: 'https://@B@', insecure-skip-tls-verify: true}}], \
         contexts: [{name: x, context: {cluster: c}}], current-context: x}",
        )],
    },
    Row {
        name: "users null",
        list: "first",
        files: &[(
            "first",
            "{clusters: [{name: c, cluster: {server: 'http://@P@'}}], contexts: [{name: x, context: {cluster: c, \
         user: ''}}], users: null, current-context: x}",
        )],
    },
    Row {
        name: "user that does not exist",
        list: "first",
        files: &[(
            "first",
            "{clusters: [{name: c, cluster: {server: 'http://@P@'}}], contexts: [{name: x, context: {cluster: c, \
         user: missing}}], current-context: x}",
        )],
    },
    Row {
        name: "unknown fields",
        list: "first",
        files: &[(
            "first",
            "{apiVersion: v1, kind: Config, preferences: {}, more: 1, clusters: [{name: c, cluster: {server: \
         'http://@A@', more: x, extensions: [{name: e, extension: {a: 1}}]}}], contexts: [{name: x, context: \
         {cluster: c, user: u, more: 1}}], users: [{name: u, user: {token: one, more: 1}}], current-context: x}",
        )],
    },
    Row {
        name: "another kind",
        list: "first",
        files: &[("first", "{kind: Secret, apiVersion: v1}")],
    },
    Row {
        name: "another version",
        list: "first",
        files: &[("first", "{kind: Config, apiVersion: v7}")],
    },
    Row {
        name: "not YAML",
        list: "first",
        files: &[("first", "clusters: [")],
    },
    Row {
        name: "broken beside a good one",
        list: "one:first",
        files: &[("one", ONE), ("first", "clusters: [")],
    },
    Row {
        name: "JSON",
        list: "first",
        files: &[(
            "first",
            r#"{"clusters":[{"name":"c","cluster":{"server":"https://@A@","insecure-skip-tls-verify":true}}],"contexts":[{"name":"x","context":{"cluster":"c","user":"u"}}],"users":[{"name":"u","user":{"token":"one"}}],"current-context":"x"}"#,
        )],
    },
    Row {
        name: "byte order mark",
        list: "first",
        files: &[(
            "first",
            concat!(
                "\u{feff}",
                "clusters: [{name: c, cluster: {server: 'http://@P@'}}]\ncontexts: [{name: x, context: {cluster: c}}]\ncurrent-context: x\n"
            ),
        )],
    },
    Row {
        name: "token file",
        list: "first",
        files: &[
            ("first", user!("{tokenFile: '@DIR@/token'}")),
            ("token", "in-file"),
        ],
    },
    Row {
        name: "token file with a line end",
        list: "first",
        files: &[
            ("first", user!("{tokenFile: '@DIR@/token'}")),
            ("token", "in-file\n"),
        ],
    },
    Row {
        name: "token file in white space",
        list: "first",
        files: &[
            ("first", user!("{tokenFile: token}")),
            ("token", " \n in-file \r\n"),
        ],
    },
    Row {
        name: "token file of the file's folder",
        list: "sub/first",
        files: &[
            ("sub/first", user!("{tokenFile: token}")),
            ("sub/token", "in-sub\n"),
        ],
    },
    Row {
        name: "token file above",
        list: "sub/first",
        files: &[
            ("sub/first", user!("{tokenFile: ../token}")),
            ("token", "above\n"),
        ],
    },
    Row {
        name: "token file that does not exist",
        list: "first",
        files: &[("first", user!("{tokenFile: missing}"))],
    },
    Row {
        name: "token and token file",
        list: "first",
        files: &[
            ("first", user!("{token: inline, tokenFile: token}")),
            ("token", "in-file\n"),
        ],
    },
    Row {
        name: "token and a missing token file",
        list: "first",
        files: &[("first", user!("{token: inline, tokenFile: missing}"))],
    },
    Row {
        name: "basic",
        list: "first",
        files: &[("first", user!("{username: me, password: secret}"))],
    },
    Row {
        name: "basic without a password",
        list: "first",
        files: &[("first", user!("{username: me}"))],
    },
    Row {
        name: "password without a name, with a token",
        list: "first",
        files: &[("first", user!("{token: one, password: secret}"))],
    },
    Row {
        name: "token and basic",
        list: "first",
        files: &[(
            "first",
            user!("{token: one, username: me, password: secret}"),
        )],
    },
    Row {
        name: "impersonation",
        list: "first",
        files: &[("first", user!("{token: one, as: other, as-groups: [g]}"))],
    },
    Row {
        name: "certificate without a key",
        list: "first",
        files: &[("first", user!("{client-certificate-data: QQ==}"))],
    },
    Row {
        name: "key without a certificate",
        list: "first",
        files: &[("first", user!("{token: one, client-key-data: QQ==}"))],
    },
    Row {
        name: "missing certificate",
        list: "first",
        files: &[(
            "first",
            user!("{client-certificate: missing, client-key: missing}"),
        )],
    },
    Row {
        name: "exec that does not exist",
        list: "first",
        files: &[(
            "first",
            user!(
                "{exec: {apiVersion: client.authentication.k8s.io/v1, command: no-such-plugin, interactiveMode: Never, \
         installHint: install it}}"
            ),
        )],
    },
    Row {
        name: "exec without a command",
        list: "first",
        files: &[(
            "first",
            user!("{exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never}}"),
        )],
    },
    Row {
        name: "empty strings",
        list: "first",
        files: &[(
            "first",
            "{clusters: [{name: c, cluster: {server: 'https://@A@', insecure-skip-tls-verify: true, certificate-authority: '', \
         certificate-authority-data: '', proxy-url: '', tls-server-name: ''}}], contexts: [{name: x, context: \
         {cluster: c, user: u, namespace: ''}}], users: [{name: u, user: {token: one, tokenFile: '', username: \
         '', client-certificate: ''}}], current-context: x}",
        )],
    },
    Row {
        name: "no server",
        list: "first",
        files: &[("first", cluster!("{server: ''}"))],
    },
    Row {
        name: "server without a scheme",
        list: "first",
        files: &[("first", cluster!("{server: '@P@'}"))],
    },
    Row {
        name: "server without a scheme, with an option of TLS",
        list: "first",
        files: &[(
            "first",
            cluster!("{server: '@P@', insecure-skip-tls-verify: true}"),
        )],
    },
    Row {
        name: "a token over plain HTTP",
        list: "first",
        files: &[("first", cluster!("{server: 'http://@P@'}"))],
    },
    Row {
        name: "other credentials over plain HTTP",
        list: "first",
        files: &[(
            "first",
            "{clusters: [{name: c, cluster: {server: 'HTTP://@P@'}}], contexts: [{name: x, context: \
         {cluster: c, user: u}}], users: [{name: u, user: {username: me, password: secret, as: other, exec: \
         {apiVersion: client.authentication.k8s.io/v1, command: no-such-plugin, interactiveMode: Never}}}], \
         current-context: x}",
        )],
    },
    Row {
        name: "a token through a proxy to HTTPS",
        list: "first",
        files: &[(
            "first",
            cluster!("{server: 'https://127.0.0.1:9', proxy-url: 'http://@P@'}"),
        )],
    },
    Row {
        name: "server with a slash",
        list: "first",
        files: &[(
            "first",
            cluster!("{server: 'https://@A@/', insecure-skip-tls-verify: true}"),
        )],
    },
    Row {
        name: "server with a path",
        list: "first",
        files: &[(
            "first",
            cluster!("{server: 'https://@A@/k8s/c1', insecure-skip-tls-verify: true}"),
        )],
    },
    Row {
        name: "missing authority",
        list: "first",
        files: &[(
            "first",
            cluster!("{server: 'https://@A@', certificate-authority: missing}"),
        )],
    },
    Row {
        name: "authority as data and file",
        list: "first",
        files: &[(
            "first",
            cluster!(
                "{server: 'https://@A@', certificate-authority: first, certificate-authority-data: QQ==}"
            ),
        )],
    },
    Row {
        name: "proxy",
        list: "first",
        files: &[(
            "first",
            cluster!("{server: 'http://127.0.0.1:9', proxy-url: 'http://@P@'}"),
        )],
    },
    Row {
        name: "proxy with an invalid address",
        list: "first",
        files: &[(
            "first",
            cluster!(
                "{server: 'https://@A@', insecure-skip-tls-verify: true, proxy-url: 'http://[no'}"
            ),
        )],
    },
];
