//! `audit` on a real API server: its findings in a cluster, its report of unreadable resources, and the reports that it
//! writes there.
#![cfg(test)]

mod decisions;
mod live;
mod publish;
mod rights;
mod support;
