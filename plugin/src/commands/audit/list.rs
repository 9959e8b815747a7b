//! `audit list`: the checks.

use extreg_audit::check::CheckId;
use extreg_terminal::{Exit, Table};
use serde_json::{Value, json};

use crate::{
    args::OutputArgs,
    context::Context,
    error::Error,
    print::{DataFormat, to_data},
};

/// List the checks, their severities, and the controls that require them
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    output: OutputArgs<DataFormat>,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, Error> {
    let printer = &context.printer;
    if let Some(format) = args.output.format {
        let checks: Vec<Value> = CheckId::ALL.into_iter().map(check).collect();
        let list =
            json!({ "apiVersion": "extreg.io/v1", "kind": "AuditCheckList", "checks": checks });
        printer.raw(&to_data(&list, format)?);
        return Ok(Exit::Done);
    }
    let mut table = Table::new(&["CHECK", "SEVERITY", "TITLE"]);
    for check in CheckId::ALL {
        table.row([
            check.to_string(),
            check.severity().to_string(),
            check.title().to_owned(),
        ]);
    }
    table.print(printer);
    printer.note(format!(
        "for details of a check: {} explain EXR007",
        context.caller
    ));
    Ok(Exit::Done)
}

fn check(check: CheckId) -> Value {
    let controls: Vec<Value> = check
        .controls()
        .iter()
        .map(|control| {
            json!({
                "benchmark": control.benchmark.title(),
                "version": control.benchmark.version(),
                "id": control.id,
                "relation": control.relation.word(),
            })
        })
        .collect();
    let rules: Vec<Value> = check
        .rules()
        .map(|rule| json!({ "id": rule.slug, "meaning": rule.meaning }))
        .collect();
    json!({
        "id": check.as_str(),
        "title": check.title(),
        "severity": check.severity().as_str(),
        "summary": check.summary(),
        "page": check.page_path(),
        "controls": controls,
        "rules": rules,
    })
}
