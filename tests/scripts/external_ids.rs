//! Where an external id comes to stand in a record, whether it is new there, and which records are left to
//! Rust because they may name one elsewhere.

use hitl_state_ioredis::store::keys::Keys;

use crate::cases::{BATCH, external, request, resolved};
use crate::store::{ID, Store};

const KINDS: [&str; 4] = ["request", "resolved", "batch", "delivery"];

/// A record of a kind with these members at the place of its external ids.
fn record(kind: &str, members: &str) -> String {
    match kind {
        "request" => request(members, ""),
        "resolved" => resolved().replace(",\"result\"", &format!("{members},\"result\"")),
        _ => BATCH.replace(",\"createdAt\"", &format!("{members},\"createdAt\"")),
    }
}

/// Where a record of a kind is stored, and the index of the external id that the calls here set.
fn places(keys: &Keys, kind: &str) -> (Vec<u8>, Vec<u8>) {
    match kind {
        "batch" => (keys.batch(ID), keys.batch_external_id("x")),
        "delivery" => (keys.delivery(ID), keys.delivery_external_id("x")),
        _ => (keys.request(ID), keys.external_id("x")),
    }
}

/// Sets the external id "x" in a store that has this record only.
fn set(store: &mut Store, kind: &str, stored: &str, plugin: &str) -> String {
    store.clear();
    store.set(&places(&store.keys, kind).0, stored);
    set_again(store, kind, plugin)
}

fn set_again(store: &mut Store, kind: &str, plugin: &str) -> String {
    let kind = if kind == "resolved" { "request" } else { kind };
    external(&store.keys, kind, plugin.as_bytes(), None).answer(&mut store.db)
}

