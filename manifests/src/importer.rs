//! The importer, which follows builds: a separate Deployment, account and permissions,
//! installed only on request.

mod monitoring;
mod rights;
mod workload;

pub use self::monitoring::importer_monitoring;
pub use self::rights::{FORMER_RIGHTS, FormerRight};

use k8s_openapi::api::core::v1::ServiceAccount;

use crate::manifest::{Manifest, Phase, RenderError};
use crate::namespace::importer_meta;
use crate::network::importer_network_policy;
use crate::settings::Settings;

/// The importer, in the order in which it is applied. If [`Settings::follow_builds`] names
/// namespaces, its permissions to read streams and to import are bound only in these.
pub fn importer(settings: &Settings) -> Result<Vec<Manifest>, RenderError> {
    let mut all = vec![Manifest::of(Phase::Base, &service_account(settings))?];
    all.extend(rights::rights(settings)?);
    all.extend([
        Manifest::of(Phase::Base, &importer_network_policy(settings))?,
        Manifest::of(Phase::Workload, &workload::deployment(settings))?,
    ]);
    Ok(all)
}

fn service_account(settings: &Settings) -> ServiceAccount {
    ServiceAccount {
        metadata: importer_meta(settings),
        automount_service_account_token: Some(false),
        ..ServiceAccount::default()
    }
}
