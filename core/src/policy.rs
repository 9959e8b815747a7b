//! The policy: which registry, which repositories and namespaces, and what is injected there.

mod compiled;
mod document;
mod glob;
mod selector;

pub use compiled::{Policy, PolicyError, PolicySet, Selection};
pub use document::{
    GROUP, ImportSpec, KIND, Mode, PolicySpec, PullSpec, PushSpec, PushTarget, VERSION,
};
pub use glob::{GlobError, RepositoryGlob};
pub use selector::{
    ExpressionDocument, Labels, Operator, Selector, SelectorDocument, SelectorError,
};
