//! `status`: each link of an image, from its build to its pods, and the first broken link.
//!
//! `fetch` reads the cluster, `extreg_flow` finds and judges the flows, and `render` prints them.

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
/// A flow is one tag of an ImageStream, the BuildConfig that builds its image, and the workloads that
/// use the tag. The links of a flow are shown in the order in which an image passes them; the first
/// broken link is marked and shown with its fix. Changes nothing.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  # One application, by the name of its BuildConfig, ImageStream or workload
  oc extreg status python-lyapp -n snow

  # A table of the flows of a namespace, and of all namespaces with fixes
  oc extreg status -n snow
  oc extreg status -A -o wide

  # Every object of a flow, shown again on each change
  oc extreg status deployment/python-lyapp -n snow --tree -w

Registries are queried with HEAD, which Docker Hub does not count as a pull, and with the login that imports of the \
namespace use, if you can read it. The exit code is 0 for any state, 1 if the flow does not exist, and 6 if you cannot \
read any resource.")]
pub struct Args {
    /// Only flows of this object: NAME, STREAM:TAG or KIND/NAME
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// All namespaces of the cluster
    #[arg(short = 'A', long)]
    all_namespaces: bool,
    /// Only flows with a BuildConfig, ImageStream or workload with these labels
    #[arg(short = 'l', long, value_name = "LABELS")]
    selector: Option<String>,
    /// Show every object, as a tree or with -o json or yaml
    #[arg(long)]
    tree: bool,
    /// Show the flows again on each change, until interrupted
    #[arg(short, long)]
    watch: bool,
    #[command(flatten)]
    output: OutputArgs<Output>,
    /// Do not query registries
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
    /// Whether the command runs until it is interrupted.
    pub const fn watches(&self) -> bool {
        self.watch
    }
}

/// Shows the flows.
///
/// # Errors
/// If the arguments are invalid, the flow does not exist, or the user cannot read any resource.
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
            print_gaps(&report, context);
            let place = source.place();
            return Err(Error::failed(format!("no flow of {name} found in {place}")));
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
    print_gaps(&report, context);
    Ok(Exit::Done)
}

fn print_gaps(report: &Report, context: &Context) {
    for line in &report.gaps {
        context.printer.note(format!("not read: {line}"));
    }
}

/// The object that a flow is named after, as `-o name` prints it:
/// `kind.group/name`, with -A `NAMESPACE/kind.group/name`.
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
