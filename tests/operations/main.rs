//! Operations on a real server, one step at a time: what a test of the package cannot do between two of them.
#![allow(missing_docs)]

#[path = "../support/mod.rs"]
mod support;

// Migrations are operations, and this is how their tests drive them.
#[allow(dead_code)]
#[path = "../migrations/driver.rs"]
mod driver;

mod contention;
mod decisions;
mod external_ids;
mod kinds;
mod tokens;
mod walks;
