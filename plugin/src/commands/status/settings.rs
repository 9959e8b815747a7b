//! What `status` was asked for, understood and checked.

use extreg_flow::Wanted;

use super::{
    Args, Output,
    render::{Look, View},
};
use crate::{args::EndpointArgs, context::Context, error::Error, print::DataFormat};

/// What to look at and how to show it.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) wanted: Wanted,
    /// A label selector; empty picks all.
    pub(super) selector: String,
    pub(super) all_namespaces: bool,
    pub(super) watch: bool,
    /// Whether every object is to be told.
    pub(super) with_objects: bool,
    /// Where registries are asked; none if they are not to be.
    pub(super) registry: Option<EndpointArgs>,
    pub(super) show: Show,
    /// The name as it was given.
    pub(super) name: Option<String>,
}

/// How to show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Show {
    /// For people.
    Lines { view: View, wide: bool },
    /// For programs.
    Data(DataFormat),
    /// A name a line.
    Names,
}

impl Settings {
    /// Understands and checks the arguments.
    ///
    /// # Errors
    /// [`Error::Usage`]
    pub(super) fn resolve(args: Args) -> Result<Self, Error> {
        let lines = |view, wide| Show::Lines { view, wide };
        let show = match (args.output.format, args.tree) {
            (Some(Output::Json), _) => Show::Data(DataFormat::Json),
            (Some(Output::Yaml), _) => Show::Data(DataFormat::Yaml),
            (Some(Output::Name), true) => {
                return Err(Error::usage("--tree draws lines; -o name prints names"));
            }
            (Some(Output::Name), false) => Show::Names,
            (Some(Output::Table | Output::Wide), true) => {
                return Err(Error::usage("--tree is no table: leave one of both out"));
            }
            (Some(Output::Table), false) => lines(View::Table, false),
            (Some(Output::Wide), false) => lines(View::Table, true),
            (None, true) => lines(View::Tree, false),
            (None, false) if args.all_namespaces && args.name.is_none() => {
                lines(View::Table, false)
            }
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

    /// How people get it.
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