#[test]
fn an_external_id_stands_at_its_place_and_all_others_stay() {
    let mut store = Store::start();
    let spliced = [
        ("", "", r#","externalId":"x","externalIds":{"slack":"x"}"#),
        ("", "\"inbox\"", r#","externalIds":{"inbox":"x"}"#),
        (
            r#","externalId":"y""#,
            "",
            r#","externalId":"x","externalIds":{"slack":"x"}"#,
        ),
        (
            r#","externalId":"y""#,
            "\"inbox\"",
            r#","externalId":"y","externalIds":{"inbox":"x"}"#,
        ),
        (
            r#","externalId":"y","externalIds":{"slack":"y","inbox":7}"#,
            "\"inbox\"",
            r#","externalId":"y","externalIds":{"slack":"y","inbox":"x"}"#,
        ),
        (
            r#","externalIds":{"inbox":"1","slack":"y"}"#,
            "\"slack\"",
            r#","externalId":"x","externalIds":{"inbox":"1","slack":"x"}"#,
        ),
        (
            r#","externalIds":{}"#,
            "\"inbox\"",
            r#","externalIds":{"inbox":"x"}"#,
        ),
    ];
    let of_delivery = [
        ("", "", r#","externalId":"x""#),
        (r#","externalId":"\"y\\""#, "", r#","externalId":"x""#),
    ];
    for kind in KINDS {
        let changes: &[_] = if kind == "delivery" {
            &of_delivery
        } else {
            &spliced
        };
        for &(before, plugin, after) in changes {
            let what = format!("{kind} {before} {plugin}");
            let (key, index) = places(&store.keys, kind);
            assert_eq!(
                set(&mut store, kind, &record(kind, before), plugin),
                "1",
                "{what}"
            );
            let expected = record(kind, after);
            assert_eq!(store.get(&key), Some(expected), "{what}");
            assert_eq!(store.get(&index).as_deref(), Some(ID), "{what}");
            let all = store.everything();
            assert_eq!(set_again(&mut store, kind, plugin), "2", "{what}");
            assert_eq!(store.everything(), all, "{what}");
        }
    }
}

#[test]
fn a_result_that_speaks_of_a_decision_is_stepped_over() {
    let mut store = Store::start();
    let deciding = |members| {
        let speaking = "\"APPROVED\",\"status\":\"resolved\"";
        record("resolved", members).replace("\"APPROVED\"", speaking)
    };
    assert_eq!(set(&mut store, "resolved", &deciding(""), ""), "1");
    let expected = deciding(r#","externalId":"x","externalIds":{"slack":"x"}"#);
    assert_eq!(store.get(&store.keys.request(ID)), Some(expected));
}

#[test]
fn an_index_that_has_moved_on_is_taken_back_by_a_new_id_only() {
    let mut store = Store::start();
    for (members, plugin, owner) in [
        ("", "\"inbox\"", ID),
        (r#","externalIds":{"inbox":"y"}"#, "\"inbox\"", ID),
        (r#","externalIds":{"inbox":"x"}"#, "\"inbox\"", "other"),
        (r#","externalIds":{"inbox":"x"}"#, "\"mail\"", "other"),
        (
            r#","externalIds":{"inbox":"x","mail":"y"}"#,
            "\"mail\"",
            "other",
        ),
        (r#","externalId":"x""#, "\"inbox\"", "other"),
    ] {
        store.clear();
        let (key, index) = places(&store.keys, "request");
        store.set(&key, record("request", members));
        store.set(&index, "other");
        let call = external(&store.keys, "request", plugin.as_bytes(), None);
        assert_eq!(call.answer(&mut store.db), "1", "{members}");
        assert_eq!(store.get(&index).as_deref(), Some(owner), "{members}");
    }
}

#[test]
fn a_gap_in_the_index_is_filled() {
    let mut store = Store::start();
    let members = r#","externalId":"x","externalIds":{"slack":"x"}"#;
    for kind in ["request", "resolved", "batch"] {
        let stored = record(kind, members);
        assert_eq!(set(&mut store, kind, &stored, ""), "1", "{kind}");
        let (key, index) = places(&store.keys, kind);
        assert_eq!(store.get(&key), Some(stored));
        assert_eq!(store.get(&index).as_deref(), Some(ID));
    }
}

#[test]
fn without_a_value_the_record_is_only_looked_for() {
    let mut store = Store::start();
    store.set(&store.keys.request(ID), request("", ""));
    let before = store.everything();
    let mut call = external(&store.keys, "request", b"", None);
    call.args[1].clear();
    assert_eq!(call.answer(&mut store.db), "1");
    assert_eq!(store.everything(), before);
}

/// Asserts that a record is left to Rust, untouched.
fn is_left(store: &mut Store, kind: &str, stored: &str, plugin: &str) {
    let answer = set(store, kind, stored, plugin);
    assert_eq!(answer, format!("[shape {stored}]"), "{kind} {plugin}");
    let (key, index) = places(&store.keys, kind);
    assert_eq!(store.get(&key).as_deref(), Some(stored));
    assert_eq!(store.get(&index), None);
}

#[test]
fn an_external_id_that_may_stand_elsewhere_is_left_to_rust() {
    let mut store = Store::start();
    for kind in KINDS {
        let stored = record(kind, "");
        let with = |member: &str| {
            let message = "\"message\":\"m\"";
            stored.replace(message, &format!("{message},{member},\"size\":1"))
        };
        for member in [
            r#""externalId":"y""#,
            r#" "externalId":"y""#,
            r#""externalIds":{}"#,
            // Whose this one is takes more than a look.
            r#""user":{"externalId":1,"externalIds":2}"#,
            r#""e\u0078ternalId":"y""#,
        ] {
            is_left(&mut store, kind, &with(member), "");
        }
        for member in [
            r#""user":{"externalId":1}"#,
            r#""user":"externalId""#,
            r#""user":"\u001f""#,
            r#""user":"u00e9""#,
        ] {
            assert_eq!(set(&mut store, kind, &with(member), ""), "1", "{member}");
        }
    }
    let first = BATCH.replace("{\"id\"", "{\"externalId\":\"y\",\"id\"");
    is_left(&mut store, "delivery", &first, "");
    // What stands at the known place is seen as it is.
    let known = record("request", r#","externalId":"\u0079""#);
    assert_eq!(set(&mut store, "request", &known, ""), "1");
}

#[test]
fn another_spelling_of_a_plugin_is_left_to_rust() {
    let mut store = Store::start();
    for kind in ["request", "resolved", "batch"] {
        let stored = record(kind, r#","externalIds":{"in\u0062ox":"y"}"#);
        is_left(&mut store, kind, &stored, "\"inbox\"");
        let stored = record(kind, "").replace("slack", r"sl\\ack");
        is_left(&mut store, kind, &stored, "\"slack\"");
        assert_eq!(
            set(&mut store, kind, &stored, ""),
            "1",
            "by the channel itself"
        );
    }
}

#[test]
fn what_is_no_batch_and_no_delivery_of_today_is_left_to_rust() {
    let mut store = Store::start();
    for kind in ["batch", "delivery"] {
        for end in [
            r#","resolvedAt":"x"}"#,
            r#","batchId":"b"}"#,
            r#","batchIndex":1}"#,
            r#","unknown":1}"#,
        ] {
            is_left(&mut store, kind, &BATCH.replace('}', end), "");
        }
        is_left(&mut store, kind, r#"{"id":"a","channel":"slack"}"#, "");
    }
    is_left(
        &mut store,
        "delivery",
        &record("delivery", r#","externalIds":{}"#),
        "",
    );
    // Its channel stands elsewhere.
    is_left(&mut store, "batch", &BATCH.replace("\"id\":\"a\",", ""), "");
}
