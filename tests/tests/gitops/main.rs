//! The fields that the webhook sets do not cause repeated changes with a tool that applies the same files repeatedly:
//! the recipes in `packaging/gitops`.

mod acm;
mod application;
mod argo_cd;
mod flux;
mod recipe;
mod recorded;
