//! Whatever the server refuses a script, it changes nothing and says what the server said.

use std::collections::BTreeMap;

use redis::Commands;

use crate::cases::{CASES, Case};
use crate::store::{ID, Store, is_plain_refusal, words};

/// Every key that a script may touch.
fn keys_of(store: &Store) -> Vec<Vec<u8>> {
    let keys = &store.keys;
    let mut all = vec![
        keys.request(ID),
        keys.request("other"),
        keys.token("t"),
        keys.external_id("x"),
        keys.all(),
        keys.batch(ID),
        keys.batch_external_id("x"),
        keys.batch_items("b"),
        keys.delivery(ID),
        keys.delivery_external_id("x"),
        keys.entry("e"),
        keys.thread("t"),
        keys.namespace("global"),
        keys.resolve_marker(ID),
        keys.resolve_marker("other"),
    ];
    for status in ["pending", "resolved"] {
        all.push(keys.status(status));
        all.push(keys.namespace_status("global", status));
    }
    all
}

/// Runs a case as a user with these rules: it does all, or it is refused and does nothing.
fn all_or_nothing(store: &mut Store, rules: &[String]) {
    for case in CASES {
        store.clear();
        (case.prepare)(store);
        let before = store.everything();
        let Some(mut user) = store.user(rules) else {
            return;
        };
        let call = (case.call)(&store.keys);
        match call.run(&mut user) {
            Ok(answer) => {
                let done = (words(&answer), store.everything());
                store.clear();
                (case.prepare)(store);
                let whole = (call.answer(&mut store.db), store.everything());
                assert_eq!(done.1, whole.1, "{} with {rules:?}", case.name);
                // A page says 0 for the size of what it may not look at.
                let same = case.name == "page" || done.0 == whole.0;
                assert!(same, "{} with {rules:?}: {}", case.name, done.0);
            }
            Err(error) => {
                let what = format!("{} with {rules:?}: {error}", case.name);
                assert!(is_plain_refusal(&error), "{what}");
                let after = kept(case, store.everything());
                assert_eq!(after, kept(case, before), "{what}");
            }
        }
    }
}

/// What must be as it was. Index entries that led to no record need not.
fn kept(case: &Case, mut stored: BTreeMap<Vec<u8>, String>) -> BTreeMap<Vec<u8>, String> {
    if case.name == "create of an id that had an earlier life" {
        stored.retain(|_, value| !value.starts_with("zset"));
    }
    stored
}

#[test]
fn a_key_of_another_type_is_refused_and_nothing_is_changed() {
    let mut store = Store::start();
    for case in CASES {
        for key in keys_of(&store) {
            store.clear();
            (case.prepare)(&mut store);
            let () = store.db.del(&key).unwrap();
            let () = store.db.rpush(&key, "a list").unwrap();
            let before = store.everything();
            let call = (case.call)(&store.keys);
            if let Err(error) = call.run(&mut store.db) {
                let what = format!(
                    "{} where {} is a list: {error}",
                    case.name,
                    String::from_utf8_lossy(&key)
                );
                assert!(is_plain_refusal(&error), "{what}");
                assert_eq!(kept(case, store.everything()), kept(case, before), "{what}");
            } else {
                let kind: String = redis::cmd("TYPE").arg(&key).query(&mut store.db).unwrap();
                let touched = call.keys.contains(&key) && case.name != "page";
                let is_fine = kind == "list" || !touched;
                assert!(is_fine, "{} has overwritten a list", case.name);
            }
        }
    }
}

#[test]
fn without_a_command_nothing_is_changed() {
    let mut store = Store::start();
    for command in ["GET", "SET", "SETRANGE", "ZADD", "ZREM", "ZSCORE"] {
        for more in [&[][..], &["-DEL"], &["-BITOP", "-DEL"]] {
            let rules = [format!("-{command}"), "~*".to_owned()];
            let more = more.iter().map(|&rule| rule.to_owned());
            all_or_nothing(
                &mut store,
                &rules.into_iter().chain(more).collect::<Vec<_>>(),
            );
        }
    }
}

#[test]
fn without_a_key_or_the_right_to_write_it_nothing_is_changed() {
    let mut store = Store::start();
    for forbidden in keys_of(&store) {
        for readable in [false, true] {
            for more in [None, Some("-DEL")] {
                let mut rules: Vec<String> = keys_of(&store)
                    .into_iter()
                    .filter(|key| *key != forbidden)
                    .map(|key| format!("~{}", String::from_utf8(key).unwrap()))
                    .collect();
                if readable {
                    rules.push(format!("%R~{}", String::from_utf8_lossy(&forbidden)));
                }
                rules.extend(more.map(str::to_owned));
                all_or_nothing(&mut store, &rules);
            }
        }
    }
}

#[test]
fn with_a_command_on_some_keys_only_nothing_is_changed() {
    let mut store = Store::start();
    for commands in [&["SET"][..], &["SET", "SETRANGE"], &["ZADD"], &["ZREM"]] {
        for forbidden in keys_of(&store) {
            let others = keys_of(&store).into_iter().filter(|key| *key != forbidden);
            let patterns: Vec<String> = others
                .map(|key| format!("~{}", String::from_utf8(key).unwrap()))
                .collect();
            // The server asks for the keys of a script when it starts, and again for those of each command.
            let some = format!("(+{} {})", commands.join(" +"), patterns.join(" "));
            let without = commands.iter().map(|command| format!("-{command}"));
            let rules = without.chain(["-DEL".to_owned(), "~*".to_owned(), some]);
            all_or_nothing(&mut store, &rules.collect::<Vec<_>>());
        }
    }
}
