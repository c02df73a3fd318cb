//! What the Rust tests share: private servers, a network that can be cut, and a link's host.

// Each test binary compiles this module for itself and uses its own part of it.
#![allow(dead_code)]

mod client;
mod fake;
mod operations;
mod proxy;
mod server;

#[allow(unused_imports)] // for the same reason
pub use {
    client::{Client, Reply, TestHost, settings},
    fake::FakeServer,
    operations::{Command, Eval, Next, Sendings, Steps, document, outcome},
    proxy::Proxy,
    server::{Server, eventually, free_port},
};
