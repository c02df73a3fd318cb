//! The native functions: one short function per operation, positional scalars in. The class that
//! users see is `index.js`; it has checked and stringified what arrives here.
//!
//! Each takes a ticket, under which the bridge settles the call's promise.

#![expect(
    clippy::needless_pass_by_value,
    reason = "napi hands owned values over"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use napi::Env;
use napi::bindgen_prelude::{External, FnArgs, Function, Uint8Array};
use napi_derive::napi;

use super::bridge::{Bridge, Item};
use super::client::Client;
use super::stream::Streams;
use crate::connection::{Call, Close, Gate, Link, Operation};
use crate::fault;
use crate::migrations::{self, SchemaGate};
use crate::store::create::Create;
use crate::store::external_ids::{ExternalId, SetExternalId, Subject};
use crate::store::inbox::{self, Count, Cursor, Filter};
use crate::store::keys::Keys;
use crate::store::purge::Order;
use crate::store::requests::{Find, Get};
use crate::store::resolve::Resolve;
use crate::store::timeline::{self, Append};
use crate::store::{Sizes, batches, deliveries, purge, scripts, verify};

/// One connection, for one ioredis client.
pub struct NativeLink {
    link: Link,
    client: Arc<Client>,
    nonces: Arc<Nonces>,
}

impl NativeLink {
    /// The streams that JavaScript carries for this connection.
    pub fn streams(&self) -> &Streams {
        self.client.streams()
    }
}

/// One store on a connection.
pub struct NativeStore {
    link: Link,
    keys: Arc<Keys>,
    gate: Arc<SchemaGate>,
    sizes: Arc<Sizes>,
    nonces: Arc<Nonces>,
}

/// Names for calls: what JavaScript drew at random for this environment, and a number.
struct Nonces {
    random: String,
    next: AtomicU32,
}

