//! Following builds: which tags come from an image that was pushed, and what is sent for them.

mod properties;
mod tables;
mod world;
