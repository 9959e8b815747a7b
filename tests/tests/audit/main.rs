//! `audit` of a real API server: what it finds in a cluster, what it says of what it may not read, and the reports that
//! it writes there.
#![cfg(test)]

mod decisions;
mod live;
mod publish;
mod rights;
mod support;
