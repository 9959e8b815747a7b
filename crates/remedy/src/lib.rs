//! Fixes for findings and broken links: data, until a renderer formats it for the caller and one
//! rule decides whether it can be shown.

mod action;
mod caller;
mod inspection;
mod invocation;
mod names;
mod outcome;
mod patch;
mod prose;
mod refusal;
mod render;
mod rule;
mod scene;
mod shell;
pub mod triggers;

pub use self::action::{Action, ClusterList, LinkUse, RolloutStep, SpecTag};
pub use self::caller::Caller;
pub use self::inspection::Inspection;
pub use self::invocation::Invocation;
pub use self::names::first_names;
pub use self::outcome::Outcome;
pub use self::refusal::Refusal;
pub use self::render::Rendered;
pub use self::rule::{Scene, Sight, is_gathered};
pub use self::scene::SnapshotScene;
pub use self::shell::word;

/// The fix of a finding or a broken link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Commands that fix it, one after the other; at least one.
    Run(Vec<Action>),
    /// A command that changes nothing and shows the relevant state.
    Inspect(Inspection),
    /// An instruction, if no command is safe; and what to read first.
    Instruct {
        /// As text, without a full stop.
        text: String,
        /// A command that shows more.
        inspect: Option<Inspection>,
    },
}

impl Remedy {
    /// One command.
    pub fn run(action: Action) -> Self {
        Self::Run(vec![action])
    }

    /// An instruction.
    pub fn instruct(text: impl Into<String>) -> Self {
        Self::Instruct {
            text: text.into(),
            inspect: None,
        }
    }

    /// An instruction, and what to read first.
    pub fn instruct_after(text: impl Into<String>, inspect: Inspection) -> Self {
        Self::Instruct {
            text: text.into(),
            inspect: Some(inspect),
        }
    }

    /// Both, one after the other. If one of them is an instruction, only that remains.
    #[must_use]
    pub fn and(self, next: Self) -> Self {
        match (self, next) {
            (Self::Run(mut actions), Self::Run(more)) => {
                actions.extend(more);
                Self::Run(actions)
            }
            (Self::Run(_), other) | (other, _) => other,
        }
    }

    /// The commands that write.
    pub fn actions(&self) -> &[Action] {
        match self {
            Self::Run(actions) => actions,
            Self::Inspect(_) | Self::Instruct { .. } => &[],
        }
    }
}

impl Default for Remedy {
    fn default() -> Self {
        Self::instruct("")
    }
}
