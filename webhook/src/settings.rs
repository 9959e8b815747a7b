//! The webhook's command line, validated and independent of clap.

use std::path::PathBuf;
use std::time::Duration;

use extreg_core::policy::Mode;
use tracing_subscriber::filter::Targets;

use crate::args::{Args, LogFormat, LogLevelError, ModeCap};
use crate::metrics::Metrics;
use crate::server::{Clients, Config, Drain, Limits, Trust};

/// The configuration of the process.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The server.
    pub server: Config,
    /// Where facts come from.
    pub cluster: Cluster,
    /// Where policies come from, if not from the cluster.
    pub policy_file: Option<PathBuf>,
    /// The strongest mode of any policy.
    pub mode_cap: Mode,
    /// The namespace that the webhook runs in.
    pub namespace: Option<String>,
    /// Whether nothing is changed in a namespace whose labels are unknown.
    pub require_namespace_labels: bool,
    /// The format of log lines.
    pub log_format: LogFormat,
    /// The log filter.
    pub log_filter: Targets,
}

/// Where facts come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cluster {
    /// The cluster of a kubeconfig.
    Kubeconfig(PathBuf),
    /// The cluster of the user's own kubeconfig, or else the cluster of the pod.
    Inferred,
    /// None.
    None,
}

/// Why a command line is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// An invalid duration.
    #[error("--{flag}: {value:?} is not a valid duration; use a value such as 500ms, 2s or 1m")]
    Duration {
        /// The flag.
        flag: &'static str,
        /// The value.
        value: String,
    },
    /// A limit of zero.
    #[error("--{flag} cannot be 0")]
    Zero {
        /// The flag.
        flag: &'static str,
    },
    /// A flag of an earlier version.
    #[error(
        "--{flag} is no longer a flag of the webhook: extreg-importer follows builds, with its own \
         Deployment; \"oc extreg upgrade --yes\" or \"oc extreg webhook install --follow-builds\" installs it, and \
         outside the cluster run extreg-importer --namespace NAME"
    )]
    Moved {
        /// The flag.
        flag: &'static str,
    },
    /// An invalid log filter.
    #[error(transparent)]
    LogLevel(#[from] LogLevelError),
}

impl Settings {
    /// Validates the arguments.
    pub fn new(args: Args) -> Result<Self, SettingsError> {
        // Destructured here, so that an unused flag does not compile.
        let Args {
            listen,
            tls_cert,
            tls_key,
            client_ca,
            client_name,
            reload_every,
            policy,
            no_cluster,
            kubeconfig,
            mode_cap,
            namespace,
            require_namespace_labels,
            follow_builds,
            follow_namespaces,
            max_in_flight,
            deadline,
            drain_wait,
            drain_deadline,
            operation,
        } = args;
        if follow_builds || follow_namespaces.is_some() {
            return Err(SettingsError::Moved {
                flag: if follow_builds {
                    "follow-builds"
                } else {
                    "follow-namespaces"
                },
            });
        }
        if max_in_flight == 0 {
            return Err(SettingsError::Zero {
                flag: "max-in-flight",
            });
        }
        let server = Config {
            listen,
            health_listen: operation.health_listen,
            certificate: tls_cert,
            key: tls_key,
            clients: client_ca.map(|ca| Clients {
                ca,
                names: client_name,
            }),
            trust: Trust::default(),
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
            namespace,
            require_namespace_labels,
            log_format: operation.log_format,
            log_filter: operation.log_filter()?,
        })
    }
}

fn positive(flag: &'static str, value: &str) -> Result<Duration, SettingsError> {
    match duration(flag, value)? {
        Duration::ZERO => Err(SettingsError::Zero { flag }),
        duration => Ok(duration),
    }
}

/// A whole number with a unit, as Kubernetes' own flags accept it.
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
        assert_eq!(settings.server.clients, config.clients);
        assert_eq!(settings.server.limits, config.limits);
        assert_eq!(settings.server.drain, config.drain);
        assert_eq!(settings.server.reload_every, config.reload_every);
        assert_eq!(settings.cluster, Cluster::Inferred);
        assert_eq!(settings.mode_cap, Mode::Enforce);
    }

    #[test]
    fn flags_that_have_moved_name_the_program_that_has_them() {
        for flag in ["--follow-builds", "--follow-namespaces={}"] {
            let error = settings(&[flag, "--namespace=hooks"]).unwrap_err();
            let error = error.to_string();
            let name = flag.trim_end_matches("={}");
            assert!(error.starts_with(name), "{error}");
            for words in [
                "extreg-importer --namespace",
                "webhook install --follow-builds",
            ] {
                assert!(error.contains(words), "{error}");
            }
        }
        let help = <Args as clap::CommandFactory>::command()
            .render_help()
            .to_string();
        assert!(!help.contains("follow"), "{help}");
    }

    #[test]
    fn client_names_need_a_client_ca() {
        let clients = |args: &[&str]| settings(args).unwrap().server.clients;
        assert_eq!(clients(&[]), None);
        let all = clients(&["--client-ca=ca.crt"]).unwrap();
        assert_eq!((all.ca, all.names), (PathBuf::from("ca.crt"), Vec::new()));
        let two = ["--client-ca=ca.crt", "--client-name=a", "--client-name=b"];
        assert_eq!(clients(&two).unwrap().names, ["a", "b"]);
        assert!(Args::try_parse_from(["w", "--client-name=a"]).is_err());
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
    fn invalid_values_are_rejected() {
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
