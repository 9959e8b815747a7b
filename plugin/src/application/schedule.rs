//! Whether the tag is imported on schedule: the pull limit of a registry may forbid it.

use std::{collections::BTreeMap, sync::Arc};

use extreg_audit::budget::{Allowances, Identity, Standing};
use extreg_cluster::{Cluster, Kind, Object, ObjectRef, collect::ProgressOutput};
use extreg_core::credential::Consumer;
use extreg_registry::{Login, Logins, logins};
use extreg_snapshot::{
    SecretKeys, SecretRecord, Snapshot, StreamRecord, TagOrigin, TagRecord,
    kind::Kind as AuditKind,
    place::{ObjectId, Origin},
};

use super::{args::Schedule, settings::Settings};
use crate::{
    context::Context,
    credential::either_docker_config,
    error::Error,
    installation::following::{Following, following},
    pulls::budget::{self, Coverage, Known, Load},
    pulls::image_list::PlatformQuery,
    pulls::measure::{Measured, Measurement, Probe, measure},
};

/// The credential that imports of the tag will find in the push secret.
#[derive(Clone, Copy)]
pub(crate) enum Credential<'a> {
    /// The credential that the cluster has without it.
    Cluster,
    /// The credential in this secret.
    Secret(&'a Object),
    /// Not known yet: the run will prompt for it.
    Unknown,
}

/// The input of the decision.
#[derive(Clone, Copy)]
pub(crate) struct Deciding<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) cluster: &'a Cluster,
    pub(crate) namespace: &'a str,
    pub(crate) context: &'a Context,
}

