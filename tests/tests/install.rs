//! `oc extreg webhook`: installed, proven, upgraded, rolled back and removed on a real API server.

#[path = "install/audit.rs"]
mod audit;
#[path = "install/beside.rs"]
mod beside;
#[path = "install/chaos.rs"]
mod chaos;
#[path = "install/down.rs"]
mod down;
#[path = "install/dry_run.rs"]
mod dry_run;
#[path = "install/external.rs"]
mod external;
#[path = "install/follow.rs"]
mod follow;
#[path = "install/installed.rs"]
mod installed;
#[path = "install/monitoring.rs"]
mod monitoring;
#[path = "install/refusals.rs"]
mod refusals;
#[path = "install/staged.rs"]
mod staged;
#[path = "install/support.rs"]
mod support;
#[path = "install/upgrade.rs"]
mod upgrade;
#[path = "install/workload.rs"]
mod workload;
