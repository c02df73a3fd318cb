//! The migrations of a store: from whatever layout an earlier version has left to layout 3.
//!
//! - `runner` asks the ledger what is missing and runs it, in order; a gate remembers success.
//! - one module for each migration, named after its id in the ledger, with the scripts of its
//!   atomic steps in `scripts`.
//! - `progress`: what those who watch are told of a run.
//! - `store` and `walk` are what they share: reads and walks in chunks that are bounded by count
//!   and by bytes.
//!
//! Each is one operation of the store's `dialogue`, with many steps.
//!
//! Keys of their own, all below the store's prefix and gone at the end:
//! - `meta:002-sorted-indexes:new:{pending,resolved,all}`: the sorted sets while they are built;
//! - `meta:002-sorted-indexes:old:{pending,resolved,all}`: the plain sets that they have replaced;
//! - the member `002-sorted-indexes:unfinished` of the ledger, as long as one of these may exist.
//!
//! Any step may be sent again, any run may end after any step, and any number of replicas may run
//! at once: every script looks at the ledger first and comes to the same result twice.

mod m001_initial;
mod m002_sorted_indexes;
mod m003_namespace_indexes;
mod progress;
mod runner;
pub mod scripts;
mod store;
mod walk;

pub use runner::{Ensure, SchemaGate};

/// The ledger ids of all migrations, in order.
pub const LEDGER: [&str; 3] = [
    m001_initial::ID,
    m002_sorted_indexes::ID,
    m003_namespace_indexes::ID,
];
