//! `--export`: prints the objects in their order, without a client, a cluster or a private key.

use std::collections::BTreeSet;

use extreg_manifests::{
    FollowBuilds, InstallMode, Manifest, RenderError, Settings, Tls, install, names, to_yaml,
};
use extreg_terminal::Exit;
use serde_json::{Value, json};

use crate::{
    context::Context,
    error::Error,
    installation::{
        args::TlsSource,
        choices::{Choices, Place},
        kinds,
    },
    print::{DataFormat, ObjectFormat, to_data},
};

/// Prints the objects: as a stream of YAML documents, as one JSON list, or by name.
pub(super) fn run(
    choices: &Choices,
    format: Option<ObjectFormat>,
    context: &Context,
) -> Result<Exit, Error> {
    let settings = settings(choices)?;
    let manifests = install(&settings).map_err(unprintable)?;
    let Settings {
        namespace,
        follow_builds,
        ..
    } = &settings;
    let printer = &context.printer;
    match format {
        None | Some(ObjectFormat::Yaml) => {
            printer.raw(&to_yaml(&manifests).map_err(unprintable)?);
        }
        Some(ObjectFormat::Json) => {
            let items: Vec<Value> = manifests.into_iter().map(|m| m.value).collect();
            let list = json!({ "apiVersion": "v1", "kind": "List", "items": items });
            printer.raw(&to_data(&list, DataFormat::Json)?);
        }
        Some(ObjectFormat::Name) => {
            for Manifest { object, .. } in &manifests {
                printer.raw(&format!("{}\n", kinds::reference(object)?));
            }
        }
    }
    if let Place::Elsewhere { .. } = choices.place {
        printer.note(crate::installation::plan::ANSWERS_EVERYONE);
    }
    if let FollowBuilds::In(_) = follow_builds {
        let (role, account) = (names::IMPORTER_NAMESPACE, names::IMPORTER);
        printer.note(format!(
            "The importer needs permissions in each selected namespace: kubectl create rolebinding \
             {role} --clusterrole={role} --serviceaccount={namespace}:{account} -n NAMESPACE"
        ));
    }
    printer.note(
        "Apply the last object, the MutatingWebhookConfiguration, when the webhook is ready. Then test \
         the webhook with \"webhook check\".",
    );
    Ok(Exit::Done)
}

fn settings(choices: &Choices) -> Result<Settings, Error> {
    let defaults = Settings::default();
    let settings = Settings {
        namespace: choices.namespace.clone().unwrap_or_default(),
        mode: choices.mode.unwrap_or(InstallMode::Audit),
        failure_policy: choices.failure_policy.unwrap_or(defaults.failure_policy),
        timeout: choices.timeout.unwrap_or(defaults.timeout),
        namespace_selector: choices.selector.clone().unwrap_or_default(),
        ..defaults
    };
    Ok(match &choices.place {
        Place::Elsewhere { url, ca } => Settings {
            tls: Tls::External {
                url: url.clone(),
                ca: ca.clone(),
            },
            ..settings
        },
        Place::Cluster {
            tls: TlsSource::Own,
            ..
        } => {
            return Err(Error::usage(
                "--export cannot print a private key, which --tls own needs; use --tls service-ca, \
                 or omit --export",
            ));
        }
        Place::Cluster {
            image,
            replicas,
            tls: TlsSource::Auto | TlsSource::ServiceCa,
            monitoring,
            follow_builds,
            audit,
        } => Settings {
            image: image.clone(),
            replicas: replicas.unwrap_or(settings.replicas),
            tls: Tls::ServiceCa,
            monitoring: *monitoring,
            audit: audit.clone(),
            follow_builds: match (follow_builds, settings.namespace_selector.is_empty()) {
                (false, _) => FollowBuilds::No,
                (true, true) => FollowBuilds::Everywhere,
                // Only a cluster knows which namespaces match.
                (true, false) => FollowBuilds::In(BTreeSet::new()),
            },
            ..settings
        },
    })
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn unprintable(error: RenderError) -> Error {
    Error::failed(error.to_string())
}
