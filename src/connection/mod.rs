//! One supervised connection to Redis.
//!
//! Carries [`Operation`]s in the order in which they were submitted, over a connection that it
//! opens, watches and opens again.

mod command;
mod operation;
mod settings;

pub use command::{CommandWriter, Script, ScriptForm};
pub use operation::{Call, Gate, Host, Operation, Outcome, Step};
pub use settings::{Address, Settings};
