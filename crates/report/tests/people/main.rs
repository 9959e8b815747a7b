//! What people read of an audit: the page and the tables, over one realistic report.

mod html;
mod report;
mod table;
