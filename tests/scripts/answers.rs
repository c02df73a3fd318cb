//! Each answer of a script that an operation rarely comes to see.

use hitl_state_ioredis::store::keys::Keys;
use redis::Commands;

use crate::cases::{
    CASES, Case, NONCE, append, commit, create, external, foreign, request, resolve, resolved,
};
use crate::store::{ID, Store, is_plain_refusal};

fn case(name: &str) -> &'static Case {
    CASES.iter().find(|case| case.name == name).expect("a case")
}

/// Asserts that a call gives this answer and changes nothing.
fn changes_nothing(store: &mut Store, call: fn(&Keys) -> crate::store::Call, answer: &str) {
    let before = store.everything();
    assert_eq!(call(&store.keys).answer(&mut store.db), answer);
    assert_eq!(store.everything(), before, "{answer}");
}

#[test]
fn a_decision_is_committed_only_on_what_was_read() {
    let mut store = Store::start();
    let keys = store.keys.clone();
    let decide = |keys: &Keys| commit(keys, &foreign(), b"marker");
    let restore = |keys: &Keys| commit(keys, &foreign(), b"");

    changes_nothing(&mut store, decide, "0");
    (case("commit").prepare)(&mut store);
    changes_nothing(&mut store, restore, "0");
    store.set(&keys.request(ID), foreign() + " ");
    changes_nothing(&mut store, decide, "0");
    store.clear();
    (case("commit").prepare)(&mut store);
    store.add(&keys.status("resolved"), ID);
    changes_nothing(&mut store, decide, "0");
    store.clear();
    (case("restore").prepare)(&mut store);
    changes_nothing(&mut store, decide, "0");
    assert_eq!(restore(&keys).answer(&mut store.db), "1");
    assert_eq!(store.get(&keys.request(ID)), Some(resolved()));
    assert_eq!(
        store.get(&keys.resolve_marker(ID)).as_deref(),
        Some("marker")
    );
}

#[test]
fn a_request_is_decided_once() {
    let mut store = Store::start();
    let keys = store.keys.clone();
    changes_nothing(&mut store, resolve, "0");
    store.set(&keys.request(ID), "");
    changes_nothing(&mut store, resolve, "0");

    store.clear();
    (case("resolve").prepare)(&mut store);
    let mut marker = NONCE.to_vec();
    marker.extend_from_slice(b"\nx");
    store.set(&keys.resolve_marker(ID), &marker);
    changes_nothing(&mut store, resolve, "2");
    store.set(&keys.resolve_marker(ID), "another's");
    changes_nothing(
        &mut store,
        resolve,
        &format!("[decided {} another's]", request("", "")),
    );
    store.set(&keys.resolve_marker(ID), "");
    store.add(&keys.status("resolved"), ID);
    changes_nothing(
        &mut store,
        resolve,
        &format!("[decided {} ]", request("", "")),
    );
}

#[test]
fn a_request_without_a_score_is_left_to_rust() {
    let mut store = Store::start();
    let key = store.keys.request(ID);
    store.set(&key, request("", ""));
    changes_nothing(&mut store, resolve, &format!("[shape {}]", request("", "")));
}

#[test]
fn an_id_that_is_taken_is_shown_and_a_blank_one_is_free() {
    let mut store = Store::start();
    let keys = store.keys.clone();
    store.set(&keys.request(ID), "taken");
    changes_nothing(&mut store, |keys| create(keys, false), "[exists taken]");
    store.set(&keys.token("t"), "other");
    changes_nothing(&mut store, |keys| create(keys, false), "[exists taken]");
    store.clear();
    store.set(&keys.request(ID), "");
    assert_eq!(create(&keys, false).answer(&mut store.db), "1");
    assert_eq!(store.get(&keys.request(ID)), Some(request("", "")));

    store.set(&keys.batch(ID), "taken");
    changes_nothing(&mut store, case("insert").call, "taken");
    store.set(&keys.batch(ID), "");
    assert_eq!((case("insert").call)(&keys).answer(&mut store.db), "nil");
    assert_eq!(store.get(&keys.batch(ID)).as_deref(), Some("{}"));
}

#[test]
fn a_decided_owner_lets_its_token_go() {
    let mut store = Store::start();
    let keys = store.keys.clone();
    for witness in ["none", "marker", "index", "blank marker", "blank record"] {
        store.clear();
        let blank = witness == "blank record";
        store.set(
            &keys.request("other"),
            if blank {
                String::new()
            } else {
                request("", "")
            },
        );
        store.set(&keys.token("t"), "other");
        match witness {
            "marker" => store.set(&keys.resolve_marker("other"), "marker"),
            "blank marker" => store.set(&keys.resolve_marker("other"), ""),
            "index" => store.add(&keys.status("resolved"), "other"),
            _ => {}
        }
        let lives = matches!(witness, "none" | "blank marker");
        let answer = if lives { "[taken other]" } else { "1" };
        assert_eq!(
            create(&keys, false).answer(&mut store.db),
            answer,
            "{witness}"
        );
    }
}

