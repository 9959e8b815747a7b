//! Renders a remedy as its caller types it.

use extreg_snapshot::kind::Kind;
use extreg_snapshot::place::ObjectId;
use serde::Serialize;

use super::patch::{PatchKind, patch};
use super::{Action, Inspection, Invocation, LinkUse, Remedy, RolloutStep, word};
use crate::Caller;

/// A remedy in the fields that programs read. A field never mixes a command and text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Rendered {
    /// The command that fixes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// An instruction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instruction: Option<String>,
    /// A command that changes nothing and shows the relevant state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inspect: Option<String>,
}

impl Rendered {
    /// In one line.
    pub fn text(&self) -> String {
        match (&self.instruction, &self.inspect) {
            (Some(instruction), Some(inspect)) => format!("{instruction}; see: {inspect}"),
            (instruction, inspect) => {
                let text = self.command.as_ref().or(instruction.as_ref());
                text.or(inspect.as_ref()).cloned().unwrap_or_default()
            }
        }
    }
}

/// The program that runs a command.
#[derive(Clone, Copy)]
enum Program {
    /// `oc` or `kubectl`, as the caller.
    Host,
    /// This program.
    Extreg,
    /// A command that only `oc` has.
    Oc,
}

impl Remedy {
    /// In the fields that programs read.
    pub fn rendered(&self, invocation: &Invocation) -> Rendered {
        let mut rendered = Rendered::default();
        match self {
            Self::Run(_) => rendered.command = self.command(invocation),
            Self::Inspect(inspection) => rendered.inspect = Some(inspection.command(invocation)),
            Self::Instruct { text, inspect } => {
                rendered.instruction = Some(text.clone());
                rendered.inspect = inspect.as_ref().map(|inspect| inspect.command(invocation));
            }
        }
        rendered
    }

    /// The command that fixes it, if one exists.
    pub fn command(&self, invocation: &Invocation) -> Option<String> {
        let commands: Vec<_> = self
            .actions()
            .iter()
            .map(|a| a.command(invocation))
            .collect();
        (!commands.is_empty()).then(|| commands.join(" && "))
    }

    /// In one line.
    pub fn text(&self, invocation: &Invocation) -> String {
        self.rendered(invocation).text()
    }
}

impl Action {
    /// As a shell command.
    pub fn command(&self, invocation: &Invocation) -> String {
        self.line(invocation.caller).text(invocation)
    }

    fn line(&self, caller: Caller) -> Line {
        // kubectl has no command for this.
        if let (Self::SetLookup { stream }, Caller::Oc) = (self, caller) {
            return Line::new(Program::Oc, &["set", "image-lookup", &stream.name])
                .in_namespace(&stream.namespace);
        }
        if let Some((kind, body)) = patch(self) {
            return patched(&self.target(), kind, &body.to_string());
        }
        let target = self.target();
        let namespace = &*target.namespace;
        match self {
            Self::LinkSecret {
                account,
                secret,
                uses,
            } => {
                let uses = match uses {
                    LinkUse::Pull => "pull",
                    LinkUse::Push => "push",
                };
                Line::new(Program::Extreg, &["secret", "link", secret, "--for", uses])
                    .and(&["--account", &account.name])
            }
            Self::SetCredential { secret, registry } => Line::new(
                Program::Extreg,
                &["secret", "set", &secret.name, "--registry", registry],
            ),
            Self::SetExcluded { secret, excluded } => {
                const KEY: &str = "openshift.io/image.excludeSecret";
                let object = secret.reference();
                if *excluded {
                    let pair = format!("{KEY}=true");
                    Line::new(Program::Host, &["annotate", &object, "--overwrite", &pair])
                } else {
                    Line::new(Program::Host, &["annotate", &object, &format!("{KEY}-")])
                }
            }
            Self::CreateTag { stream, tag, image } => Line::new(
                Program::Extreg,
                &["tag", image, &of(stream, tag), "--scheduled"],
            ),
            Self::ImportTag { stream, tag, wait } => {
                let line = Line::new(Program::Extreg, &["import", &of(stream, tag)]);
                if *wait { line.and(&["--wait"]) } else { line }
            }
            Self::CreateStream { stream } => {
                Line::new(Program::Oc, &["create", "imagestream", &stream.name])
            }
            // If no annotation exists: a patch would replace one that was added since, this does not.
            Self::SetTriggers { workload, text, .. } => {
                let pair = format!("{}={text}", extreg_snapshot::trigger::ANNOTATION);
                Line::new(Program::Host, &["annotate", &workload.reference(), &pair])
            }
            Self::SetImage {
                workload,
                container,
                image,
                ..
            } => {
                let pair = format!("{container}={image}");
                Line::new(
                    Program::Host,
                    &["set", "image", &workload.reference(), &pair],
                )
            }
            Self::InstallWebhook => Line::new(Program::Extreg, &["webhook", "install"]),
            Self::UpgradeWebhook => Line::new(Program::Extreg, &["webhook", "upgrade"]),
            Self::RotateCertificate => Line::new(Program::Extreg, &["webhook", "cert", "rotate"]),
            Self::StartBuild { config } => Line::new(Program::Oc, &["start-build", &config.name]),
            Self::Rollout { workload, step } => {
                let program = match workload.kind {
                    Kind::DeploymentConfig => Program::Oc,
                    _ => Program::Host,
                };
                let step = match step {
                    RolloutStep::Restart => "restart",
                    RolloutStep::Resume => "resume",
                    RolloutStep::Latest => "latest",
                };
                Line::new(program, &["rollout", step, &workload.reference()])
            }
            Self::Promote {
                stream,
                tag,
                from,
                alias,
            } => {
                let line = Line::new(Program::Extreg, &["promote", from, &of(stream, tag)]);
                if *alias { line.and(&["--alias"]) } else { line }
            }
            Self::Retag {
                stream,
                tag,
                image,
                scheduled,
                reference,
            } => {
                let mut line = Line::new(Program::Extreg, &["tag", image, &of(stream, tag)]);
                if *scheduled {
                    line = line.and(&["--scheduled"]);
                }
                if *reference {
                    line = line.and(&["--reference"]);
                }
                line
            }
            Self::RestoreTag { stream, tag, was } => Line::new(
                Program::Host,
                &["patch", "imagestreamtag", &of(stream, tag)],
            )
            .and(&["--type=merge", "-p", was]),
            Self::DeleteTag { stream, tag } => Line::new(
                Program::Host,
                &["delete", "imagestreamtag", &of(stream, tag)],
            ),
            // All patches.
            _ => Line::new(Program::Host, &["get", &target.reference()]),
        }
        .in_namespace(namespace)
    }
}

