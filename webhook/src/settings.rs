//! What the command line means: checked, and free of clap.

use std::path::PathBuf;
use std::time::Duration;

use extreg_core::policy::{Mode, Selector, SelectorDocument};
use tracing_subscriber::filter::Targets;

use crate::args::{Args, LogFormat, ModeCap};
use crate::metrics::Metrics;
use crate::server::{Config, Drain, Limits};

/// What to run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The server.
    pub server: Config,
    /// Where facts come from.
    pub cluster: Cluster,
    /// Where policies come from, if not from the cluster.
    pub policy_file: Option<PathBuf>,
    /// The most that any policy does.
    pub mode_cap: Mode,
    /// The namespace that the webhook runs in.
    pub namespace: Option<String>,
    /// Whether and where builds are followed.
    pub follow: Following,
    /// How log lines are written.
    pub log_format: LogFormat,
    /// What is logged.
    pub log_filter: Targets,
}

/// Where facts come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cluster {
    /// The cluster of a kubeconfig.
    Kubeconfig(PathBuf),
    /// The one that the user's own kubeconfig names, or else that the process runs in.
    Inferred,
    /// None.
    None,
}

/// Whether and where builds are followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Following {
    /// Nowhere.
    Off,
    /// By the replica that holds the Lease.
    On {
        /// The webhook's own namespace, where the Lease is.
        lease: String,
        /// The namespaces that are selected; none for all.
        selected: Option<Selector>,
    },
}

/// Why a command line cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A duration that is none.
    #[error("--{flag}: {value:?} is no duration; write it like 500ms, 2s or 1m")]
    Duration {
        /// The flag.
        flag: &'static str,
        /// What was given.
        value: String,
    },
    /// A limit of nothing.
    #[error("--{flag} cannot be 0")]
    Zero {
        /// The flag.
        flag: &'static str,
    },
    /// A selector that is none.
    #[error(
        "--follow-namespaces: {0}; write a label selector as JSON, like {{\"matchLabels\":{{\"team\":\"shop\"}}}}"
    )]
    Selector(String),
    /// A selector for nothing.
    #[error("--follow-namespaces says where builds are followed, and needs --follow-builds")]
    NotFollowing,
    /// Without a namespace there is no place for the Lease.
    #[error("--follow-builds needs --namespace, where its Lease is")]
    NoLease,
    /// A log filter that is none.
    #[error("--log-level: {0:?} is no level (error, warn, info, debug, trace) or TARGET=LEVEL")]
    LogLevel(String),
}

impl Settings {
    /// Checks what was typed.
    pub fn new(args: Args) -> Result<Self, SettingsError> {
        // Taken apart here, so that a flag that nobody uses does not compile.
        let Args {
            listen,
            health_listen,
            tls_cert,
            tls_key,
            reload_every,
            policy,
            no_cluster,
            kubeconfig,
            mode_cap,
            namespace,
            follow_builds,
            follow_namespaces,
            max_in_flight,
            deadline,
            drain_wait,
            drain_deadline,
            log_format,
            log_level,
        } = args;
        if max_in_flight == 0 {
            return Err(SettingsError::Zero {
                flag: "max-in-flight",
            });
        }
        let server = Config {
            listen,
            health_listen,
            certificate: tls_cert,
            key: tls_key,
            reload_every: positive("reload-every", &reload_every)?,
            limits: Limits {
                in_flight: max_in_flight.into(),
                deadline: positive("deadline", &deadline)?,
                ..Limits::default()
            },
            drain: Drain {
                wait: duration("drain-wait", &drain_wait)?,
                deadline: duration("drain-deadline", &drain_deadline)?,
            },
            metrics: Metrics::new(),
        };
        Ok(Self {
            server,
            cluster: match (no_cluster, kubeconfig) {
                (true, _) => Cluster::None,
                (false, Some(path)) => Cluster::Kubeconfig(path),
                (false, None) => Cluster::Inferred,
            },
            policy_file: policy,
            mode_cap: match mode_cap {
                ModeCap::Audit => Mode::Audit,
                ModeCap::Enforce => Mode::Enforce,
                ModeCap::Off => Mode::Off,
                ModeCap::Warn => Mode::Warn,
            },
            follow: following(follow_builds, follow_namespaces, namespace.clone())?,
            namespace,
            log_format,
            log_filter: log_level
                .parse()
                .map_err(|_| SettingsError::LogLevel(log_level))?,
        })
    }
}

fn following(
    follow: bool,
    selector: Option<String>,
    namespace: Option<String>,
) -> Result<Following, SettingsError> {
    match (follow, &selector) {
        (false, None) => return Ok(Following::Off),
        (false, Some(_)) => return Err(SettingsError::NotFollowing),
        (true, _) => {}
    }
    let lease = namespace.ok_or(SettingsError::NoLease)?;
    let selector = selector.map(|text| {
        let document: SelectorDocument =
            serde_json::from_str(&text).map_err(|error| error.to_string())?;
        Selector::compile(&document).map_err(|error| error.to_string())
    });
    let selector = selector.transpose().map_err(SettingsError::Selector)?;
    Ok(Following::On {
        lease,
        selected: selector.flatten(),
    })
}

