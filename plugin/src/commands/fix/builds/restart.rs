//! Another build instead of a waiting one, unless the new one would wait, too.

use extreg_cluster::{Kind, Object, ObjectRef};
use extreg_core::facts::Known;
use serde_json::{Value, json};

use super::{Builds, Governed, PUSH_SECRET};
use crate::{
    commands::fix::live::object::Found, commands::fix::live::work::Work, error::Error,
    fanout::Refusal,
};

/// The annotation of a Build that names its BuildConfig (openshift/api `build/v1/consts.go`,
/// `BuildConfigAnnotation`).
const CONFIG: &str = "openshift.io/build-config.name";

impl Builds<'_> {
    /// Cancels a build and starts another one: from its BuildConfig, or as a copy if it has none.
    pub(super) async fn restart(
        &mut self,
        index: usize,
        found: &Found,
        governed: &Governed,
    ) -> Result<(), Error> {
        let body = found.body();
        if body.pointer("/spec/source/binary").is_some() {
            self.skip(
                index,
                "it was started from local files, which are not stored: cancel it, and start it with them \
                 again (oc start-build --from-dir)",
            );
            return Ok(());
        }
        let namespace = &found.namespace;
        let config = body
            .pointer("/metadata/annotations")
            .and_then(|all| all.get(CONFIG)?.as_str());
        let config = match config {
            Some(name) => {
                let config = ObjectRef::new(Kind::BUILD_CONFIG, namespace, name);
                match self.cluster.get(&config).await {
                    Ok(config) => config,
                    // An error about one build does not stop the rest.
                    Err(error) => {
                        let why = Refusal::from_error(error)?;
                        self.skip(index, why.message());
                        return Ok(());
                    }
                }
            }
            None => None,
        };
        let next = self
            .next_secret(config.as_ref(), namespace, governed)
            .await?;
        let secret = match next {
            Ok(secret) => secret,
            Err(why) => {
                self.skip(index, &why);
                return Ok(());
            }
        };
        let config = config.map(|config| config.reference().name);
        let from = match &config {
            Some(name) => format!("another one started from buildconfig/{name}"),
            None => "a copy started with another push secret".to_owned(),
        };
        let new = Value::String(format!("Cancelled, and {from}"));
        self.change(index, governed, "status.phase", json!("Pending"), new);
        let test = |path: &str, value: &str| json!({"op": "test", "path": path, "value": value});
        // As `oc cancel-build` does (openshift/oc `pkg/cli/cancelbuild/cancelbuild.go`).
        let operations = vec![
            test("/metadata/uid", &found.text("/metadata/uid")),
            test("/status/phase", "Pending"),
            test("/status/reason", "MissingPushSecret"),
            test(PUSH_SECRET, &found.text(PUSH_SECRET)),
            json!({"op": "add", "path": "/status/cancelled", "value": true}),
        ];
        self.plan.work.push(Work::restart(
            index,
            found.reference(),
            operations,
            config.as_deref(),
            secret,
        ));
        Ok(())
    }

    /// The secret that the next build must be given, if any; inner error: why the build would wait, too.
    async fn next_secret(
        &mut self,
        config: Option<&Object>,
        namespace: &str,
        governed: &Governed,
    ) -> Result<Result<Option<String>, String>, Error> {
        let too = |secret: &str| {
            format!(
                "another build would also wait for the secret {secret}: create it with --push-secret-from \
                 NAMESPACE/NAME or --auth-file FILE"
            )
        };
        let Some(config) = config else {
            // A copy of the build names the same secret until the copy is changed.
            return Ok(if self.is_usable(namespace, governed).await? {
                Ok(Some(governed.secret.clone()))
            } else {
                Err(too(&governed.secret))
            });
        };
        let named = config.text(PUSH_SECRET).to_owned();
        let name = if named.is_empty() {
            governed.secret.clone()
        } else {
            named.clone()
        };
        let secret = self.secret(namespace, &name).await?;
        let is_missing = matches!(secret, Known::Known(None));
        // A build that names no secret can use a secret that its account links if the policy's does not exist.
        let has_link = named.is_empty() && self.surroundings.links_secret(namespace, &name);
        Ok(if is_missing && !has_link {
            Err(too(&name))
        } else {
            Ok(None)
        })
    }
}
