//! A report that was saved as JSON, read back to be compared with another.

mod coverage;
mod known;
mod place;
mod report;

pub use coverage::{SavedCoverage, SavedGap, SavedResource, SavedScope};
pub use known::KnownFinding;
pub use place::{SavedFile, SavedPlace};
pub use report::{
    API_VERSION, KIND, SavedCheck, SavedError, SavedFinding, SavedReport, SavedSection,
    SavedSuppression,
};

pub(crate) use report::parse_document;
