//! Objects of OpenShift's console: a download of the command line, a quick start, samples, and a link in the help menu.

mod model;
mod quick_start;
mod sample;

use extreg_manifests::{File, Manifest, ObjectName, Phase, RenderError, names};
use serde::Serialize;
use serde_json::json;

use self::model::{Download, Link, Location, Object, Text};

const API_VERSION: &str = "console.openshift.io/v1";
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Name of the objects of which there is one.
const NAME: &str = "oc-extreg";

/// The files for `oc apply -k`.
///
/// # Errors
/// An object cannot be rendered as YAML.
pub fn console() -> Result<Vec<File>, RenderError> {
    let mut objects = vec![
        object("ConsoleCLIDownload", NAME, &download())?,
        object("ConsoleLink", NAME, &link())?,
        object("ConsoleQuickStart", NAME, &quick_start::quick_start())?,
    ];
    for (name, sample) in sample::samples()? {
        objects.push(object("ConsoleYAMLSample", name, &sample)?);
    }
    let mut files = Vec::new();
    for manifest in objects {
        let ObjectName { kind, name, .. } = &manifest.object;
        let name = format!("{}-{name}.yaml", kind.to_ascii_lowercase());
        files.push(File::new(name, &manifest)?);
    }
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    files.push(kustomization(&names)?);
    for file in &mut files {
        file.name.insert_str(0, "console/");
    }
    Ok(files)
}

fn object(kind: &str, name: &str, spec: &impl Serialize) -> Result<Manifest, RenderError> {
    let named = ObjectName {
        api_version: API_VERSION.to_owned(),
        kind: kind.to_owned(),
        namespace: None,
        name: name.to_owned(),
    };
    let labels = [(names::NAME_LABEL, NAME)].into();
    let content = Object::new(API_VERSION, kind, name, labels, spec);
    Manifest::named(Phase::Base, named, &content)
}

fn kustomization(resources: &[&str]) -> Result<File, RenderError> {
    let object = ObjectName {
        api_version: "kustomize.config.k8s.io/v1beta1".to_owned(),
        kind: "Kustomization".to_owned(),
        namespace: None,
        name: String::new(),
    };
    let value = json!({
        "apiVersion": object.api_version,
        "kind": object.kind,
        "resources": resources,
    });
    File::new(
        "kustomization.yaml".to_owned(),
        &Manifest::named(Phase::Base, object, &value)?,
    )
}

/// The archives of the release with this version.
fn download() -> Download {
    let archive = |platform: &str, end: &str, text: &str| Text {
        href: format!(
            "{}/releases/download/v{VERSION}/{NAME}-{VERSION}-{platform}.{end}",
            names::HOME
        ),
        text: text.to_owned(),
    };
    let linux = [
        ("amd64", "x86_64"),
        ("arm64", "ARM 64"),
        ("ppc64le", "IBM Power, little endian"),
        ("s390x", "IBM Z"),
    ];
    let mut links: Vec<Text> = linux
        .into_iter()
        .map(|(arch, name)| {
            let text = format!("Download oc extreg for Linux for {name}");
            archive(&format!("linux-{arch}"), "tar.gz", &text)
        })
        .collect();
    for (arch, name) in [("amd64", "x86_64"), ("arm64", "ARM 64")] {
        let text = format!("Download oc extreg for Mac for {name}");
        links.push(archive(&format!("darwin-{arch}"), "tar.gz", &text));
    }
    let windows = "Download oc extreg for Windows for x86_64";
    links.push(archive("windows-amd64", "zip", windows));
    Download {
        display_name: "oc extreg - builds that push to an external registry",
        description: "Sets up, checks and audits builds and image streams that use an external registry such as docker.io. Put \
                      the program `oc-extreg` into a folder of your `PATH`, and run `oc extreg`.",
        links,
    }
}

fn link() -> Link {
    Link {
        href: format!("{}/blob/v{VERSION}/docs/README.md", names::HOME),
        text: "External registries (oc extreg)",
        location: Location::HelpMenu,
    }
}
