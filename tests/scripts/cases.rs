//! A call of each script that succeeds, with what must be there for it.

use hitl_state_ioredis::store::keys::Keys;
use hitl_state_ioredis::store::scripts::{
    APPEND_TIMELINE, COMMIT_DECISION, CREATE, FIND, INSERT, PAGE, RESOLVE, SET_EXTERNAL_ID,
};
use sha1_smol::Sha1;

use crate::store::{CREATED, Call, ID, SCORE, Store};

pub const NONCE: &[u8] = b"00000000000000000000000000000001";
const RESULT: &[u8] = b"{\"type\":\"APPROVED\"}";
const LIFE: &[u8] = b"86400000";

/// One call: its name, what it needs, and the call.
pub struct Case {
    pub name: &'static str,
    pub prepare: fn(&mut Store),
    pub call: fn(&Keys) -> Call,
}

impl Case {
    const fn new(name: &'static str, prepare: fn(&mut Store), call: fn(&Keys) -> Call) -> Self {
        Self {
            name,
            prepare,
            call,
        }
    }
}

/// A request record in today's order; `middle` stands behind its status, `end` behind its date.
pub fn request(middle: &str, end: &str) -> String {
    format!(
        "{{\"id\":\"a\",\"token\":\"t\",\"channel\":\"slack\",\"message\":\"m\",\"actions\":[],\
         \"context\":{{}},\"status\":\"pending\"{middle},\"createdAt\":\"{CREATED}\"{end}}}"
    )
}

/// A resolved one.
pub fn resolved() -> String {
    let result = String::from_utf8_lossy(RESULT);
    request("", &format!(",\"resolvedAt\":\"{CREATED}\"")).replace(
        "\"status\":\"pending\"",
        &format!("\"status\":\"resolved\",\"result\":{result}"),
    )
}

/// A request in an order that scripts do not know.
pub fn foreign() -> String {
    format!("{{\"createdAt\":\"{CREATED}\",\"status\":\"pending\",\"id\":\"a\"}}")
}

pub const BATCH: &str = "{\"id\":\"a\",\"channel\":\"slack\",\"message\":\"m\",\"createdAt\":\"2020-01-01T00:00:00.000Z\"}";

pub fn sha1(text: &str) -> String {
    Sha1::from(text).digest().to_string()
}

fn nothing(_: &mut Store) {}

/// A pending request in today's order.
fn pending(store: &mut Store) {
    pend(store, &request("", ""));
}

/// A pending request in the foreign order.
fn foreign_pending(store: &mut Store) {
    pend(store, &foreign());
}

fn pend(store: &mut Store, record: &str) {
    put(store, |keys| keys.request(ID), record);
    put(store, |keys| keys.token("t"), ID);
    list(store, Keys::all);
    list(store, |keys| keys.status("pending"));
    list(store, |keys| keys.namespace("global"));
    list(store, |keys| keys.namespace_status("global", "pending"));
}

fn put(store: &mut Store, key: fn(&Keys) -> Vec<u8>, value: &str) {
    let key = key(&store.keys);
    store.set(&key, value);
}

fn list(store: &mut Store, index: fn(&Keys) -> Vec<u8>) {
    let index = index(&store.keys);
    store.add(&index, ID);
}

pub fn create(keys: &Keys, batch: bool) -> Call {
    let mut declared = vec![
        keys.request(ID),
        keys.token("t"),
        keys.all(),
        keys.status("pending"),
        keys.status("resolved"),
        keys.namespace("global"),
        keys.namespace_status("global", "pending"),
        keys.namespace_status("global", "resolved"),
        keys.resolve_marker(ID),
    ];
    if batch {
        declared.push(keys.batch_items("b"));
    }
    let (index, item): (&[u8], &[u8]) = if batch { (b"3", b"1") } else { (b"", b"0") };
    let (record, score) = (request("", ""), SCORE.to_string());
    let args = [
        record.as_bytes(),
        ID.as_bytes(),
        score.as_bytes(),
        b"p",
        index,
        item,
        b"",
        b"",
    ];
    Call::new(&CREATE, declared, &args)
}

pub fn resolve(keys: &Keys) -> Call {
    let declared = vec![
        keys.request(ID),
        keys.status("pending"),
        keys.status("resolved"),
        keys.resolve_marker(ID),
    ];
    let args = [ID.as_bytes(), NONCE, CREATED.as_bytes(), RESULT, b"p", LIFE];
    Call::new(&RESOLVE, declared, &args)
}

