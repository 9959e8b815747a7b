//! The dashboard: its rows and panels, once, and how Grafana and OpenShift's console read them.

mod console;
mod grafana;
mod panels;

pub use self::console::console_dashboard;
pub use self::grafana::grafana_dashboard;

/// The title of the dashboard.
const TITLE: &str = "oc extreg";

/// A row with its panels.
#[derive(Debug)]
struct Row {
    title: &'static str,
    panels: Vec<Panel>,
}

/// A panel: a graph of some queries.
#[derive(Debug)]
struct Panel {
    title: &'static str,
    unit: Unit,
    stacking: Stacking,
    queries: Vec<Query>,
}

/// A query, and the text for each of its series, with the values of labels in double braces.
#[derive(Debug)]
struct Query {
    expr: String,
    legend: &'static str,
}

/// The unit of a panel's values. Grafana and the console use the same names for these.
#[derive(Clone, Copy, Debug)]
enum Unit {
    /// A number.
    Count,
    /// Bytes, in units of 1024.
    Bytes,
    Seconds,
}

/// Whether series are shown on top of each other, because their sum means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stacking {
    Apart,
    Stacked,
}

impl Unit {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Count => "short",
            Self::Bytes => "bytes",
            Self::Seconds => "s",
        }
    }
}

impl Panel {
    fn new<const N: usize>(
        title: &'static str,
        unit: Unit,
        queries: [(String, &'static str); N],
    ) -> Self {
        let queries = queries.map(|(expr, legend)| Query { expr, legend });
        Self {
            title,
            unit,
            stacking: Stacking::Apart,
            queries: queries.into(),
        }
    }

    fn stacked(self) -> Self {
        Self {
            stacking: Stacking::Stacked,
            ..self
        }
    }

    /// The letters by which Grafana names the queries of a panel.
    fn letters(&self) -> impl Iterator<Item = (char, &Query)> {
        ('A'..='Z').zip(&self.queries)
    }
}
