//! `explain`: the page of a check, or the meaning of a field.

mod field;
mod policy;

use extreg_audit::check::CheckId;
use extreg_remedy::Caller;
use extreg_terminal::Exit;

use crate::{context::Context, error::Error};

/// Explain a check or a field
///
/// For a check: what it finds, why that matters, how to fix it and how to except it. For a field of a
/// BuildConfig, ImageStream, RegistryPolicy or related kind: what OpenShift does with it, and
/// what the webhook does. Needs no cluster.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  # A check
  oc extreg explain EXR007

  # A field, by its full name or the end of its name
  oc extreg explain buildconfig.spec.output.pushSecret
  oc extreg explain importPolicy.scheduled
  oc extreg explain registrypolicy.spec.push

  # A label or an annotation
  oc extreg explain extreg.io/ignore")]
pub struct Args {
    /// Check, such as EXR007, or field
    #[arg(value_name = "CHECK|FIELD")]
    subject: String,
}

/// Prints the page.
///
/// # Errors
/// [`Error::Usage`] if neither a check nor a field matches.
pub fn run(args: &Args, context: &Context) -> Result<Exit, Error> {
    let page = page(&args.subject)?;
    context.printer.raw(&match context.caller {
        Caller::Oc => page,
        Caller::Kubectl => page.replace("oc extreg", "kubectl extreg"),
    });
    Ok(Exit::Done)
}

fn page(subject: &str) -> Result<String, Error> {
    if let Ok(check) = subject.parse::<CheckId>() {
        return Ok(check.page().to_owned());
    }
    if let Some(page) = policy::explain(subject).or_else(|| field::explain(subject)) {
        return Ok(page);
    }
    let near = field::closest(subject);
    let near = near.map_or_else(|| ".".to_owned(), |name| format!("; did you mean {name}?"));
    Err(Error::usage(format!(
        "no check or field is named \"{subject}\"{near} Checks are EXR001 to EXR015 (oc extreg audit \
         list); fields are written like buildconfig.spec.output.pushSecret"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_and_fields_have_pages() {
        for (subject, start) in [
            ("exr007", "# EXR007: "),
            (
                "buildconfig.spec.output.pushSecret",
                "## buildconfig.spec.output.pushSecret",
            ),
            ("BuildConfig.spec.output.pushsecret", "## buildconfig"),
            ("bc.spec.output.pushSecret", "## buildconfig"),
            ("pushSecret", "## buildconfig.spec.output.pushSecret"),
            (
                "imagestream.spec.tags[].importPolicy.scheduled",
                "## imagestream.spec.tags.importPolicy.scheduled",
            ),
            ("extreg.io/ignore", "## extreg.io/ignore\n"),
            ("registrypolicy", "registrypolicy <object>"),
            (
                "registrypolicy.spec.push.secretName",
                "registrypolicy.spec.push.secretName <string>",
            ),
        ] {
            let page = page(subject).unwrap();
            assert!(page.starts_with(start), "{subject}: {page}");
        }
    }

    #[test]
    fn unknown_names_are_refused() {
        for (subject, near) in [
            ("EXR099", ""),
            (
                "spec.output.pushSecrt",
                "; did you mean buildconfig.spec.output.pushSecret? Checks",
            ),
            (
                "pushSecrt",
                "; did you mean buildconfig.spec.output.pushSecret?",
            ),
            ("registrypolicy.spec.nothing", ""),
            ("", ""),
            (".", ""),
        ] {
            let error = page(subject).unwrap_err().to_string();
            assert!(
                error.contains(near) && error.contains("no check or field"),
                "{error}"
            );
        }
    }
}
