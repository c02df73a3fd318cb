//! By which seal a script of maintenance goes on: a record that is still what was read.

use hitl_state_ioredis::store::keys::Keys;
use redis::Commands;

use crate::cases::{resolved, sha1};
use crate::mend::mend;
use crate::purge::last_item;
use crate::purge_delivery::of_request;
use crate::store::{Call, ID, Store, is_plain_refusal};

/// The seal of a text in the form of large ones: a range, a gap, and the last byte.
pub fn ranged(text: &str) -> String {
    let last = text.len() - 1;
    let parts = format!("{}{}", &text[..4], &text[last..]);
    format!("{} {} 0 3 {last} {last}", sha1(&parts), text.len())
}

/// A call of each script that goes on only if the entry has this seal, and what it says if not.
fn calls(keys: &Keys, seal: &str) -> [(Call, &'static str); 3] {
    let mut purge = last_item();
    purge.batch = None;
    purge.batch_entries.clear();
    purge.entries = vec![("e", seal.to_owned())];
    let mut delivery = of_request(keys);
    delivery.keys[0] = keys.entry("e");
    delivery.args[1] = seal.into();
    [
        (
            mend("0", vec![keys.entry("e")], &[("same", "1", seal)], &[]),
            "changed",
        ),
        (purge.call(keys), "changed"),
        (delivery, "0"),
    ]
}

/// What the calls need besides the entry.
fn prepare(store: &mut Store) {
    let keys = store.keys.clone();
    store.clear();
    store.set(&keys.request(ID), resolved());
    store.add(&keys.status("resolved"), ID);
}

#[test]
fn a_record_is_known_by_its_seal() {
    let mut store = Store::start();
    let key = store.keys.entry("e");
    let text = "0123456789";
    for (stored, seal, holds) in [
        (Some(text), sha1(text), true),
        (Some(text), sha1("other"), false),
        (Some(text), String::new(), false),
        (None, String::new(), true),
        (None, sha1(""), false),
        (Some(""), String::new(), true),
        (Some(""), sha1(""), false),
        (Some(text), ranged(text), true),
        // The gap is not compared, the ranges are, and the length.
        (Some("0123xxxxx9"), ranged(text), true),
        (Some("012x456789"), ranged(text), false),
        (Some("012345678x"), ranged(text), false),
        (Some("01234567899"), ranged(text), false),
        (None, ranged(text), false),
    ] {
        for (call, changed) in calls(&store.keys, &seal) {
            prepare(&mut store);
            if let Some(stored) = stored {
                store.set(&key, stored);
            }
            let answer = call.answer(&mut store.db);
            assert_eq!(answer != changed, holds, "{stored:?} {seal}: {answer}");
        }
    }
}

#[test]
fn a_seal_that_cannot_be_compared_is_a_refusal() {
    let mut store = Store::start();
    let key = store.keys.entry("e");
    for (seal, command) in [(sha1("x"), "GET"), (ranged("0123456789"), "STRLEN")] {
        for (at, (call, changed)) in calls(&store.keys, &seal).into_iter().enumerate() {
            prepare(&mut store);
            let () = store.db.rpush(&key, "a list").unwrap();
            // To `mend` a key of another type is one that has changed.
            if at == 0 {
                assert_eq!(call.answer(&mut store.db), changed);
            } else {
                let error = call.run(&mut store.db).unwrap_err();
                assert!(is_plain_refusal(&error), "{error}");
            }
            let mut user = store
                .user(&["~*".to_owned(), format!("-{command}")])
                .unwrap();
            let error = call.run(&mut user).unwrap_err();
            assert!(is_plain_refusal(&error), "{error}");
        }
    }
}
