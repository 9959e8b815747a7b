//! Results of writes, as kubectl prints them.

use extreg_cluster::{DryRun, Kind, Object, ObjectRef, Verb};
use extreg_terminal::{Printer, Text};
use serde_json::{Value, json};

use super::{DataFormat, to_data};
use crate::error::Error;

/// `-o` for the results of writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ObjectFormat {
    /// The objects as one JSON list.
    Json,
    /// One `kind.group/name` per line.
    Name,
    /// The objects as one YAML list.
    Yaml,
}

/// Prints results: a line each as they arrive, or all at the end as data.
pub struct Report<'a> {
    printer: &'a Printer,
    format: Option<ObjectFormat>,
    dry_run: DryRun,
    objects: Vec<Value>,
}

impl<'a> Report<'a> {
    /// No results yet.
    pub const fn new(printer: &'a Printer, format: Option<ObjectFormat>, dry_run: DryRun) -> Self {
        Self {
            printer,
            format,
            dry_run,
            objects: Vec::new(),
        }
    }

    /// The result for an object, and the object in its new state, if it exists.
    pub fn add(&mut self, reference: &ObjectRef, verb: Verb, object: Option<&Object>) {
        match self.format {
            None => {
                let name = Text::new().plain(format!("{reference} "));
                let verb_text = verb.to_string();
                let text = match verb {
                    Verb::Created | Verb::Linked => name.green(verb_text),
                    Verb::Configured | Verb::Unlinked => name.orange(verb_text),
                    Verb::Deleted => name.red(verb_text),
                    Verb::Unchanged => name.dim(verb_text),
                };
                self.printer.line(text.plain(self.dry_run.suffix()));
            }
            Some(ObjectFormat::Name) => self.printer.raw(&format!("{reference}\n")),
            Some(ObjectFormat::Json | ObjectFormat::Yaml) => {
                self.objects.extend(object.map(presentable));
            }
        }
    }

    /// The changes of an object, under its line, for people only.
    pub fn show_change(&self, before: &Object, after: &Object) {
        if self.format.is_none() {
            for line in super::diff::diff(before, after) {
                self.printer.note(line);
            }
        }
    }

    /// Prints the output that belongs to the end.
    pub fn finish(self) -> Result<(), Error> {
        let format = match self.format {
            Some(ObjectFormat::Json) => DataFormat::Json,
            Some(ObjectFormat::Yaml) => DataFormat::Yaml,
            None | Some(ObjectFormat::Name) => return Ok(()),
        };
        let list = json!({ "apiVersion": "v1", "kind": "List", "items": self.objects });
        self.printer.raw(&to_data(&list, format)?);
        Ok(())
    }
}

/// Without server-managed fields and the data of a secret: no format shows these.
fn presentable(object: &Object) -> Value {
    let mut body = object.body.clone();
    if let Some(metadata) = body.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    if object.kind == Kind::SECRET
        && let Some(secret) = body.as_object_mut()
    {
        secret.remove("data");
        secret.remove("stringData");
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;
    use extreg_terminal::{Quiet, testing::printer};

    fn printed(format: Option<ObjectFormat>, dry_run: DryRun) -> String {
        let (printer, out, _) = printer(Quiet::No, 0);
        let mut report = Report::new(&printer, format, dry_run);
        let secret = Object::new(
            Kind::SECRET,
            "snow",
            "dockerhub",
            json!({"data": {"k": "c2VjcmV0"}}),
        );
        report.add(&secret.reference(), Verb::Created, Some(&secret));
        let bc = Object::new(Kind::BUILD_CONFIG, "snow", "app", json!({"spec": {}}));
        report.add(&bc.reference(), Verb::Unchanged, Some(&bc));
        report.finish().unwrap();
        out.text()
    }

    #[test]
    fn lines_and_names() {
        assert_eq!(
            printed(None, DryRun::Server),
            "secret/dockerhub created (server dry run)\n\
             buildconfig.build.openshift.io/app unchanged (server dry run)\n"
        );
        assert_eq!(
            printed(None, DryRun::Client).lines().next(),
            Some("secret/dockerhub created (dry run)")
        );
        assert_eq!(
            printed(Some(ObjectFormat::Name), DryRun::None),
            "secret/dockerhub\nbuildconfig.build.openshift.io/app\n"
        );
    }

    #[test]
    fn no_format_shows_secret_data() {
        for format in [ObjectFormat::Json, ObjectFormat::Yaml] {
            let text = printed(Some(format), DryRun::None);
            assert!(
                text.contains("dockerhub") && text.contains("BuildConfig"),
                "{text}"
            );
            assert!(!text.contains("c2VjcmV0"), "{text}");
        }
    }
}