#[test]
fn a_token_stays_where_its_owner_cannot_be_read() {
    let mut store = Store::start();
    let keys = store.keys.clone();
    let readable = case("create with the token of a decided request");
    for key in [keys.request("other"), keys.resolve_marker("other")] {
        store.clear();
        (readable.prepare)(&mut store);
        let () = store.db.del(&key).unwrap();
        let () = store.db.rpush(&key, "a list").unwrap();
        // Whoever goes on takes this for the end of the owner.
        store.add(&keys.status("resolved"), "other");
        let before = store.everything();
        let error = (readable.call)(&keys).run(&mut store.db).unwrap_err();
        assert!(is_plain_refusal(&error), "{error}");
        assert_eq!(store.everything(), before);
    }
}

#[test]
fn a_new_request_has_left_the_indexes_of_its_earlier_life() {
    let mut store = Store::start();
    let keys = store.keys.clone();
    let case = case("create of an id that had an earlier life");
    (case.prepare)(&mut store);
    assert_eq!((case.call)(&keys).answer(&mut store.db), "1");
    for index in [
        keys.status("resolved"),
        keys.namespace_status("global", "resolved"),
    ] {
        assert_eq!(store.db.zscore(&index, ID), Ok(None::<f64>));
    }
    assert_eq!(store.get(&keys.resolve_marker(ID)).as_deref(), Some(""));
}

#[test]
fn an_entry_is_stored_once_under_its_id() {
    let mut store = Store::start();
    let key = store.keys.entry("e");
    assert_eq!(append(&store.keys).answer(&mut store.db), "1");
    changes_nothing(&mut store, append, "2");
    store.set(&key, "another");
    changes_nothing(&mut store, append, "[exists]");
    store.set(&key, "");
    assert_eq!(append(&store.keys).answer(&mut store.db), "1");
    assert_eq!(store.get(&key).as_deref(), Some("entry"));
}

#[test]
fn an_external_id_needs_its_record_as_it_was_read() {
    let mut store = Store::start();
    let keys = store.keys.clone();
    let plain = |keys: &Keys| external(keys, "request", b"", None);
    let swap = |keys: &Keys| external(keys, "request", b"", Some((&foreign(), "{\"spliced\":1}")));
    changes_nothing(&mut store, plain, "0");
    store.set(&keys.request(ID), "");
    changes_nothing(&mut store, plain, "0");
    store.set(&keys.request(ID), request("", ""));
    changes_nothing(&mut store, swap, &format!("[shape {}]", request("", "")));
    store.set(&keys.resolve_marker(ID), "marker");
    changes_nothing(
        &mut store,
        plain,
        &format!("[undone {} marker]", request("", "")),
    );
    store.set(&keys.resolve_marker(ID), "");
    assert_eq!(plain(&keys).answer(&mut store.db), "1");
    // What the record has already is not given back to an index that has moved on.
    store.set(&keys.external_id("x"), "other");
    assert_eq!(plain(&keys).answer(&mut store.db), "1");
    assert_eq!(store.get(&keys.external_id("x")).as_deref(), Some("other"));
}

#[test]
fn an_index_leads_to_its_request_and_what_is_known_of_its_decision() {
    let mut store = Store::start();
    let keys = store.keys.clone();
    let find = case("find").call;
    changes_nothing(&mut store, find, "nil");
    store.set(&keys.token("t"), ID);
    changes_nothing(&mut store, find, "nil");
    store.set(&keys.request(ID), "");
    changes_nothing(&mut store, find, "nil");
    store.set(&keys.request(ID), "record");
    changes_nothing(&mut store, find, "[a record]");
    store.set(&keys.resolve_marker(ID), "");
    changes_nothing(&mut store, find, "[a record]");
    store.add(&keys.status("resolved"), ID);
    changes_nothing(&mut store, find, "[a record ]");
    store.set(&keys.resolve_marker(ID), "marker");
    changes_nothing(&mut store, find, "[a record marker]");
}

#[test]
fn only_the_end_of_a_record_travels_to_replicas() {
    let mut store = Store::start();
    for (name, sets) in [("resolve", 1), ("external id of a request", 1)] {
        store.clear();
        (case(name).prepare)(&mut store);
        let before = store.server.calls_of("set");
        let fitted = store.server.calls_of("bitop");
        assert_eq!((case(name).call)(&store.keys).answer(&mut store.db), "1");
        // No room is left over behind the record.
        assert_eq!(store.server.calls_of("bitop") - fitted, 1, "{name}");
        // The winner's mark or the index: not the record.
        assert_eq!(store.server.calls_of("set") - before, sets, "{name}");
    }
}
