//! The only part that knows Node: requests in, results out, and the settings of the caller's
//! client in between.

mod bridge;
mod client;
mod error;
mod state;
mod stream;
mod text;
mod tls;
