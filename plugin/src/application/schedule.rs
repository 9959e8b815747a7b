//! Whether the tag is imported on schedule: a registry that meters pulls may not allow one more.

use std::{collections::BTreeMap, sync::Arc};

use extreg_audit::budget::{Allowances, Identity, Standing};
use extreg_cluster::{Cluster, Kind, Object, ObjectRef, collect::Told};
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
    pulls::image_list::Asker,
    pulls::measure::{Measured, Measurement, Probe, measure},
};

/// What imports of the tag will find in the push secret.
#[derive(Clone, Copy)]
pub(crate) enum Credential<'a> {
    /// What the cluster has without it.
    Cluster,
    /// What is in this secret.
    Secret(&'a Object),
    /// What nobody knows yet: it will be asked for.
    Unknown,
}

/// What is decided about, and with what.
#[derive(Clone, Copy)]
pub(crate) struct Deciding<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) cluster: &'a Cluster,
    pub(crate) namespace: &'a str,
    pub(crate) context: &'a Context,
}

impl Deciding<'_> {
    /// Whether the tag is to be scheduled. `current` is what is there of what would be written.
    ///
    /// # Errors
    /// [`Error::Refused`] if it does not fit and cannot be left to builds, as `--schedule=fallback` wants.
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
                     the run itself will ask for"
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
                        "{}: it is not scheduled, but imported when a build has pushed it",
                        short.words()
                    ));
                    return Ok(false);
                }
                Some(why) if load.standing == Standing::Exceeds && !is_scheduled => {
                    self.tell(gaps);
                    return Err(short.refusal(&why));
                }
                Some(_) => {}
            }
        }
        match (is_scheduled, load.standing) {
            // It takes no more than before, which perhaps fits.
            (true, Standing::Within | Standing::MayExceed) => Ok(true),
            (true, Standing::Exceeds) => {
                self.tell(gaps);
                printer.warn(&format!(
                    "{}; {}",
                    short.words(),
                    short.remedy_of_scheduled()
                ));
                Ok(true)
            }
            (false, _) => {
                self.tell(gaps);
                printer.warn(&format!("{}; {}", short.words(), short.remedy()));
                Ok(false)
            }
        }
    }

    /// Why the tag cannot be left to builds; none if it can.
    async fn unfollowed(self) -> Result<Option<String>, Error> {
        if self.settings.build.is_none() {
            return Ok(Some("no build is set up that could be followed".to_owned()));
        }
        let caller = self.context.caller;
        Ok(match following(self.cluster, Some(self.namespace)).await? {
            Following::Yes => None,
            Following::No(why) => Some(format!(
                "{why} ({caller} webhook install --follow-builds has builds followed)"
            )),
            Following::Unknown(what) => {
                Some(format!("whether builds are followed is not known ({what})"))
            }
        })
    }

    /// What is imported as whoever imports the tag, the tag with it; none if it costs nobody anything.
    async fn weigh(self, secret: Option<&Object>) -> Result<Option<(Load, Vec<String>)>, Error> {
        let host = self.settings.target.host();
        let printer = &self.context.printer;
        let mut snapshot = budget::read(self.cluster, None, Told::OnTerminal, printer).await?;
        let gaps = Coverage::of(&snapshot, None).gaps;
        let found = secret.and_then(|secret| logins(&either_docker_config(secret)?).ok());
        if let (Some(secret), Some(logins)) = (secret, &found) {
            self.add_secret(&mut snapshot, secret, logins);
        }
        self.add_tag(&mut snapshot);
        let published = Known::of(host, &[], false);
        let load = self.own(&snapshot, &published);
        let Some(load) = load.filter(|load| load.standing != Standing::Within) else {
            return Ok(None);
        };
        // Only now is it worth asking the registry.
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
            let asker = Asker {
                client: &client,
                registry: host,
                login: login.as_ref().unwrap_or(&Login::Anonymous),
            };
            asker.narrow(&mut snapshot, self.context).await;
        }
        let load = self.own(&snapshot, &Known::of(host, &measured, false));
        Ok(load.map(|load| (load, gaps)))
    }

    /// The load that the tag is part of.
    fn own(self, snapshot: &Snapshot, known: &Known) -> Option<Load> {
        let (name, tag) = (&self.settings.name, &self.settings.target.tag);
        let is_own = |cost: &budget::TagCost| {
            cost.namespace == self.namespace && cost.stream == *name && cost.tag == *tag
        };
        let mut loads = budget::weigh(snapshot, known).into_iter();
        loads.find(|load| load.tags.iter().any(is_own))
    }

    /// The login of an account, where the secret has it.
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

    /// The secret as it will be.
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
        // Whether imports leave it out is not ours to say.
        let (keys, push) = (record.keys.clone(), record.push.clone());
        snapshot
            .secrets
            .entry(key)
            .and_modify(|there| (there.keys, there.push) = (keys, push))
            .or_insert(record);
    }

    /// The tag as it will be: once, whether it is there or not.
    fn add_tag(self, snapshot: &mut Snapshot) {
        let settings = self.settings;
        let object = self.id(AuditKind::ImageStream, &settings.name);
        let streams = &mut snapshot.streams;
        if !streams.iter().any(|stream| stream.object == object) {
            streams.push(StreamRecord {
                object: object.clone(),
                origin: Origin::Cluster,
                managed: false,
                looks_up: false,
                follows_repository: "".into(),
                repository: "".into(),
                tags: Vec::new(),
                checked: None,
            });
        }
        let Some(stream) = streams.iter_mut().find(|stream| stream.object == object) else {
            return;
        };
        let name = settings.target.tag.as_str();
        stream.tags.retain(|tag| &*tag.name != name);
        stream.tags.push(TagRecord {
            name: name.into(),
            index: None,
            from: TagOrigin::Image(settings.target.to_string().into()),
            reference: false,
            has_import_policy: true,
            scheduled: true,
            insecure: false,
            preserves_original: false,
            local: false,
            has_annotations: false,
            opts_out: false,
            platforms: None,
            digest: "".into(),
            created: "".into(),
            failure: None,
            history: None,
        });
    }

    /// Whether the tag is scheduled as it is there.
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

    /// Says what could not be counted.
    fn tell(self, gaps: Vec<String>) {
        let count = gaps.len();
        if let Some(first) = gaps.into_iter().next() {
            let more = match count {
                1 => String::new(),
                _ => format!(", and {} more", count - 1),
            };
            self.context.printer.note(format!(
                "not counted, as it could not be read: {first}{more}"
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

/// A budget in which the tag has no place.
struct Short<'a> {
    deciding: Deciding<'a>,
    load: &'a Load,
    hours: u64,
}

impl Short<'_> {
    fn words(&self) -> String {
        let Self {
            deciding,
            load,
            hours,
        } = self;
        let Settings { name, target, .. } = deciding.settings;
        let allowed = load.allowed.pulls().unwrap_or_default();
        let may = match load.standing {
            Standing::Within | Standing::MayExceed => "may make",
            Standing::Exceeds => "make",
        };
        let tags = match load.tags.len() {
            1 => "1 scheduled tag".to_owned(),
            count => format!("{count} scheduled tags"),
        };
        format!(
            "with {name}:{} {tags} of {} {may} {} pulls in {hours} hours {}, where {allowed} are \
             allowed",
            target.tag,
            target.host(),
            load.pulls,
            load.identity,
        )
    }

    /// What to do about a tag that is not scheduled for that.
    fn remedy(&self) -> String {
        let Deciding {
            settings,
            namespace,
            context,
            ..
        } = self.deciding;
        let (caller, name, tag) = (context.caller, &settings.name, &settings.target.tag);
        format!(
            "so it is not scheduled: import it when there is something new with \"{caller} import \
             {name}:{tag} -n {namespace}\", or schedule it anyway with --schedule=always"
        )
    }

    /// What to do about a tag that is scheduled already.
    fn remedy_of_scheduled(&self) -> String {
        let caller = self.deciding.context.caller;
        format!(
            "its schedule stays: remove it with --schedule=never, or see which tags take the allowance \
             with \"{caller} ratelimit --budget\""
        )
    }

    /// `why` it cannot be left to builds, which was asked for.
    fn refusal(&self, why: &str) -> Error {
        Error::refused(format!(
            "{}, and {why}, so nothing was changed. --schedule=never leaves the tag to \"{caller} \
             import\", and --schedule=always schedules it anyway",
            self.words(),
            caller = self.deciding.context.caller
        ))
    }
}
