//! `status`: the whole way of an image, link by link, with the first one that is broken.
//!
//! `fetch` reads the cluster, `extreg_flow` finds the flows and judges them, and `render` shows them.

mod fetch;
mod render;
mod settings;
mod watch;

use extreg_flow::{FlowReport, KINDS, Report};
use extreg_terminal::Exit;

use self::settings::{Settings, Show};
use crate::{
    args::{EndpointArgs, OutputArgs},
    context::Context,
    error::Error,
};

/// Show why a new image is not running: build, registry, import, trigger, rollout and pods
///
/// A flow is one tag of an ImageStream with the BuildConfig that writes its image and the workloads
/// that follow it. Of each the links are shown in the order that an image passes them; the first one
/// that is broken is marked, with what fixes it. Changes nothing.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  # Everything about one application: by the name of its BuildConfig, ImageStream or workload
  oc extreg status python-lyapp -n snow

  # The flows of a namespace, a row each, and all of them with their fixes
  oc extreg status -n snow
  oc extreg status -A -o wide

  # Every object of it, and again whenever something changes
  oc extreg status deployment/python-lyapp -n snow --tree -w

A registry is asked by HEAD, which Docker Hub does not count as a pull, with the login that an import of \
the namespace would use, if you may read it. The exit code is 0 whatever it shows, 1 if there is no such flow, 6 if nothing at all may be read.")]
pub struct Args {
    /// Only the flows that this is part of: a name, STREAM:TAG, or KIND/NAME
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// All namespaces of the cluster
    #[arg(short = 'A', long)]
    all_namespaces: bool,
    /// Only flows with a BuildConfig, ImageStream or workload of these labels
    #[arg(short = 'l', long, value_name = "LABELS")]
    selector: Option<String>,
    /// Draw every object; with -o json or yaml, tell it
    #[arg(long)]
    tree: bool,
    /// Show it again whenever it changes, until interrupted
    #[arg(short, long)]
    watch: bool,
    #[command(flatten)]
    output: OutputArgs<Output>,
    /// Ask no registry what it has
    #[arg(long)]
    no_registry: bool,
    #[command(flatten)]
    endpoints: EndpointArgs,
}

/// `-o`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Output {
    Table,
    Wide,
    Json,
    Yaml,
    Name,
}

impl Args {
    /// Whether it goes on until it is interrupted.
    pub const fn watches(&self) -> bool {
        self.watch
    }
}

/// Shows it.
///
/// # Errors
/// If the arguments make no sense, there is no such flow, or nothing at all may be read.
pub async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    let settings = Settings::resolve(args)?;
    let mut source = fetch::Source::new(&settings, context).await?;
    if settings.watch {
        return watch::run(&settings, &mut source, context).await;
    }
    let report = source.report(&settings, context).await?;
    context.printer.clear_status();
    if report.flows.is_empty() {
        if let Some(name) = &settings.name {
            tell_unseen(&report, context);
            let place = source.place();
            return Err(Error::failed(format!(
                "there is no flow of {name} in {place}"
            )));
        }
        context
            .printer
            .note(format!("No flows found in {}.", source.place()));
    }
    match settings.show {
        Show::Data(format) => render::data(&report, format, &context.printer)?,
        Show::Names => {
            for flow in &report.flows {
                let line = name(flow, settings.all_namespaces);
                context.printer.raw(&format!("{line}\n"));
            }
        }
        Show::Lines { view, .. } => {
            render::print(&report, view, settings.look(context), &context.printer);
        }
    }
    tell_unseen(&report, context);
    Ok(Exit::Done)
}

fn tell_unseen(report: &Report, context: &Context) {
    for line in &report.not_seen {
        context.printer.note(format!("not seen: {line}"));
    }
}

/// The object that a flow is named after, as `-o name` has it.
/// `kind.group/name`, in all namespaces `NAMESPACE/kind.group/name`.
fn name(flow: &FlowReport, all_namespaces: bool) -> String {
    if all_namespaces {
        format!("{}/{}", flow.namespace, reference(flow))
    } else {
        reference(flow)
    }
}

fn reference(flow: &FlowReport) -> String {
    match flow.name.split_once('/') {
        None => format!("imagestreamtag.image.openshift.io/{}", flow.name),
        Some((kind, name)) => {
            let mut apis = KINDS.iter().map(|kind| kind.api());
            let api = apis.find(|api| api.kind.to_lowercase() == kind);
            let group = api.map_or("", |api| api.group);
            format!("{kind}.{group}/{name}")
        }
    }
}
