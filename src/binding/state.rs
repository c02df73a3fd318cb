//! The native functions: one short function per operation, positional scalars in. The class that
//! users see is `index.js`; it has checked and stringified what arrives here.
//!
//! Each takes a ticket, under which the bridge settles the call's promise.

#![expect(
    clippy::needless_pass_by_value,
    reason = "napi hands owned values over"
)]

use std::sync::Arc;

use napi::bindgen_prelude::{External, Uint8Array};
use napi_derive::napi;

use super::link::{NativeLink, Nonces};
use crate::connection::{Call, Gate, Link, Operation};
use crate::fault;
use crate::migrations::SchemaGate;
use crate::store::create::Create;
use crate::store::external_ids::{ExternalId, SetExternalId, Subject};
use crate::store::inbox::{self, Count, Cursor, Filter};
use crate::store::keys::Keys;
use crate::store::requests::{Find, Get};
use crate::store::resolve::Resolve;
use crate::store::timeline::{self, Append};
use crate::store::{Sizes, batches, deliveries};

/// One store on a connection.
pub struct NativeStore {
    link: Link,
    pub(super) keys: Arc<Keys>,
    gate: Arc<SchemaGate>,
    sizes: Arc<Sizes>,
    nonces: Arc<Nonces>,
}

impl NativeStore {
    /// Makes a call of an operation, whose promise has this ticket.
    pub(super) fn submit(&self, ticket: u32, operation: impl Operation + 'static) {
        let gate: Arc<dyn Gate> = self.gate.clone();
        self.link.submit(Call {
            ticket,
            gate: Some(gate),
            operation: Box::new(operation),
        });
    }
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
    let nonce = store.nonces.draw();
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
