//! Human-in-the-loop approvals in Redis: the native core of `@hitl-sdk/state-ioredis`.
//!
//! # Layout
//!
//! - [`store`]: what an approval store does. Typed operations, each with the command that it
//!   sends and the outcome that it reads. Knows neither Node nor sockets.
//! - [`migrations`]: how stores of earlier layouts become today's.
//! - [`connection`]: one supervised connection that carries operations in order, and sends them
//!   again when it broke.
//! - [`Error`]: what can go wrong, and whether the server may have acted all the same.
//! - `binding` (feature `node`): the same for JavaScript.
//! - `properties` (feature `properties`, and in tests): what must hold for every input.
//!
//! `ARCHITECTURE.md` tells how a call travels through them.

// Its unit tests are JavaScript: without a Node to load it, nothing would use it.
#[cfg(all(feature = "node", not(test)))]
mod binding;
#[forbid(unsafe_code)]
pub mod connection;
#[forbid(unsafe_code)]
pub mod error;
#[forbid(unsafe_code)]
mod fault;
#[forbid(unsafe_code)]
pub mod migrations;
#[cfg(any(test, feature = "properties"))]
#[forbid(unsafe_code)]
pub mod properties;
#[forbid(unsafe_code)]
pub mod store;

pub use error::Error;
