//! `tree`: a folder in the layout of `oc adm inspect`, of a cluster of the required size.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::population::{Many, account, image_config, namespace, namespace_name, secret};
use crate::yaml::dump;

/// The objects of each kind in a namespace, as many as `fill` creates.
const IN_EACH: [(Many, usize); 3] = [(Many::Pods, 20), (Many::Streams, 5), (Many::Configs, 5)];

/// Writes a list for each namespace and kind, until the total has this size.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    folder: PathBuf,
    #[arg(long)]
    mebibytes: f64,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let wanted = args.mebibytes * 1024.0 * 1024.0;
    let mut tree = Tree {
        root: &args.folder,
        bytes: 0.0,
    };
    let config = "cluster-scoped-resources/config.openshift.io/images.yaml";
    tree.list(config, "config.openshift.io/v1", "Image", &[image_config()])?;
    let mut objects = 1;
    let mut namespaces = 0;
    while tree.bytes < wanted {
        let name = namespace_name(namespaces);
        tree.namespace(&name)?;
        for (kind, count) in IN_EACH {
            let first = namespaces * count;
            let items: Vec<Value> = (first..first + count)
                .map(|number| kind.object(number, &name))
                .collect();
            objects += items.len();
            tree.kind(&name, kind, &items)?;
        }
        objects += 4;
        namespaces += 1;
    }
    println!(
        "{}",
        json!({"namespaces": namespaces, "objects": objects, "bytes": tree.bytes})
    );
    Ok(())
}

struct Tree<'a> {
    root: &'a Path,
    bytes: f64,
}

impl Tree<'_> {
    /// The namespace, its secret as inspect writes it (without its value), and its accounts.
    fn namespace(&mut self, name: &str) -> Result<()> {
        let folder = format!("namespaces/{name}");
        self.write(&format!("{folder}/{name}.yaml"), &namespace(name))?;
        let mut secret = secret(name);
        secret["data"][".dockerconfigjson"] = json!("68 bytes long");
        self.list(
            &format!("{folder}/core/secrets.yaml"),
            "v1",
            "Secret",
            &[secret],
        )?;
        let accounts = ["builder", "default"].map(|user| account(user, name));
        let path = format!("{folder}/core/serviceaccounts.yaml");
        self.list(&path, "v1", "ServiceAccount", &accounts)
    }

    fn kind(&mut self, namespace: &str, kind: Many, items: &[Value]) -> Result<()> {
        let (group, resource) = kind.resource();
        let folder = if group.is_empty() { "core" } else { group };
        let first = items.first().context("a list of nothing")?;
        let text = |key: &str| first[key].as_str().unwrap_or_default().to_owned();
        self.list(
            &format!("namespaces/{namespace}/{folder}/{resource}.yaml"),
            &text("apiVersion"),
            &text("kind"),
            items,
        )
    }

    fn list(&mut self, path: &str, version: &str, kind: &str, items: &[Value]) -> Result<()> {
        let items: Vec<Value> = items.iter().map(|item| stored(item, version)).collect();
        let list = json!({
            "apiVersion": version,
            "items": items,
            "kind": format!("{kind}List"),
            "metadata": {"resourceVersion": "123456"},
        });
        self.write(path, &list)
    }

    fn write(&mut self, path: &str, object: &Value) -> Result<()> {
        let path = self.root.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let text = format!("---\n{}", dump(object));
        self.bytes += text.len() as f64;
        fs::write(&path, text).with_context(|| format!("write {}", path.display()))
    }
}

/// The object as an API server returns it, with its managed fields.
fn stored(object: &Value, version: &str) -> Value {
    let mut stored = object.clone();
    stored["metadata"]["creationTimestamp"] = json!("2026-05-12T08:00:00Z");
    stored["metadata"]["managedFields"] = json!([{
        "apiVersion": version,
        "fieldsType": "FieldsV1",
        "fieldsV1": fields(object),
        "manager": "argocd-controller",
        "operation": "Update",
        "time": "2026-05-12T08:00:00Z",
    }]);
    stored
}

fn fields(value: &Value) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (format!("f:{key}"), fields(value)))
            .collect(),
        _ => json!({}),
    }
}
