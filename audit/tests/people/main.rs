//! What people read of an audit: the tables, over one realistic report.

mod report;
mod table;
