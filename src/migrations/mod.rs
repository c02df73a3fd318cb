//! The migrations of a store: from whatever layout an earlier version has left to layout 3.
//!
//! - `runner` asks the ledger what is missing and runs it, in order; a gate remembers success.
//! - one module for each migration, named after its id in the ledger, with the scripts of its
//!   atomic steps in `scripts`.
//! - `store` is what they share: chunked walks and reads, bounded by count and by bytes.
//! - `dialogue` makes one operation of a function with many steps.
//!
//! Any step may be sent again, any run may end after any step, and any number of replicas may run
//! at once: every script looks at the ledger first and comes to the same result twice.

mod dialogue;
mod m001_initial;
mod m002_sorted_indexes;
mod m003_namespace_indexes;
mod runner;
mod scripts;
mod store;

pub use runner::{Ensure, SchemaGate};
pub use scripts::all as scripts;

/// The ledger ids of all migrations, in order.
pub const LEDGER: [&str; 3] = [
    m001_initial::ID,
    m002_sorted_indexes::ID,
    m003_namespace_indexes::ID,
];
