//! Names shared by the cluster, the webhook and the plugin.

/// The home of the project.
pub const HOME: &str = "https://github.com/extreg/oc-extreg";
/// Where the runbooks of alerts are: `NAME.md`.
pub const RUNBOOKS: &str = "https://github.com/extreg/oc-extreg/blob/main/docs/runbooks";

/// API group of the policy resource.
pub const GROUP: &str = "extreg.io";
/// Version of the policy resource.
pub const VERSION: &str = "v1alpha1";
/// Group and version of the policy resource, as in `apiVersion`.
pub const API_VERSION: &str = "extreg.io/v1alpha1";
/// Kind of the policy resource.
pub const KIND: &str = "RegistryPolicy";
/// Plural of the policy resource, as in its URL.
pub const PLURAL: &str = "registrypolicies";
/// Name of the custom resource definition.
pub const CRD: &str = "registrypolicies.extreg.io";

/// Label that excludes a namespace or an object from the webhook.
pub const IGNORE_LABEL: &str = "extreg.io/ignore";
/// Its only effective value.
pub const IGNORE_VALUE: &str = "true";
/// Label of all objects that this crate creates.
pub const MANAGED_BY_LABEL: &str = "app.kubernetes.io/managed-by";
/// Its value, which is also the field manager.
pub const MANAGER: &str = "oc-extreg";
/// Label by which the Service, the budget and the network policy find the pods.
pub const NAME_LABEL: &str = "app.kubernetes.io/name";

/// Default namespace of the webhook.
pub const NAMESPACE: &str = "extreg-system";
/// Name of the Deployment, the Service, the service account and the configuration.
pub const WEBHOOK: &str = "extreg-webhook";
/// Name of the one entry of the configuration; the API servers' metrics contain it.
pub const WEBHOOK_ENTRY: &str = "mutate.extreg.io";
/// Path on which the webhook serves admission reviews.
pub const WEBHOOK_PATH: &str = "/mutate";
/// Secret that holds the serving certificate.
pub const SERVING_SECRET: &str = "extreg-webhook-tls";
/// Lease that elects the replica which writes policy status.
pub const LEASE: &str = "extreg-webhook";
/// ClusterRole for users who run audits.
pub const AUDIT_ROLE: &str = "extreg-audit";
/// Name of the job that audits the cluster: its CronJob, account, role, binding and network policy. The role is not
/// [`AUDIT_ROLE`], which administrators apply and bind to users.
pub const AUDIT_JOB: &str = "extreg-audit-job";
/// API group of the reports that it publishes.
pub const REPORTS_GROUP: &str = "openreports.io";
/// Name of the ClusterReport among them.
pub const AUDIT_REPORT: &str = "extreg-audit";
/// The plugin's binary, in the image of the webhook.
pub const PLUGIN: &str = "oc-extreg";
/// ClusterRole for users who can read policies.
pub const POLICY_READER: &str = "extreg-policy-reader";
/// Name of the importer's Deployment, service account, binary and roles.
pub const IMPORTER: &str = "extreg-importer";
/// Name of its role and role binding in a namespace whose builds are followed.
pub const IMPORTER_NAMESPACE: &str = "extreg-importer-namespace";
/// Lease that elects the replica of the importer which follows builds. The name dates from when the
/// webhook followed them, so that in an upgrade never two do, and the importer continues where the
/// webhook stopped. The webhook's permissions for it had this name too.
pub const FOLLOW_BUILDS: &str = "extreg-webhook-follow-builds";
/// Policy that an installation starts with.
pub const DEFAULT_POLICY: &str = "dockerhub";
/// Namespace of the dashboards of OpenShift's console.
pub const CONSOLE_NAMESPACE: &str = "openshift-config-managed";
/// ConfigMap of our dashboard there.
pub const CONSOLE_DASHBOARD: &str = "extreg-dashboard";
/// Push secret that the starting policy uses.
pub const DEFAULT_SECRET: &str = "dockerhub";

/// Port of the Service.
pub const SERVICE_PORT: i32 = 443;
/// Port on which the webhook serves TLS.
pub const TLS_PORT: i32 = 8443;
/// Port on which the webhook answers probes and metrics, without TLS.
pub const HEALTH_PORT: i32 = 8080;
