//! Builds and BuildRuns of Shipwright. Parameters of a strategy are not images.

use std::sync::Arc;

use super::intern::Names;
use super::item::{Body, BuildItem, Found, Item, Site};
use super::view::{ShipwrightSpec, ShipwrightView};
use crate::kind::Kind;
use crate::snapshot::{BuildPhase, BuildRecord, UseRole};

/// The default account of a run (shipwright-io/build `pkg/reconciler/buildrun`).
const DEFAULT_ACCOUNT: &str = "pipeline";

/// Reads a Build or a BuildRun.
pub(super) fn read(json: &str, site: &mut Site<'_>) -> Result<Item, serde_json::Error> {
    let view: ShipwrightView<'_> = serde_json::from_str(json)?;
    let mut item = site.item(&view.metadata);
    let spec = &view.spec;
    let mut places = Places {
        uses: Vec::new(),
        secrets: Vec::new(),
        names: site.names,
    };
    places.spec(spec, "spec");
    let own = spec
        .build
        .spec
        .as_deref()
        .map(|own| (own, "spec.build.spec"));
    let own = own.or_else(|| {
        spec.build_spec
            .as_deref()
            .map(|own| (own, "spec.buildSpec"))
    });
    if let Some((own, path)) = own {
        places.spec(own, path);
    }
    let Places { uses, secrets, .. } = places;
    item.uses = uses;

    let is_run = site.kind == Kind::BuildRun;
    let digest = site.names.get(&view.status.output.digest);
    for found in item
        .uses
        .iter_mut()
        .filter(|found| found.role == UseRole::Push)
    {
        found.digest = Arc::clone(&digest);
    }
    // The output of a run replaces that of its build.
    let outputs = [
        spec.output.as_ref(),
        own.and_then(|(own, _)| own.output.as_ref()),
    ];
    let output = outputs.into_iter().flatten().next();
    let secret = output.and_then(|output| {
        let older = output.credentials.as_ref().map(|secret| &secret.name);
        output.push_secret.as_ref().or(older)
    });
    let account = match &*spec.service_account.0 {
        "" => DEFAULT_ACCOUNT,
        account => account,
    };
    let build = match (&*spec.build.name, &*spec.build_ref.name) {
        ("", older) => older,
        (name, _) => name,
    };
    let record = BuildRecord {
        origin: item.origin.clone(),
        config: (is_run && !build.is_empty()).then(|| site.names.get(build)),
        account: site.names.get(account),
        pushes_to: site
            .names
            .get(output.map_or("", |output| output.image.as_str())),
        push_secret: site.names.get(secret.map_or("", |secret| secret.as_str())),
        has_push_secret: secret.is_some(),
        pull_secrets: secrets,
        phase: is_run.then(|| phase(&view, site.names)),
        ..BuildRecord::new(item.id.clone())
    };
    item.body = Body::Build(Box::new(BuildItem {
        record,
        output: None,
        reduced: None,
    }));
    Ok(item)
}

/// The phase, as in OpenShift's builds.
fn phase(view: &ShipwrightView<'_>, names: &mut Names) -> BuildPhase {
    let mut conditions = view.status.conditions.iter();
    let succeeded = conditions.find(|condition| &*condition.kind == "Succeeded");
    let phase = match succeeded.map(|condition| &*condition.status) {
        Some("True") => "Complete",
        Some("False") => "Failed",
        Some(_) => "Running",
        None => "New",
    };
    BuildPhase {
        phase: names.get(phase),
        reason: names.get(succeeded.map_or("", |condition| &condition.reason)),
        message: names.get(succeeded.map_or("", |condition| &condition.message)),
        pushed: names.get(&view.status.output.digest),
    }
}

struct Places<'n> {
    uses: Vec<Found>,
    secrets: Vec<(Arc<str>, Arc<str>)>,
    names: &'n mut Names,
}

impl Places<'_> {
    fn spec(&mut self, spec: &ShipwrightSpec<'_>, path: &str) {
        if let Some(output) = &spec.output {
            self.found(
                UseRole::Push,
                "",
                format_args!("{path}.output.image"),
                &output.image,
            );
        }
        for (role, field, image) in [
            (UseRole::Base, "builder", &spec.builder),
            (
                UseRole::Source,
                "source.ociArtifact",
                &spec.source.oci_artifact,
            ),
            (
                UseRole::Source,
                "source.bundleContainer",
                &spec.source.bundle_container,
            ),
        ] {
            self.found(role, "", format_args!("{path}.{field}.image"), &image.image);
            for secret in [&image.pull_secret, &image.credentials.name] {
                if !secret.is_empty() {
                    let secret = self.names.get(secret);
                    self.secrets.push((secret, self.names.get(&image.image)));
                }
            }
        }
        for (index, volume) in spec.volumes.iter().enumerate() {
            let field = format_args!("{path}.volumes[{index}].image.reference");
            self.found(
                UseRole::Volume,
                &volume.name,
                field,
                &volume.image.reference,
            );
        }
    }

    fn found(&mut self, role: UseRole, part: &str, field: std::fmt::Arguments<'_>, image: &str) {
        if !image.is_empty() {
            let part = self.names.get(part);
            let field = self.names.field(field);
            let image = self.names.get(image);
            self.uses.push(Found::new(role, part, field, image));
        }
    }
}
