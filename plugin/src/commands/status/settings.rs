//! Validates the arguments of `status`.

use extreg_flow::Wanted;

use super::{
    Args, Output,
    render::{Look, View},
};
use crate::{args::EndpointArgs, context::Context, error::Error, print::DataFormat};

/// Which flows to show, and how.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) wanted: Wanted,
    /// A label selector; empty selects all objects.
    pub(super) selector: String,
    pub(super) all_namespaces: bool,
    pub(super) watch: bool,
    /// Whether to report every object.
    pub(super) with_objects: bool,
    /// The endpoints of registries; none if registries are not queried.
    pub(super) registry: Option<EndpointArgs>,
    pub(super) show: Show,
    /// The name as the user typed it.
    pub(super) name: Option<String>,
}

/// How to show the flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Show {
    /// For people.
    Lines { view: View, wide: bool },
    /// For programs.
    Data(DataFormat),
    /// One name on each line.
    Names,
}

impl Settings {
    /// Validates the arguments.
    ///
    /// # Errors
    /// [`Error::Usage`]
    pub(super) fn resolve(args: Args) -> Result<Self, Error> {
        let lines = |view, wide| Show::Lines { view, wide };
        let show = match (args.output.format, args.tree) {
            (Some(Output::Json), _) => Show::Data(DataFormat::Json),
            (Some(Output::Yaml), _) => Show::Data(DataFormat::Yaml),
            (Some(Output::Name), true) => {
                return Err(Error::usage("--tree cannot be used with -o name"));
            }
            (Some(Output::Name), false) => Show::Names,
            (Some(Output::Table | Output::Wide), true) => {
                return Err(Error::usage(
                    "--tree cannot be used with -o table or -o wide",
                ));
            }
            (Some(Output::Table), false) => lines(View::Table, false),
            (Some(Output::Wide), false) => lines(View::Table, true),
            (None, true) => lines(View::Tree, false),
            (None, false) if args.all_namespaces && args.name.is_none() => {
                lines(View::Table, false)
            }
            (None, false) if args.name.is_some() => lines(View::Named, false),
            (None, false) => lines(View::Auto, false),
        };
        Ok(Self {
            wanted: Wanted::parse(args.name.as_deref()).map_err(Error::usage)?,
            selector: args.selector.unwrap_or_default(),
            all_namespaces: args.all_namespaces,
            watch: args.watch,
            with_objects: args.tree,
            registry: (!args.no_registry).then_some(args.endpoints),
            show,
            name: args.name,
        })
    }

    /// How lines look.
    pub(super) fn look(&self, context: &Context) -> Look {
        Look {
            has_signs: context.printer.out_has_color(),
            now: jiff::Timestamp::now(),
            columns: context.printer.columns(),
            wide: matches!(self.show, Show::Lines { wide: true, .. }),
            all_namespaces: self.all_namespaces,
        }
    }
}