fn positive(flag: &'static str, value: &str) -> Result<Duration, SettingsError> {
    match duration(flag, value)? {
        Duration::ZERO => Err(SettingsError::Zero { flag }),
        duration => Ok(duration),
    }
}

/// A whole number with a unit, as Kubernetes' own flags take it.
fn duration(flag: &'static str, value: &str) -> Result<Duration, SettingsError> {
    let invalid = || SettingsError::Duration {
        flag,
        value: value.to_owned(),
    };
    let digits = value.trim_end_matches(|character: char| character.is_ascii_alphabetic());
    let unit = value.get(digits.len()..).ok_or_else(invalid)?;
    let number: u32 = digits.parse().map_err(|_| invalid())?;
    let unit = match unit {
        "ms" => Duration::from_millis(1),
        "s" => Duration::from_secs(1),
        "m" => Duration::from_mins(1),
        "h" => Duration::from_hours(1),
        "" if number == 0 => Duration::ZERO,
        _ => return Err(invalid()),
    };
    unit.checked_mul(number).ok_or_else(invalid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    fn settings(args: &[&str]) -> Result<Settings, SettingsError> {
        let args = ["extreg-webhook"].iter().chain(args);
        Settings::new(Args::try_parse_from(args).unwrap())
    }

    #[test]
    fn defaults_are_those_of_the_server() {
        let settings = settings(&[]).unwrap();
        let config = Config::new("/etc/extreg/tls/tls.crt", "/etc/extreg/tls/tls.key");
        assert_eq!(settings.server.listen, config.listen);
        assert_eq!(settings.server.health_listen, config.health_listen);
        assert_eq!(settings.server.limits, config.limits);
        assert_eq!(settings.server.drain, config.drain);
        assert_eq!(settings.server.reload_every, config.reload_every);
        assert_eq!(settings.cluster, Cluster::Inferred);
        assert_eq!(settings.mode_cap, Mode::Enforce);
        assert_eq!(settings.follow, Following::Off);
    }

    #[test]
    fn builds_are_followed_where_there_is_a_lease() {
        let follow = |more: &[&str]| {
            let args = [&["--follow-builds"], more].concat();
            settings(&args).map(|settings| settings.follow)
        };
        let Following::On { lease, selected } = follow(&["--namespace=hooks"]).unwrap() else {
            panic!("off");
        };
        assert_eq!((lease.as_str(), selected), ("hooks", None));
        let namespaces = r#"--follow-namespaces={"matchLabels":{"team":"shop"}}"#;
        let Following::On { selected, .. } = follow(&["--namespace=hooks", namespaces]).unwrap()
        else {
            panic!("off");
        };
        let labels = [("team".to_owned(), "shop".to_owned())].into();
        let selector = selected.unwrap();
        assert!(selector.matches(&labels) && !selector.matches(&[].into()));

        assert_eq!(follow(&[]), Err(SettingsError::NoLease));
        for odd in [
            "team=shop",
            r#"{"match":1}"#,
            r#"{"matchExpressions":[{"key":"a","operator":"In"}]}"#,
        ] {
            let odd = format!("--follow-namespaces={odd}");
            let error = follow(&["--namespace=hooks", &odd]).unwrap_err();
            assert!(
                error.to_string().starts_with("--follow-namespaces: "),
                "{error}"
            );
        }
        let alone = settings(&["--namespace=hooks", namespaces]).err();
        assert_eq!(alone, Some(SettingsError::NotFollowing));
        let apart = ["w", "--follow-builds", "--no-cluster"];
        assert!(Args::try_parse_from(apart).is_err());
    }

    #[test]
    fn durations_have_a_unit() {
        let table = [
            ("500ms", Some(Duration::from_millis(500))),
            ("2s", Some(Duration::from_secs(2))),
            ("1m", Some(Duration::from_mins(1))),
            ("1h", Some(Duration::from_hours(1))),
            ("0", Some(Duration::ZERO)),
            ("0s", Some(Duration::ZERO)),
            ("2", None),
            ("", None),
            ("s", None),
            ("-1s", None),
            ("1.5s", None),
            ("2 s", None),
            ("1d", None),
            ("9999999999s", None),
            ("5é", None),
        ];
        for (text, expected) in table {
            assert_eq!(duration("deadline", text).ok(), expected, "{text:?}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let deadline = settings(&["--deadline=soon"]).unwrap_err();
        assert!(deadline.to_string().contains("--deadline: \"soon\""));
        for flag in ["--deadline=0", "--max-in-flight=0", "--reload-every=0s"] {
            assert!(
                matches!(settings(&[flag]), Err(SettingsError::Zero { .. })),
                "{flag}"
            );
        }
        assert!(settings(&["--log-level=a=b=c"]).is_err());
        assert!(Args::try_parse_from(["w", "--no-cluster", "--kubeconfig=x"]).is_err());
    }
}
