//! How the commands of the documentation run: what their placeholders stand for, what must exist, how they end.

/// A text of commands and what it stands for. `$URL` and `$CA` are those of the running webhook.
pub(crate) const PLACEHOLDERS: [(&str, &str); 13] = [
    (
        "--image REGISTRY/extreg-webhook:0.1.0",
        "--url $URL --ca-file $CA",
    ),
    (
        "--image REGISTRY/extreg-webhook:VERSION",
        "--url $URL --ca-file $CA",
    ),
    ("namespace NAME", "namespace other"),
    ("teardown NAME", "teardown cart -n shop"),
    ("diff OLD NEW", "diff old.json new.json"),
    ("explain ID", "explain EXR007"),
    ("explain FIELD", "explain extreg.io/ignore"),
    ("resolve NAME", "resolve nginx"),
    ("resolve REF", "resolve acme/app:v1"),
    (
        "IMAGE STREAM:TAG",
        "docker.io/acme/cart:latest cart:latest -n shop",
    ),
    ("secret link NAME", "secret link dockerhub -n shop"),
    ("status NAME", "status cart -n shop"),
    (
        "test IMAGE -n NAMESPACE",
        "test docker.io/acme/app:v1 -n shop",
    ),
];

const OF_OC: &str = "a command of oc that kubectl does not have";
const OF_PODS: &str = "the job needs the webhook's pods, whose image is nowhere here";
const OF_REPORTS: &str = "this cluster does not serve the definitions of OpenReports";
const PART: &str = "only a part of a command";

/// Commands that do not run here, and why. A text that ends with a space is the start of a command.
pub(crate) const NOT_RUN: [(&str, &str); 19] = [
    ("oc adm ", OF_OC),
    ("oc image mirror", OF_OC),
    ("oc import-image ", OF_OC),
    ("oc secrets link ", OF_OC),
    ("oc set build-secret ", OF_OC),
    ("oc set image-lookup", OF_OC),
    ("oc set image-lookup ", OF_OC),
    ("oc set triggers ", OF_OC),
    ("oc tag ", OF_OC),
    ("oc create job audit-now ", OF_PODS),
    (
        "oc delete reports.openreports.io,clusterreports.openreports.io ",
        OF_REPORTS,
    ),
    ("oc extreg audit -A --publish", OF_REPORTS),
    ("oc extreg webhook install --audit-schedule ", OF_PODS),
    ("oc annotate is/app", PART),
    (
        "oc create secret docker-registry --docker-server=docker.io",
        PART,
    ),
    ("oc extreg except add", PART),
    ("oc extreg secret set", PART),
    ("oc extreg setup --schedule=fallback", PART),
    (
        "oc extreg webhook cert rotate",
        "the certificate of an external webhook is not the plugin's",
    ),
];

/// Pages, their commands, and what a command needs before it runs, as a shell script.
pub(crate) const BEFORE: [(&str, &str, &str); 13] = [
    // What OpenShift's controllers do after setup.
    (
        "README.md",
        "oc extreg status cart:latest -n shop",
        r#"fill() { sed "s/DIGEST/$DIGEST/; s/NOW/$(date -u +%FT%TZ)/" "$1"; }
           fill built.yaml | kubectl apply -f -
           fill imported.yaml > status.yaml
           kubectl patch imagestream/cart -n shop --subresource=status --type=merge --patch-file=status.yaml
           kubectl set image deployment/cart -n shop "cart=docker.io/acme/cart@$DIGEST""#,
    ),
    (
        "README.md",
        "oc delete mutatingwebhookconfiguration extreg-webhook",
        INSTALL,
    ),
    (
        "README.md",
        r#"oc patch mutatingwebhookconfiguration extreg-webhook --type=json -p '[{"op":"replace","path":"/webhooks/0/failurePolicy","value":"Ignore"}]'"#,
        INSTALL,
    ),
    (
        "docs/audit.md",
        "oc extreg audit --must-gather inspect.tar.gz -o html=report.html",
        "gzip inspect.tar",
    ),
    (
        "docs/audit.md",
        "oc extreg audit diff OLD NEW",
        "oc extreg audit -A -o json=old.json && cp old.json new.json",
    ),
    // The built-in policy is enforced; the webhook only audits.
    (
        "docs/fix.md",
        "oc extreg fix -A",
        "oc extreg webhook uninstall --all --yes",
    ),
    (
        "docs/fix.md",
        "oc extreg fix -n snow --push-secret-from ops/dockerhub --yes",
        "kubectl apply -f snow.yaml",
    ),
    (
        "docs/fix.md",
        "oc extreg fix -n snow --auth-file auth.json --yes",
        "kubectl replace -f snow.yaml
         kubectl get secret dockerhub -n ops -o 'jsonpath={.data.\\.dockerconfigjson}' | base64 -d > auth.json",
    ),
    ("docs/policy.md", "oc extreg webhook upgrade --yes", INSTALL),
    (
        "docs/checks/EXR004.md",
        "oc create configmap registry-ca -n openshift-config --from-file=registry.example.com=ca.crt",
        r#"cp "$CA" ca.crt"#,
    ),
    (
        "docs/checks/EXR006.md",
        "oc annotate deployment/cart -n shop 'extreg.io/ignore-checks=EXR006 until 2027-01-31: is replaced at every release by the pipeline'",
        NO_EXCEPTION,
    ),
    (
        "docs/checks/EXR007.md",
        "oc annotate deployment/cart -n shop 'extreg.io/ignore-checks=EXR007 until 2027-01-31: pulled through a mirror that has the credential'",
        NO_EXCEPTION,
    ),
    (
        "docs/checks/EXR012.md",
        "oc annotate deployment/cart -n shop 'extreg.io/ignore-checks=EXR012 until 2027-01-31: is rolled out by the pipeline'",
        NO_EXCEPTION,
    ),
];

const INSTALL: &str = r#"oc extreg webhook install --url "$URL" --ca-file "$CA""#;
const NO_EXCEPTION: &str = "kubectl annotate deployment/cart -n shop extreg.io/ignore-checks-";

/// Pages, their commands that end with another code than 0, and the code.
pub(crate) const CODES: [(&str, &str, i32); 4] = [
    ("README.md", "oc extreg fix -f deploy/ -R", 3),
    ("docs/fix.md", "oc extreg fix -A", 3),
    ("docs/fix.md", "oc extreg fix -f deploy/ -R", 3),
    (
        "docs/audit.md",
        "oc extreg audit -f manifests/ -R --fail-on high --require-coverage 100 -o sarif=audit.sarif -o junit=audit.xml",
        4,
    ),
];