/// Commits the decision of the foreign record; without a marker it restores one.
pub fn commit(keys: &Keys, before: &str, marker: &[u8]) -> Call {
    let declared = vec![
        keys.request(ID),
        keys.status("pending"),
        keys.status("resolved"),
        keys.resolve_marker(ID),
        keys.namespace_status("global", "pending"),
        keys.namespace_status("global", "resolved"),
    ];
    let (after, sha) = (resolved(), sha1(before));
    let args = [
        ID.as_bytes(),
        sha.as_bytes(),
        after.as_bytes(),
        b"7",
        marker,
        LIFE,
    ];
    Call::new(&COMMIT_DECISION, declared, &args)
}

/// Sets an external id; `swap` is what Rust has spliced, for the record `before`.
pub fn external(keys: &Keys, kind: &str, plugin: &[u8], swap: Option<(&str, &str)>) -> Call {
    let (record, index) = match kind {
        "request" => (keys.request(ID), keys.external_id("x")),
        "batch" => (keys.batch(ID), keys.batch_external_id("x")),
        _ => (keys.delivery(ID), keys.delivery_external_id("x")),
    };
    let (before, after) = swap.unwrap_or_default();
    let sha = swap.map_or(String::new(), |_| sha1(before));
    let declared = vec![record, index, keys.resolve_marker(ID)];
    let args = [
        ID.as_bytes(),
        b"\"x\"",
        plugin,
        kind.as_bytes(),
        sha.as_bytes(),
        after.as_bytes(),
        b"1",
    ];
    Call::new(&SET_EXTERNAL_ID, declared, &args)
}

pub fn append(keys: &Keys) -> Call {
    let score = SCORE.to_string();
    let args = [&b"entry"[..], b"e", score.as_bytes()];
    Call::new(
        &APPEND_TIMELINE,
        vec![keys.entry("e"), keys.thread("t")],
        &args,
    )
}

fn insert(keys: &Keys) -> Call {
    Call::new(&INSERT, vec![keys.batch(ID)], &[b"{}"])
}

pub const CASES: &[Case] = &[
    Case::new("create", nothing, |keys| create(keys, false)),
    Case::new("create of a batch item", nothing, |keys| create(keys, true)),
    Case::new(
        "create of an id that had an earlier life",
        |store| {
            put(store, |keys| keys.resolve_marker(ID), "marker");
            put(store, |keys| keys.request(ID), "");
            list(store, |keys| keys.status("resolved"));
            list(store, |keys| keys.namespace_status("global", "resolved"));
        },
        |keys| create(keys, true),
    ),
    Case::new(
        "create with the token of a decided request",
        |store| {
            put(store, |keys| keys.request("other"), &request("", ""));
            put(store, |keys| keys.token("t"), "other");
            put(store, |keys| keys.resolve_marker("other"), "marker");
        },
        |keys| create(keys, false),
    ),
    Case::new("resolve", pending, resolve),
    Case::new("commit", foreign_pending, |keys| {
        commit(keys, &foreign(), b"marker")
    }),
    Case::new(
        "restore",
        |store| {
            foreign_pending(store);
            put(store, |keys| keys.resolve_marker(ID), "marker");
        },
        |keys| commit(keys, &foreign(), b""),
    ),
    Case::new("external id of a request", pending, |keys| {
        external(keys, "request", b"", None)
    }),
    Case::new(
        "external id that belonged to another request",
        |store| {
            pending(store);
            put(store, |keys| keys.external_id("x"), "other");
        },
        |keys| external(keys, "request", b"\"inbox\"", None),
    ),
    Case::new(
        "external id that Rust has spliced",
        foreign_pending,
        |keys| external(keys, "request", b"", Some((&foreign(), "{\"spliced\":1}"))),
    ),
    Case::new(
        "external id of a batch",
        |store| put(store, |keys| keys.batch(ID), BATCH),
        |keys| external(keys, "batch", b"", None),
    ),
    Case::new(
        "external id of a delivery",
        |store| put(store, |keys| keys.delivery(ID), BATCH),
        |keys| external(keys, "delivery", b"", None),
    ),
    Case::new("find", pending, |keys| {
        Call::new(&FIND, vec![keys.token("t")], &[b"p"])
    }),
    Case::new("insert", nothing, insert),
    Case::new(
        "insert over a blank",
        |store| put(store, |keys| keys.batch(ID), ""),
        insert,
    ),
    Case::new("append", nothing, append),
    Case::new(
        "append over a blank",
        |store| put(store, |keys| keys.entry("e"), ""),
        append,
    ),
    Case::new("page", pending, |keys| {
        let args: [&[u8]; 6] = [b"newest", b"5", b"1", b"b", b"1577836800000", b"p:req:"];
        Call::new(&PAGE, vec![keys.all()], &args)
    }),
];
