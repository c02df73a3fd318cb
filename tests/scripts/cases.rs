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

fn pend(store: &mut Store, record: &str) {
    let keys = store.keys.clone();
    store.set(&keys.request(ID), record);
    store.set(&keys.token("t"), ID);
    for index in [
        keys.all(),
        keys.status("pending"),
        keys.namespace("global"),
        keys.namespace_status("global", "pending"),
    ] {
        store.add(&index, ID);
    }
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

pub const CASES: &[Case] = &[
    Case {
        name: "create",
        prepare: |_| {},
        call: |keys| create(keys, false),
    },
    Case {
        name: "create of a batch item",
        prepare: |_| {},
        call: |keys| create(keys, true),
    },
    Case {
        name: "create of an id that had an earlier life",
        prepare: |store| {
            let keys = store.keys.clone();
            store.set(&keys.resolve_marker(ID), "marker");
            store.set(&keys.request(ID), "");
            store.add(&keys.status("resolved"), ID);
            store.add(&keys.namespace_status("global", "resolved"), ID);
        },
        call: |keys| create(keys, true),
    },
    Case {
        name: "create with the token of a decided request",
        prepare: |store| {
            let keys = store.keys.clone();
            store.set(&keys.request("other"), request("", ""));
            store.set(&keys.token("t"), "other");
            store.set(&keys.resolve_marker("other"), "marker");
        },
        call: |keys| create(keys, false),
    },
    Case {
        name: "resolve",
        prepare: |store| pend(store, &request("", "")),
        call: resolve,
    },
    Case {
        name: "commit",
        prepare: |store| pend(store, &foreign()),
        call: |keys| commit(keys, &foreign(), b"marker"),
    },
    Case {
        name: "restore",
        prepare: |store| {
            pend(store, &foreign());
            let marker = store.keys.resolve_marker(ID);
            store.set(&marker, "marker");
        },
        call: |keys| commit(keys, &foreign(), b""),
    },
    Case {
        name: "external id of a request",
        prepare: |store| pend(store, &request("", "")),
        call: |keys| external(keys, "request", b"", None),
    },
    Case {
        name: "external id that belonged to another request",
        prepare: |store| {
            pend(store, &request("", ""));
            let index = store.keys.external_id("x");
            store.set(&index, "other");
        },
        call: |keys| external(keys, "request", b"\"inbox\"", None),
    },
    Case {
        name: "external id that Rust has spliced",
        prepare: |store| pend(store, &foreign()),
        call: |keys| external(keys, "request", b"", Some((&foreign(), "{\"spliced\":1}"))),
    },
    Case {
        name: "external id of a batch",
        prepare: |store| {
            let key = store.keys.batch(ID);
            store.set(&key, BATCH);
        },
        call: |keys| external(keys, "batch", b"", None),
    },
    Case {
        name: "external id of a delivery",
        prepare: |store| {
            let key = store.keys.delivery(ID);
            store.set(&key, BATCH);
        },
        call: |keys| external(keys, "delivery", b"", None),
    },
    Case {
        name: "find",
        prepare: |store| pend(store, &request("", "")),
        call: |keys| Call::new(&FIND, vec![keys.token("t")], &[b"p"]),
    },
    Case {
        name: "insert",
        prepare: |_| {},
        call: |keys| Call::new(&INSERT, vec![keys.batch(ID)], &[b"{}"]),
    },
    Case {
        name: "insert over a blank",
        prepare: |store| {
            let key = store.keys.batch(ID);
            store.set(&key, "");
        },
        call: |keys| Call::new(&INSERT, vec![keys.batch(ID)], &[b"{}"]),
    },
    Case {
        name: "append",
        prepare: |_| {},
        call: append,
    },
    Case {
        name: "append over a blank",
        prepare: |store| {
            let key = store.keys.entry("e");
            store.set(&key, "");
        },
        call: append,
    },
    Case {
        name: "page",
        prepare: |store| pend(store, &request("", "")),
        call: |keys| {
            let args: [&[u8]; 6] = [b"newest", b"5", b"1", b"b", b"1577836800000", b"p:req:"];
            Call::new(&PAGE, vec![keys.all()], &args)
        },
    },
];
