//! The native functions of the bridge and of a connection: opened, held, answered, closed.

#![expect(
    clippy::needless_pass_by_value,
    reason = "napi hands owned values over"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use napi::Env;
use napi::bindgen_prelude::{External, FnArgs, Function};
use napi_derive::napi;

use super::bridge::Bridge;
use super::client::Client;
use super::events::Item;
use super::stream::Streams;
use crate::connection::{Close, Link};
use crate::fault;
use crate::migrations;
use crate::store::scripts;

/// One connection, for one ioredis client.
pub struct NativeLink {
    pub(super) link: Link,
    client: Arc<Client>,
    pub(super) nonces: Arc<Nonces>,
}

impl NativeLink {
    /// The streams that JavaScript carries for this connection.
    pub fn streams(&self) -> &Streams {
        self.client.streams()
    }
}

/// Names for calls: what JavaScript drew at random for this environment, and a number.
pub struct Nonces {
    random: String,
    next: AtomicU32,
}

impl Nonces {
    /// A name that no other call has: 32 characters.
    pub fn draw(&self) -> String {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        format!("{}{number:08x}", self.random)
    }
}

/// Opens the bridge of an environment, once.
#[napi(catch_unwind)]
pub fn open_bridge(env: Env) -> napi::Result<External<Bridge>> {
    fault::point("open_bridge");
    Bridge::open(env).map(External::new)
}

/// Starts a bridge. `deliver` takes events, four values each.
#[napi(catch_unwind)]
pub fn start_bridge(
    bridge: &External<Bridge>,
    deliver: Function<'_, FnArgs<(Vec<Item>,)>, ()>,
) -> napi::Result<()> {
    fault::point("start_bridge");
    bridge.start(&deliver)
}

/// Stops a bridge that has no connection and no pending call.
#[napi(catch_unwind)]
pub fn stop_bridge(bridge: &External<Bridge>) {
    fault::point("stop_bridge");
    bridge.stop();
}

/// Says whether calls are pending, which keep the process alive.
#[napi(catch_unwind)]
pub fn hold(env: Env, bridge: &External<Bridge>, pending: bool) -> napi::Result<()> {
    fault::point("hold");
    bridge.hold(env, pending)
}

/// Makes the connection for the client that JavaScript calls `number`. `random`: 24 characters
/// that no other environment draws.
#[napi(catch_unwind)]
pub fn open_link(
    bridge: &External<Bridge>,
    number: u32,
    random: String,
) -> napi::Result<External<NativeLink>> {
    fault::point("open_link");
    let client = Arc::new(Client::new(number, bridge.outbox()));
    let all = scripts::all().chain(migrations::scripts::all()).collect();
    let (link, supervisor) = Link::new(client.clone(), all);
    bridge.runtime()?.spawn(supervisor);
    let nonces = Arc::new(Nonces {
        random,
        next: AtomicU32::new(0),
    });
    Ok(External::new(NativeLink {
        link,
        client,
        nonces,
    }))
}

/// Closes a connection: after the calls made so far, or at once.
#[napi(catch_unwind)]
pub fn close_link(link: &External<NativeLink>, graceful: bool) {
    fault::point("close_link");
    link.link.close(if graceful {
        Close::Graceful
    } else {
        Close::Now
    });
}

/// Holds calls back for those that are about to follow, or lets them go.
#[napi(catch_unwind)]
pub fn cork(link: &External<NativeLink>, corked: bool) {
    fault::point("cork");
    link.link.cork(corked);
}

/// Answers a question of the connection, as JSON.
#[napi(catch_unwind)]
pub fn answer(link: &External<NativeLink>, question: u32, json: String) {
    fault::point("answer");
    link.client.answer(question, &json);
}
