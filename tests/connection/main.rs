//! The connection, on real servers and on servers that say what a test makes them say: how it
//! is opened and closed, in which order it carries calls, and what becomes of them when the line
//! or the server fails.

#[path = "../support/mod.rs"]
mod support;

mod closing;
mod credentials;
mod discretion;
mod elsewhere;
mod gates;
mod opening;
mod order;
mod patience;
mod reactions;
mod resending;
mod retries;
mod sentinel;
mod serving;
mod shortcut;
mod silence;
mod steps;
mod threads;
mod tls;

use hitl_state_ioredis::connection::Settings;
use support::{Client, Command, Proxy, TestHost};

const PING: &[&str] = &["PING"];
const INCR: &[&str] = &["INCR", "n"];

/// A client with these settings.
fn with(settings: Settings) -> Client {
    Client::with(TestHost::new(settings), Vec::new())
}

/// A client whose connection through the proxy is ready.
fn ready(proxy: &Proxy) -> Client {
    let client = Client::new(proxy.port());
    client.call(Command::read(PING)).unwrap();
    client
}
