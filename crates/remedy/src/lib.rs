//! What fixes a finding or a broken link: data, until one renderer writes it for the caller and one
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

/// What fixes a finding or a broken link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Commands that fix it, one after the other. At least one.
    Run(Vec<Action>),
    /// A command that changes nothing and shows what decides.
    Inspect(Inspection),
    /// What a person has to do, where no command is safe; and what to read first.
    Instruct {
        /// In words, without a full stop.
        text: String,
        /// What shows more.
        inspect: Option<Inspection>,
    },
}

impl Remedy {
    /// One command.
    pub fn run(action: Action) -> Self {
        Self::Run(vec![action])
    }

    /// What a person has to do.
    pub fn instruct(text: impl Into<String>) -> Self {
        Self::Instruct {
            text: text.into(),
            inspect: None,
        }
    }

    /// What a person has to do, and what to read first.
    pub fn instruct_after(text: impl Into<String>, inspect: Inspection) -> Self {
        Self::Instruct {
            text: text.into(),
            inspect: Some(inspect),
        }
    }

    /// Both, one after the other. What a person has to do for one of them comes alone.
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
