//! The steps of a setup, in order. Pure: independent of existing objects.

use extreg_cluster::Object;

use super::{
    args::Workload,
    objects,
    settings::{Secret, Settings},
};
use crate::credential::link::Link;

/// One step.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// The project.
    Project(String),
    /// The push secret. Its content is determined later, and is not part of an export.
    Secret(String),
    /// Links the secret to a service account.
    Link(Link),
    /// An object of the application.
    Apply(Box<Object>),
}

/// The steps for an application in a namespace (empty in an export without one).
pub(crate) fn steps(settings: &Settings, namespace: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    if settings.project && !namespace.is_empty() {
        steps.push(Step::Project(namespace.to_owned()));
    }
    if let Secret::Existing(name) | Secret::Make { name, .. } = &settings.secret {
        steps.push(Step::Secret(name.clone()));
        steps.extend(links(settings, name).into_iter().map(Step::Link));
    }
    let mut apply = |object| steps.push(Step::Apply(Box::new(object)));
    if let Some(build) = &settings.build {
        apply(objects::build_config(settings, namespace, build));
    }
    if let Some(stream) = settings.stream {
        apply(objects::image_stream(settings, namespace, stream));
    }
    if let Some(workload) = objects::workload(settings, namespace) {
        apply(workload);
    }
    steps
}

/// Builds search for pull secrets in an account's `secrets` and, since 4.15, for a push secret in its
/// `imagePullSecrets`, so `builder` gets it in both.
fn links(settings: &Settings, secret: &str) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::new();
    if settings.build.is_some() {
        links.push(Link {
            account: "builder".to_owned(),
            secret: secret.to_owned(),
            mount: true,
        });
    }
    let runs = settings.workload != Workload::None;
    if runs && !links.iter().any(|link| link.account == settings.account()) {
        links.push(Link {
            account: settings.account().to_owned(),
            secret: secret.to_owned(),
            mount: false,
        });
    }
    links
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::settings::testing::settings;

    fn described(args: &str) -> Vec<String> {
        steps(&settings(args).unwrap(), "snow")
            .into_iter()
            .map(|step| match step {
                Step::Project(name) => format!("project {name}"),
                Step::Secret(name) => format!("secret {name}"),
                Step::Link(link) => {
                    let how = if link.mount { "pull,mount" } else { "pull" };
                    format!("link {} {} {how}", link.account, link.secret)
                }
                Step::Apply(object) => object.reference().to_string(),
            })
            .collect()
    }

    #[test]
    fn the_steps_of_the_flow() {
        assert_eq!(
            described("app --image u/a --source https://x/y"),
            [
                "project snow",
                "secret dockerhub",
                "link builder dockerhub pull,mount",
                "link default dockerhub pull",
                "buildconfig.build.openshift.io/app",
                "imagestream.image.openshift.io/app",
                "deployment.apps/app",
            ]
        );
    }

    #[test]
    fn any_step_can_be_skipped() {
        let cases: &[(&str, &[&str])] = &[
            (
                "app --image u/a --no-build --no-secret --no-project --workload deploymentconfig",
                &[
                    "imagestream.image.openshift.io/app",
                    "deploymentconfig.apps.openshift.io/app",
                ],
            ),
            (
                "app --image u/a --no-build --no-project --no-stream --service-account web",
                &[
                    "secret dockerhub",
                    "link web dockerhub pull",
                    "deployment.apps/app",
                ],
            ),
            (
                "app --image u/a --source https://x/y --no-project --no-stream --workload none --secret s",
                &[
                    "secret s",
                    "link builder s pull,mount",
                    "buildconfig.build.openshift.io/app",
                ],
            ),
        ];
        for (args, expected) in cases {
            assert_eq!(described(args), *expected, "{args}");
        }
    }
}
