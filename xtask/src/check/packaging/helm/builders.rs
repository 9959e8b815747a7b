//! The chart renders the objects that the builders return for the same settings, except for the labels and annotations
//! of Helm.

use std::collections::BTreeMap;
use std::ffi::OsStr;

use anyhow::{Context, Result, ensure};
use extreg_manifests::{
    FailurePolicy, FollowBuilds, InstallMode, Settings, Tls, install, parse_selector,
};
use serde_json::Value;

use super::{Helm, NAMESPACE, objects};
use crate::console;

/// Kind, namespace and name.
type Identity = (String, String, String);

/// Compares the default and other values with the settings of `webhook install`.
pub(super) fn check(helm: &Helm) -> Result<()> {
    let cases = cases()?;
    for (args, settings) in &cases {
        let args: Vec<&OsStr> = args.iter().map(OsStr::new).collect();
        let rendered = objects(&helm.rendered(&args)?)?;
        let rendered: BTreeMap<Identity, Value> = rendered.into_iter().map(reduced).collect();
        let manifests = install(settings)?
            .into_iter()
            .map(|manifest| manifest.value);
        let mut built: BTreeMap<Identity, Value> = manifests.map(reduced).collect();
        // Helm creates it, see the README of the chart.
        built.remove(&("Namespace".to_owned(), String::new(), NAMESPACE.to_owned()));
        ensure!(
            rendered.keys().eq(built.keys()),
            "{args:?}: the chart has {:?}, the installation {:?}",
            rendered.keys(),
            built.keys()
        );
        for (identity, object) in &rendered {
            let other = built.get(identity).context("compared above")?;
            ensure!(
                object == other,
                "{args:?}: {identity:?} is\n{object}\ninstead of\n{other}"
            );
        }
    }
    console::line(&format!(
        "{} settings render to the same objects",
        cases.len()
    ));
    Ok(())
}

/// Arguments of Helm, and the settings that they stand for.
fn cases() -> Result<Vec<(&'static [&'static str], Settings)>> {
    // As `webhook install` without flags.
    let defaults = || Settings {
        mode: InstallMode::Audit,
        ..Settings::default()
    };
    let cases: [(&'static [&'static str], Settings); 5] = [
        (&[], defaults()),
        (
            &[
                "--set",
                "mode=Enforce,failurePolicy=Fail,timeoutSeconds=7,replicas=1",
                "--set",
                "followBuilds.enabled=true,monitoring.enabled=true",
            ],
            Settings {
                mode: InstallMode::Enforce,
                failure_policy: FailurePolicy::Fail,
                timeout: 7.try_into()?,
                replicas: 1.try_into()?,
                follow_builds: FollowBuilds::Everywhere,
                monitoring: true,
                ..defaults()
            },
        ),
        (
            &["--set", "monitoring.enabled=true"],
            Settings {
                monitoring: true,
                ..defaults()
            },
        ),
        (
            &[
                "--set-json",
                r#"namespaceSelector.matchExpressions=[{"key":"team","operator":"In","values":["shop","bank"]}]"#,
                "--set",
                "followBuilds.enabled=true,followBuilds.namespaces={bank,shop}",
            ],
            Settings {
                namespace_selector: parse_selector("team in (shop,bank)")?,
                follow_builds: FollowBuilds::In(["bank".parse()?, "shop".parse()?].into()),
                ..defaults()
            },
        ),
        (
            &[
                "--set",
                "tls.mode=secret,tls.caBundle=-----BEGIN CERTIFICATE-----",
                "--set",
                "image.repository=quay.io/acme/webhook,image.tag=1.2,secrets={quay}",
            ],
            Settings {
                tls: Tls::OwnCa("-----BEGIN CERTIFICATE-----".parse()?),
                image: Some("quay.io/acme/webhook:1.2".to_owned()),
                secrets: ["dockerhub".parse()?, "quay".parse()?].into(),
                ..defaults()
            },
        ),
    ];
    Ok(cases.into())
}

/// The object without the labels and annotations that name its manager.
fn reduced(mut object: Value) -> (Identity, Value) {
    for labels in ["/metadata/labels", "/spec/template/metadata/labels"] {
        remove(
            &mut object,
            labels,
            &["app.kubernetes.io/managed-by", "helm.sh/chart"],
        );
    }
    remove(
        &mut object,
        "/metadata/annotations",
        &["helm.sh/resource-policy"],
    );
    let text = |pointer: &str| {
        let text = object.pointer(pointer).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    let identity = (
        text("/kind"),
        text("/metadata/namespace"),
        text("/metadata/name"),
    );
    (identity, object)
}

/// Removes keys of a map, and the map if it is empty then.
fn remove(object: &mut Value, map: &str, keys: &[&str]) {
    let Some((parent, name)) = map.rsplit_once('/') else {
        return;
    };
    let Some(parent) = object.pointer_mut(parent).and_then(Value::as_object_mut) else {
        return;
    };
    if let Some(map) = parent.get_mut(name).and_then(Value::as_object_mut) {
        for key in keys {
            map.remove(*key);
        }
        if map.is_empty() {
            parent.remove(name);
        }
    }
}
