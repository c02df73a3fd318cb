//! The only part that knows Node: requests in, results out, and the settings of the caller's
//! client in between.

#[expect(
    unsafe_code,
    reason = "values of Node are made by calling Node-API, which is C"
)]
mod bridge;
mod client;
mod error;
mod events;
#[cfg(feature = "faults")]
mod fault;
mod link;
mod maintenance;
mod outbox;
mod runtime;
mod state;
mod stream;
mod text;
mod tls;

/// What this addon is: JavaScript loads none but that of its own version.
#[napi_derive::napi]
pub const IDENTITY: &str = concat!("state-ioredis@", env!("CARGO_PKG_VERSION"));