impl NativeStore {
    fn submit(&self, ticket: u32, operation: impl Operation + 'static) {
        let gate: Arc<dyn Gate> = self.gate.clone();
        self.link.submit(Call {
            ticket,
            gate: Some(gate),
            operation: Box::new(operation),
        });
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
    let all = scripts::all().chain(migrations::scripts()).collect();
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

/// Opens the store whose keys start with `prefix`.
#[napi(catch_unwind)]
pub fn open_store(link: &External<NativeLink>, prefix: Uint8Array) -> External<NativeStore> {
    fault::point("open_store");
    let keys = Arc::new(Keys::new(prefix.to_vec()));
    External::new(NativeStore {
        link: link.link.clone(),
        gate: Arc::new(SchemaGate::new(keys.clone())),
        keys,
        sizes: Arc::default(),
        nonces: link.nonces.clone(),
    })
}

/// `ensureSchema()`.
#[napi(catch_unwind)]
pub fn ensure_schema(store: &External<NativeStore>, ticket: u32) {
    let operation = store.gate.opening();
    store.link.submit(Call {
        ticket,
        gate: None,
        operation,
    });
}

/// `create()`.
#[napi(catch_unwind)]
pub fn create(
    store: &External<NativeStore>,
    ticket: u32,
    id: String,
    token: String,
    namespace: String,
    json: String,
    created_at: f64,
    batch_id: Option<String>,
    batch_index: Option<f64>,
) {
    store.sizes.observe(json.len());
    let is_batch_item = batch_id.is_some();
    let batch = batch_id.zip(batch_index);
    store.submit(
        ticket,
        Create::new(
            store.keys.clone(),
            id,
            token,
            namespace,
            json,
            created_at,
            is_batch_item,
            batch,
        ),
    );
}

/// `get()`.
#[napi(catch_unwind)]
pub fn get(store: &External<NativeStore>, ticket: u32, id: String) {
    store.submit(ticket, Get::new(store.keys.clone(), id));
}

/// `findByToken()`.
#[napi(catch_unwind)]
pub fn find_by_token(store: &External<NativeStore>, ticket: u32, token: String) {
    store.submit(ticket, Find::by_token(store.keys.clone(), &token));
}

/// `findByExternalId()`.
#[napi(catch_unwind)]
pub fn find_by_external_id(store: &External<NativeStore>, ticket: u32, external_id: String) {
    store.submit(
        ticket,
        Find::by_external_id(store.keys.clone(), &external_id),
    );
}

/// `setExternalId()`, `setBatchExternalId()` and `setNotifyDeliveryExternalId()`: subject 0, 1
/// and 2. Without `json` the external id is one that JSON leaves out, and nothing is stored.
#[napi(catch_unwind)]
pub fn set_external_id(
    store: &External<NativeStore>,
    ticket: u32,
    subject: u32,
    id: String,
    key: String,
    json: Option<String>,
    plugin_id: Option<String>,
) {
    let subject = match subject {
        0 => Subject::Request,
        1 => Subject::Batch,
        _ => Subject::Delivery,
    };
    let external_id = ExternalId { key, json };
    store.submit(
        ticket,
        SetExternalId::new(
            store.keys.clone(),
            subject,
            id,
            external_id,
            plugin_id.as_deref(),
        ),
    );
}

/// `resolve()`.
#[napi(catch_unwind)]
pub fn resolve(
    store: &External<NativeStore>,
    ticket: u32,
    id: String,
    result: String,
    resolved_at: String,
) {
    let number = store.nonces.next.fetch_add(1, Ordering::Relaxed);
    let nonce = format!("{}{number:08x}", store.nonces.random);
    store.submit(
        ticket,
        Resolve::new(store.keys.clone(), id, nonce, resolved_at, result),
    );
}

/// `list()`.
#[napi(catch_unwind)]
pub fn list(
    store: &External<NativeStore>,
    ticket: u32,
    status: Option<String>,
    namespace: Option<String>,
    limit: u32,
    cursor: Option<String>,
    cursor_id: Option<String>,
    cursor_time: Option<f64>,
) {
    let cursor = cursor.map(|text| Cursor {
        text,
        id: cursor_id.unwrap_or_default(),
        created_at: cursor_time,
    });
    let filter = Filter { status, namespace };
    store.submit(
        ticket,
        inbox::list(
            &store.keys,
            store.sizes.clone(),
            filter,
            limit as usize,
            cursor,
        ),
    );
}

/// `count()`.
#[napi(catch_unwind)]
pub fn count(
    store: &External<NativeStore>,
    ticket: u32,
    status: Option<String>,
    namespace: Option<String>,
) {
    store.submit(
        ticket,
        Count::new(&store.keys, &Filter { status, namespace }),
    );
}

/// `createBatch()`.
#[napi(catch_unwind)]
pub fn create_batch(store: &External<NativeStore>, ticket: u32, id: String, json: String) {
    store.submit(ticket, batches::create(&store.keys, id, json));
}

/// `getBatch()`.
#[napi(catch_unwind)]
pub fn get_batch(store: &External<NativeStore>, ticket: u32, id: String) {
    store.submit(ticket, batches::get(&store.keys, &id));
}

/// `listByBatch()`.
#[napi(catch_unwind)]
pub fn list_by_batch(store: &External<NativeStore>, ticket: u32, batch_id: String) {
    store.submit(
        ticket,
        batches::list(&store.keys, store.sizes.clone(), batch_id),
    );
}

/// `appendTimeline()`.
#[napi(catch_unwind)]
pub fn append_timeline(
    store: &External<NativeStore>,
    ticket: u32,
    id: String,
    thread_id: String,
    json: String,
    created_at: f64,
) {
    store.submit(
        ticket,
        Append::new(store.keys.clone(), id, thread_id, json, created_at),
    );
}

/// `timeline()`.
#[napi(catch_unwind)]
pub fn timeline(store: &External<NativeStore>, ticket: u32, thread_id: String) {
    store.submit(
        ticket,
        timeline::read(&store.keys, store.sizes.clone(), thread_id),
    );
}

/// `createNotifyDelivery()`.
#[napi(catch_unwind)]
pub fn create_delivery(store: &External<NativeStore>, ticket: u32, id: String, json: String) {
    store.submit(ticket, deliveries::create(&store.keys, id, json));
}

/// `getNotifyDelivery()`.
#[napi(catch_unwind)]
pub fn get_delivery(store: &External<NativeStore>, ticket: u32, id: String) {
    store.submit(ticket, deliveries::get(&store.keys, &id));
}

/// One step of `purge()`; `from` is the `next` of the step before it.
#[napi(catch_unwind)]
pub fn purge(
    store: &External<NativeStore>,
    ticket: u32,
    before: f64,
    limit: f64,
    dry_run: bool,
    from: Option<String>,
) {
    let order = Order {
        before: whole(before),
        limit: u64::try_from(whole(limit)).unwrap_or(0),
        dry_run,
    };
    store.submit(ticket, purge::step(store.keys.clone(), order, from));
}

/// A number of JavaScript's that is known to be whole and small enough.
#[expect(
    clippy::cast_possible_truncation,
    reason = "times of a Date and safe integers"
)]
fn whole(number: f64) -> i64 {
    number as i64
}

/// One step of `verify()`; `from` is the `next` of the step before it. `unprefixed`: the store's
/// prefix without the client's `keyPrefix`, where there is one.
#[napi(catch_unwind)]
pub fn verify(
    store: &External<NativeStore>,
    ticket: u32,
    repair: bool,
    unprefixed: Option<Uint8Array>,
    from: Option<String>,
) {
    let unprefixed = unprefixed.map(|prefix| prefix.to_vec());
    store.submit(
        ticket,
        verify::step(store.keys.clone(), repair, unprefixed, from),
    );
}
