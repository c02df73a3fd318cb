//! Human-in-the-loop approvals in Redis.
pub mod connection;
pub mod error;
pub mod store;

pub use error::Error;
