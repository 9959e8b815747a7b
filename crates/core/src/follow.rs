//! Following builds: when a build has pushed an image, the tags that come from exactly that image are
//! imported immediately, not at the next run of OpenShift's schedule.
//!
//! [`Pushed::of`] reads what a completed [`Build`] has pushed; [`follow`] decides for one ImageStream
//! which import that requires. An import fetches the current state of a tag in its registry, so an
//! unnecessary import changes nothing; the decision still avoids them: none if the
//! newest item already has that digest, and none for a tag in the [`ImportHistory`].
//!
//! The history is for manifest lists. A tag in import mode `Legacy` shows the image of one platform,
//! whose digest is never the pushed one; without a history it would be imported forever.
//!
//! Opt-outs: the label `extreg.io/ignore: "true"` on namespace, stream or build, as everywhere;
//! `extreg.io/follow-builds: "false"` as a label of namespace, stream or build or as an annotation of
//! one tag, for following only. The annotation `extreg.io/scheduled: "false"` excludes a tag from the
//! schedule but not from following: a tag that is not imported every 15 minutes needs following
//! most.

mod build;
mod decide;
mod import;
mod stream;

pub use build::{Build, BuildSpec, BuildStatus, NotPushed, Pushed};
pub use decide::{Followed, ImportHistory, NotFollowed, Outcome, TagOutcome, follow, may_follow};
pub use import::Import;
pub use stream::Stream;