impl Deciding<'_> {
    /// Decides whether to schedule the tag. `current` holds the existing objects among those to write.
    ///
    /// # Errors
    /// [`Error::Refused`] if the schedule does not fit and builds cannot import the tag, as `--schedule=fallback`
    /// requires.
    pub(crate) async fn decide(
        self,
        current: &BTreeMap<ObjectRef, Object>,
        credential: Credential<'_>,
    ) -> Result<bool, Error> {
        let Some(stream) = self.settings.stream else {
            return Ok(false);
        };
        let host = self.settings.target.host();
        let published = Allowances::published();
        let Some(allowance) = published.of(host).filter(|_| stream.scheduled) else {
            return Ok(stream.scheduled);
        };
        if self.settings.schedule == Schedule::Always {
            return Ok(true);
        }
        let secret = match credential {
            Credential::Cluster => None,
            Credential::Secret(object) => Some(object),
            Credential::Unknown => {
                self.context.printer.note(format!(
                    "whether the limit of {host} allows a schedule depends on the credential, which \
                     the run itself prompts for"
                ));
                return Ok(true);
            }
        };
        let Some((load, gaps)) = self.weigh(secret).await? else {
            return Ok(true);
        };
        let short = Short {
            deciding: self,
            load: &load,
            hours: allowance.window_seconds / 3600,
        };
        if load.standing == Standing::Within {
            return Ok(true);
        }
        let printer = &self.context.printer;
        let is_scheduled = self.is_scheduled(current);
        if self.settings.schedule == Schedule::Fallback {
            match self.unfollowed().await? {
                None => {
                    printer.note(format!(
                        "{}: it is not scheduled, but imported after each push by a build",
                        short.description()
                    ));
                    return Ok(false);
                }
                Some(why) if load.standing == Standing::Exceeds && !is_scheduled => {
                    self.warn_about(gaps);
                    return Err(short.refusal(&why));
                }
                Some(_) => {}
            }
        }
        match (is_scheduled, load.standing) {
            // It needs no more pulls than before, which may fit.
            (true, Standing::Within | Standing::MayExceed) => Ok(true),
            (true, Standing::Exceeds) => {
                self.warn_about(gaps);
                printer.warn(&format!(
                    "{}; {}",
                    short.description(),
                    short.remedy_of_scheduled()
                ));
                Ok(true)
            }
            (false, _) => {
                self.warn_about(gaps);
                printer.warn(&format!("{}; {}", short.description(), short.remedy()));
                Ok(false)
            }
        }
    }

    /// Why builds cannot import the tag; `None` if they can.
    async fn unfollowed(self) -> Result<Option<String>, Error> {
        if self.settings.build.is_none() {
            return Ok(Some("no build is set up that could be followed".to_owned()));
        }
        let caller = self.context.caller;
        Ok(match following(self.cluster, Some(self.namespace)).await? {
            Following::Yes => None,
            Following::No(why) => Some(format!(
                "{why} (enable it with \"{caller} webhook install --follow-builds\")"
            )),
            Following::Unknown(what) => {
                Some(format!("whether builds are followed is unknown ({what})"))
            }
        })
    }

    /// The scheduled imports that share the identity of the tag, the tag included; `None` if the imports have no cost.
    async fn weigh(self, secret: Option<&Object>) -> Result<Option<(Load, Vec<String>)>, Error> {
        let host = self.settings.target.host();
        let printer = &self.context.printer;
        let mut snapshot =
            budget::read(self.cluster, None, ProgressOutput::OnTerminal, printer).await?;
        let gaps = Coverage::new(&snapshot, None).gaps;
        let found = secret.and_then(|secret| logins(&either_docker_config(secret)?).ok());
        if let (Some(secret), Some(logins)) = (secret, &found) {
            self.add_secret(&mut snapshot, secret, logins);
        }
        self.add_tag(&mut snapshot);
        let published = Known::new(host, &[], false);
        let load = self.own(&snapshot, &published);
        let Some(load) = load.filter(|load| load.standing != Standing::Within) else {
            return Ok(None);
        };
        // Query the registry only now, when the answer matters.
        let login = self.login(&load, found.as_ref());
        let client = self.context.registries(&self.settings.endpoints)?;
        let measured = match (&login, Probe::of_registry(host)) {
            (Some(login), Some(probe)) => {
                vec![measure(&client, host, &probe, login, self.context).await]
            }
            _ => Vec::new(),
        };
        let is_silent = |one: &Measurement| matches!(one.result, Measured::Failed(_));
        if !measured.iter().any(is_silent) {
            let query = PlatformQuery {
                client: &client,
                registry: host,
                login: login.as_ref().unwrap_or(&Login::Anonymous),
            };
            query.narrow(&mut snapshot, self.context).await;
        }
        let load = self.own(&snapshot, &Known::new(host, &measured, false));
        Ok(load.map(|load| (load, gaps)))
    }

    /// The load that the tag belongs to.
    fn own(self, snapshot: &Snapshot, known: &Known) -> Option<Load> {
        let (name, tag) = (&self.settings.name, &self.settings.target.tag);
        let is_own = |cost: &budget::TagCost| {
            cost.namespace == self.namespace && cost.stream == *name && cost.tag == *tag
        };
        let mut loads = budget::weigh(snapshot, known).into_iter();
        loads.find(|load| load.tags.iter().any(is_own))
    }

    /// The username for an account, if the secret has one.
    fn login(self, load: &Load, logins: Option<&Logins>) -> Option<Login> {
        let image = self.settings.target.to_string();
        let found = logins?.of(Consumer::Import, &image)?.login?;
        match &load.identity {
            Identity::Account(username) if found.username() == Some(username) => {
                Some(found.clone())
            }
            _ => None,
        }
    }

    /// The resulting secret.
    fn add_secret(self, snapshot: &mut Snapshot, secret: &Object, logins: &Logins) {
        let name = secret.text("/metadata/name");
        let keys = SecretKeys::Known(Arc::new(logins.keys().clone()));
        let record = SecretRecord {
            object: self.id(AuditKind::Secret, name),
            origin: Origin::Cluster,
            kind: secret.text("/type").into(),
            managed: false,
            excluded: false,
            keys: keys.clone(),
            push: keys,
        };
        let key = (self.namespace.into(), name.into());
        // Setup does not decide whether imports ignore it.
        let (keys, push) = (record.keys.clone(), record.push.clone());
        snapshot
            .secrets
            .entry(key)
            .and_modify(|there| (there.keys, there.push) = (keys, push))
            .or_insert(record);
    }

    /// The resulting tag: counted once, whether it exists or not.
    fn add_tag(self, snapshot: &mut Snapshot) {
        let settings = self.settings;
        let object = self.id(AuditKind::ImageStream, &settings.name);
        let streams = &mut snapshot.streams;
        if !streams.iter().any(|stream| stream.object == object) {
            streams.push(StreamRecord::new(object.clone()));
        }
        let Some(stream) = streams.iter_mut().find(|stream| stream.object == object) else {
            return;
        };
        let name = settings.target.tag.as_str();
        stream.tags.retain(|tag| &*tag.name != name);
        stream.tags.push(TagRecord {
            name: name.into(),
            from: TagOrigin::Image(settings.target.to_string().into()),
            has_import_policy: true,
            scheduled: true,
            ..TagRecord::default()
        });
    }

    /// Whether the existing tag is scheduled.
    fn is_scheduled(self, current: &BTreeMap<ObjectRef, Object>) -> bool {
        let name = &self.settings.name;
        let stream = ObjectRef::new(Kind::IMAGE_STREAM, self.namespace, name);
        let tags = current
            .get(&stream)
            .and_then(|stream| stream.body.pointer("/spec/tags")?.as_array());
        tags.into_iter().flatten().any(|tag| {
            tag["name"] == *self.settings.target.tag
                && tag.pointer("/importPolicy/scheduled") == Some(&true.into())
        })
    }

    /// Warns about what could not be counted.
    fn warn_about(self, gaps: Vec<String>) {
        let count = gaps.len();
        if let Some(first) = gaps.into_iter().next() {
            let more = match count {
                1 => String::new(),
                _ => format!(", and {} more", count - 1),
            };
            self.context.printer.note(format!(
                "not counted because it could not be read: {first}{more}"
            ));
        }
    }

    fn id(self, kind: AuditKind, name: &str) -> ObjectId {
        ObjectId {
            namespace: self.namespace.into(),
            kind,
            name: name.into(),
        }
    }
}

