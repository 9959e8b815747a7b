//! The Operator Lifecycle Manager: a bundle of format `registry+v1`, and a file-based catalog.
//!
//! OLM creates the service account, its permissions, the Deployment, a Service, the certificate and the
//! MutatingWebhookConfiguration from the ClusterServiceVersion. Its webhook definitions have no namespace selector and no
//! match conditions, so the webhook decides about these requests itself.

mod catalog;
mod csv;
mod metadata;
mod workload;

use extreg_manifests::{
    File, Manifest, NOTE, Phase, RenderError, Settings, custom_resource_definition,
    disruption_budget, policy_reader, to_yaml,
};

use crate::Release;

/// The name of the package, of the catalog's folder, and of the version without its number.
pub const PACKAGE: &str = "extreg";
/// The only channel.
pub const CHANNEL: &str = "stable";

/// The bundle and the catalog of a release.
///
/// # Errors
/// An object cannot be rendered as YAML.
pub fn olm(release: &Release) -> Result<Vec<File>, RenderError> {
    let settings = Settings {
        image: Some(release.image.to_string()),
        ..Settings::default()
    };
    let version = csv::cluster_service_version(&settings, release)?;
    let definition = Manifest::of(Phase::Definition, &custom_resource_definition())?;
    let mut budget = disruption_budget(&settings);
    // OLM installs it in the namespace of the Subscription.
    budget.metadata.namespace = None;
    let mut files = Vec::new();
    for manifest in [
        version.clone(),
        definition,
        Manifest::of(Phase::Base, &policy_reader())?,
        Manifest::of(Phase::Base, &budget)?,
    ] {
        let object = &manifest.object;
        let kind = object.kind.to_ascii_lowercase();
        let name = format!("olm/bundle/manifests/{}.{kind}.yaml", object.name);
        files.push(File::new(name, &manifest.without_manager())?);
    }
    files.extend(metadata::metadata()?);
    files.push(File {
        name: format!("olm/catalog/{PACKAGE}/catalog.yaml"),
        content: format!("{NOTE}{}", to_yaml(&catalog::catalog(&version, release)?)?),
    });
    Ok(files)
}
