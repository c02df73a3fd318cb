//! What must hold for every input, as functions that take any bytes.
//!
//! `cargo test` gives them inputs of proptest's and those that are kept under `fuzz/corpus`;
//! `libFuzzer` (`npm run fuzz`) looks for the ones that nobody thought of. No release has any of this.

// A property that does not hold has to say so.
#![allow(clippy::missing_panics_doc)]

mod commands;
mod date;
mod draw;
mod keys;
mod positions;
mod record;
mod replies;
#[cfg(test)]
mod tests;
mod v8;

pub use commands::commands;
pub use date::date;
pub use keys::keys;
pub use positions::positions;
pub use record::record;
pub use replies::replies;