/// A budget without room for the tag.
struct Short<'a> {
    deciding: Deciding<'a>,
    load: &'a Load,
    hours: u64,
}

impl Short<'_> {
    fn description(&self) -> String {
        let Self {
            deciding,
            load,
            hours,
        } = self;
        let Settings { name, target, .. } = deciding.settings;
        let allowed = load.allowed.pulls().unwrap_or_default();
        let host = target.host();
        let count = load.tags.len();
        let tags = if count == 1 { "tag" } else { "tags" };
        let need = match (load.standing, count) {
            (Standing::Within | Standing::MayExceed, _) => "may need",
            (Standing::Exceeds, 1) => "needs",
            (Standing::Exceeds, _) => "need",
        };
        format!(
            "with {name}:{}, {count} scheduled {host} {tags} {need} {} pulls per {hours} hours {}; \
             the limit is {allowed}",
            target.tag, load.pulls, load.identity,
        )
    }

    /// What to do about a tag that is not scheduled for that reason.
    fn remedy(&self) -> String {
        let Deciding {
            settings,
            namespace,
            context,
            ..
        } = self.deciding;
        let (caller, name, tag) = (context.caller, &settings.name, &settings.target.tag);
        format!(
            "so it is not scheduled: import a new image with \"{caller} import \
             {name}:{tag} -n {namespace}\", or schedule it anyway with --schedule=always"
        )
    }

    /// What to do about a tag that is already scheduled.
    fn remedy_of_scheduled(&self) -> String {
        let caller = self.deciding.context.caller;
        format!(
            "its schedule is unchanged: remove it with --schedule=never, or show which tags use the allowance \
             with \"{caller} ratelimit --budget\""
        )
    }

    /// `why` builds cannot import the tag, although this was requested.
    fn refusal(&self, why: &str) -> Error {
        Error::refused(format!(
            "{}, and {why}, so nothing was changed. --schedule=never leaves the tag to \"{caller} \
             import\", and --schedule=always schedules it anyway",
            self.description(),
            caller = self.deciding.context.caller
        ))
    }
}
