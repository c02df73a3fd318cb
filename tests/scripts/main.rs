//! The scripts themselves, on a real server: what each of them answers, and that it does all or
//! nothing. Operations go round what a script leaves to Rust, and so hide much of what it does.
#![allow(missing_docs)]

#[path = "../support/mod.rs"]
mod support;

mod answers;
mod cases;
mod external_ids;
mod mend;
mod migrations;
mod page;
mod purge;
mod purge_delivery;
mod refusals;
mod sealed;
mod shape;
mod store;
