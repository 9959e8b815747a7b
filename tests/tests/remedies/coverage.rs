//! The case that runs each action.

use extreg_remedy::Action;

use super::cases;

/// How an action is tested.
#[derive(Clone, Copy, Debug)]
enum Tried {
    /// By the case of that name.
    By(&'static str),
    /// Not tested here.
    No(&'static str),
}

/// A new action does not compile until a test is chosen for it here.
macro_rules! tried {
    ($($action:ident => $tried:expr),* $(,)?) => {
        const ALL: &[(&str, Tried)] = &[$((stringify!($action), $tried)),*];

        fn name(action: &Action) -> &'static str {
            match action {
                $(Action::$action { .. } => stringify!($action),)*
            }
        }
    };
}

tried! {
    SetPushSecret => Tried::By("push without a secret"),
    SetPullSecret => Tried::By("anonymous base"),
    AddPullSecret => Tried::By("workload with another pull secret"),
    LinkSecret => Tried::By("anonymous pull"),
    SetCredential => Tried::By("push secret without a key"),
    SetExcluded => Tried::By("two secrets of one registry"),
    SetSchedule => Tried::By("tag without a policy"),
    Secure => Tried::By("insecure tag"),
    Unreference => Tried::By("scheduled reference"),
    FollowImage => Tried::By("import by another name of the hub"),
    CreateTag => Tried::No("imagestreamtags is an API of OpenShift's own server"),
    ImportTag => Tried::No("OpenShift imports: imagestreamimports is an API of its own server"),
    CreateStream => Tried::No("a command of oc"),
    SetLookup => Tried::By("short name of a stream"),
    SetTriggers => Tried::By("paused trigger of a deployment"),
    AddConfigTrigger => Tried::By("bypassing config"),
    ResumeConfigTrigger => Tried::By("paused trigger of a config"),
    RepointConfigTrigger => Tried::By("wrong container of a config"),
    SetImage => Tried::By("running tag of a pod"),
    SetOutput => Tried::By("output without a registry"),
    SetClusterList => Tried::By("no list of registries"),
    VerifyRegistry => Tried::By("insecure registry"),
    VerifyImports => Tried::By("insecure imports"),
    InstallWebhook => Tried::No("waits for pods, which need nodes"),
    UpgradeWebhook => Tried::No("waits for pods, which need nodes"),
    RotateCertificate => Tried::No("waits for pods, which need nodes"),
    StartBuild => Tried::No("a command of oc"),
    Rollout => Tried::By("paused rollout"),
    ResumeCronJob => Tried::By("suspended job"),
    RollingUpdate => Tried::By("pods replaced on delete"),
    Promote => Tried::No("of promote, and no check or link suggests it"),
    Retag => Tried::No("of promote, and no check or link suggests it"),
    RestoreTag => Tried::No("imagestreamtags is an API of OpenShift's own server"),
    DeleteTag => Tried::No("imagestreamtags is an API of OpenShift's own server"),
}

#[test]
fn each_action_is_run_by_a_case_or_only_openshift_can() {
    let cases = cases::all();
    for (action, tried) in ALL {
        let mut of_action = cases
            .iter()
            .filter(|case| case.actions.iter().any(|of| name(of) == *action));
        match tried {
            // The case proves that the action is suggested.
            Tried::By(case) => {
                assert!(of_action.any(|of| of.name == *case), "{action}: {case}");
            }
            Tried::No(why) => {
                assert!(
                    of_action.next().is_none(),
                    "{action} is run, although: {why}"
                );
            }
        }
    }
}
