//! Following builds: a build has pushed an image, and the tags that come from that very image are
//! imported at once instead of by the next round of OpenShift's schedule.
//!
//! [`Pushed::of`] reads what a completed [`Build`] has pushed, [`follow`] says for one ImageStream
//! which import that asks for. An import fetches what a tag is in its registry at that moment, so
//! that one too many changes nothing; the decision keeps them few all the same: none where the
//! newest item is that digest already, and none for what is [`Asked`] before.
//!
//! The last is for manifest lists. A tag in import mode `Legacy` shows the image of one platform,
//! whose digest is never the one that was pushed; without a memory it would be imported for ever.
//!
//! Opt-outs: the label `extreg.io/ignore: "true"` on namespace, stream or build, as everywhere;
//! `extreg.io/follow-builds: "false"` as a label of namespace, stream or build or as an annotation of
//! one tag, for following alone. The annotation `extreg.io/scheduled: "false"` takes a tag out of the
//! schedule and not out of following: a tag that nobody fetches every 15 minutes is the one that needs
//! it most.

mod build;
mod decide;
mod import;
mod stream;

pub use build::{Build, BuildSpec, BuildStatus, NotPushed, Pushed};
pub use decide::{Asked, Followed, NotFollowed, Outcome, TagOutcome, follow, may_follow};
pub use import::Import;
pub use stream::Stream;