impl Inspection {
    /// As a shell command.
    pub fn command(&self, invocation: &Invocation) -> String {
        self.line().text(invocation)
    }

    fn line(&self) -> Line {
        match self {
            Self::Get(object) => {
                Line::new(Program::Host, &["get", &object.reference(), "-o", "yaml"])
                    .in_namespace(&object.namespace)
            }
            Self::List {
                resources,
                namespace,
            } => {
                let line = Line::new(Program::Host, &["get", resources, "-o", "yaml"]);
                if namespace.is_empty() {
                    line
                } else {
                    line.in_namespace(namespace)
                }
            }
            Self::Describe(object) => Line::new(Program::Host, &["describe", &object.reference()])
                .in_namespace(&object.namespace),
            Self::Logs { of, previous } => {
                let program = match of.kind {
                    Kind::Build | Kind::DeploymentConfig => Program::Oc,
                    _ => Program::Host,
                };
                let mut line = Line::new(program, &["logs", &of.reference()]);
                if let Some(container) = previous {
                    line = line.and(&["-c", container, "--previous"]);
                }
                line.in_namespace(&of.namespace)
            }
            Self::Quota { namespace } => {
                Line::new(Program::Host, &["describe", "resourcequota"]).in_namespace(namespace)
            }
            Self::Audit { namespace } if namespace.is_empty() => {
                Line::new(Program::Extreg, &["audit", "-A"])
            }
            Self::Audit { namespace } => {
                Line::new(Program::Extreg, &["audit"]).in_namespace(namespace)
            }
            Self::Gather { namespace } if namespace.is_empty() => {
                Line::new(Program::Oc, &["adm", "must-gather"])
            }
            Self::Gather { namespace } => {
                Line::new(Program::Oc, &["adm", "inspect", &format!("ns/{namespace}")])
            }
            Self::AuditRights => Line::new(Program::Extreg, &["audit", "rbac", "--export"]),
            Self::Inventory => Line::new(Program::Extreg, &["inventory", "-A"]),
            Self::CheckSecret {
                namespace,
                secret,
                image,
            } => {
                let mut line = Line::new(Program::Extreg, &["secret", "check"]);
                if let Some(secret) = secret {
                    line = line.and(&[secret]);
                }
                if let Some(image) = image {
                    line = line.and(&["--image", image]);
                }
                line.in_namespace(namespace)
            }
            Self::RateLimit {
                namespace,
                registry,
            } => Line::new(
                Program::Extreg,
                &["ratelimit", "--budget", "--registry", registry],
            )
            .in_namespace(namespace),
            Self::Status { namespace, name } => {
                Line::new(Program::Extreg, &["status", name]).in_namespace(namespace)
            }
            Self::WebhookStatus => Line::new(Program::Extreg, &["webhook", "status"]),
        }
    }
}

/// The words of a command line.
struct Line {
    program: Program,
    words: Vec<String>,
}

impl Line {
    fn new(program: Program, words: &[&str]) -> Self {
        Self {
            program,
            words: Vec::new(),
        }
        .and(words)
    }

    fn and(mut self, words: &[&str]) -> Self {
        self.words
            .extend(words.iter().map(|word| (*word).to_owned()));
        self
    }

    /// In a namespace, unless that is empty.
    fn in_namespace(self, namespace: &str) -> Self {
        if namespace.is_empty() {
            self
        } else {
            self.and(&["-n", namespace])
        }
    }

    fn text(&self, invocation: &Invocation) -> String {
        let mut text = match self.program {
            Program::Host => invocation.caller.program().to_owned(),
            Program::Extreg => invocation.caller.to_string(),
            Program::Oc => Caller::Oc.program().to_owned(),
        };
        for part in self.words.iter().chain(&*invocation.connection) {
            text.push(' ');
            text.push_str(&word(part));
        }
        text
    }
}

fn patched(object: &ObjectId, kind: PatchKind, body: &str) -> Line {
    let kind = match kind {
        PatchKind::Json => "--type=json",
        PatchKind::Merge => "--type=merge",
    };
    Line::new(
        Program::Host,
        &["patch", &object.reference(), kind, "-p", body],
    )
    .in_namespace(&object.namespace)
}

/// `stream:tag`.
fn of(stream: &ObjectId, tag: &str) -> String {
    format!("{}:{tag}", stream.name)
}
