//! The migrations, on a real server: what they make of every kind of store, and that nothing
//! which stops, repeats or overtakes them loses an entry or leaves one too many.
#![allow(missing_docs)]

#[path = "../support/mod.rs"]
mod support;

mod bounds;
mod dirt;
mod driver;
mod interruptions;
mod layouts;
mod outcomes;
mod refusals;
mod replicas;
