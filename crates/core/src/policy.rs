//! The policy: which registry, which repositories and namespaces, and what is injected there.

mod compiled;
mod document;
mod glob;
mod index;
mod selector;
mod set;

pub use compiled::{Policy, PolicyError, RegistryError, Selection};
pub use document::{
    GROUP, ImportSpec, KIND, Mode, PolicySpec, PullSpec, PushSpec, PushTarget, SECRETS_UNKNOWN,
    VERSION,
};
pub use glob::{GlobError, RepositoryGlob};
pub(crate) use index::Search;
pub use selector::{
    ExpressionDocument, Labels, Operator, Selector, SelectorDocument, SelectorError,
};
pub use set::PolicySet;
