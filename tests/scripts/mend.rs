//! Facts about indexes: what is found, what is mended, and what must still be so for either.

use hitl_state_ioredis::store::maintenance::MEND;
use redis::Commands;

use self::Held::{Entry, Nothing, Text};
use crate::store::{Call, ID, Store, is_plain_refusal};

/// What the keys of requests begin with.
const PREFIX: &str = "p:req:";

/// Looks at facts, each a kind, the number of its key, and two words; mends them if `repair` is "1".
pub fn mend(
    repair: &str,
    keys: Vec<Vec<u8>>,
    guards: &[(&str, &str, &str)],
    facts: &[[&str; 4]],
) -> Call {
    let guard_count = guards.len().to_string();
    let mut args = vec![repair, &guard_count];
    args.extend(
        guards
            .iter()
            .flat_map(|(kind, key, value)| [*kind, key, value]),
    );
    args.extend(facts.iter().flatten());
    let args: Vec<&[u8]> = args.into_iter().map(str::as_bytes).collect();
    Call::new(&MEND, keys, &args)
}

/// What a key holds.
#[derive(Debug, Clone, Copy)]
enum Held {
    Nothing,
    /// The id, with this score.
    Entry(i64),
    Text(&'static str),
}

impl Held {
    fn put(self, store: &mut Store, key: &[u8]) {
        match self {
            Nothing => {}
            Entry(at) => {
                let () = store.db.zadd(key, ID, at).unwrap();
            }
            Text(text) => store.set(key, text),
        }
    }

    fn assert(self, store: &mut Store, key: &[u8], what: &str) {
        let expected = match self {
            Nothing => None,
            Entry(at) => Some(format!("zset [{ID} {at}] false")),
            Text(text) => Some(format!("string {text} false")),
        };
        assert_eq!(store.everything().remove(key), expected, "{what}");
    }
}

#[test]
fn each_fact_is_found_and_mended_as_its_kind_says() {
    let mut store = Store::start();
    let keys = store.keys.clone();
    let key = keys.all();
    // What is there, the fact, what is found, and what is there then.
    for (there, kind, value, finding, then) in [
        (Nothing, "entry", "7", 1, Entry(7)),
        (Entry(8), "entry", "7", 2, Entry(7)),
        (Entry(7), "entry", "7", 0, Entry(7)),
        (Entry(7), "entry", "7.0", 0, Entry(7)),
        (Nothing, "loose", "7", 1, Entry(7)),
        (Entry(8), "loose", "7", 0, Entry(8)),
        (Nothing, "wanted", "", 6, Nothing),
        (Entry(7), "wanted", "", 0, Entry(7)),
        (Nothing, "none", "", 0, Nothing),
        (Entry(7), "none", "", 3, Nothing),
        (Text(ID), "points", PREFIX, 0, Text(ID)),
        (Nothing, "points", PREFIX, 1, Text(ID)),
        (Text(""), "points", PREFIX, 1, Text(ID)),
        (Text("nobody"), "points", PREFIX, 4, Text(ID)),
        (Text("other"), "points", PREFIX, 7, Text("other")),
        (Text("other"), "repoints", "other", 4, Text(ID)),
        (Text("third"), "repoints", "other", 0, Text("third")),
        (Nothing, "repoints", "other", 0, Nothing),
        (Text(ID), "unpoints", "", 4, Nothing),
        (Text("other"), "unpoints", "", 0, Text("other")),
    ] {
        store.clear();
        store.set(&keys.request("other"), "record");
        there.put(&mut store, &key);
        let what = format!("{kind} {there:?}");
        let before = store.everything();
        let call = |repair| mend(repair, vec![key.clone()], &[], &[[kind, "1", ID, value]]);
        let answer = format!("[{finding}]");
        assert_eq!(call("0").answer(&mut store.db), answer, "{what}");
        assert_eq!(
            store.everything(),
            before,
            "{what}: looking changes nothing"
        );
        assert_eq!(call("1").answer(&mut store.db), answer, "{what}");
        then.assert(&mut store, &key, &what);
    }
}

#[test]
fn a_name_leads_astray_only_where_there_is_nothing() {
    let mut store = Store::start();
    let keys = store.keys.clone();
    store.set(&keys.token("t"), "other");
    let () = store.db.rpush(keys.request("other"), "a list").unwrap();
    let before = store.everything();
    let call = mend(
        "1",
        vec![keys.token("t")],
        &[],
        &[["points", "1", ID, PREFIX]],
    );
    assert_eq!(call.answer(&mut store.db), "[7]");
    assert_eq!(store.everything(), before);

    // Nobody knows what this user may not look at.
    for command in ["STRLEN", "GET"] {
        let mut user = store
            .user(&["~*".to_owned(), format!("-{command}")])
            .unwrap();
        let error = call.run(&mut user).unwrap_err();
        assert!(is_plain_refusal(&error), "{error}");
        assert_eq!(store.everything(), before);
    }
}

#[test]
fn a_key_of_another_type_is_a_finding_and_the_others_are_mended() {
    let mut store = Store::start();
    let keys = store.keys.clone();
    for (is_entry, kind) in [
        (true, "entry"),
        (true, "loose"),
        (true, "wanted"),
        (true, "none"),
        (false, "points"),
        (false, "repoints"),
        (false, "unpoints"),
    ] {
        store.clear();
        let key = if is_entry {
            keys.all()
        } else {
            keys.token("t")
        };
        let () = store.db.rpush(&key, "a list").unwrap();
        let facts = [[kind, "1", ID, "7"], ["entry", "2", ID, "7"]];
        let call = mend("1", vec![key.clone(), keys.status("pending")], &[], &facts);
        assert_eq!(call.answer(&mut store.db), "[5 1]", "{kind}");
        assert_eq!(store.db.lrange(&key, 0, -1), Ok(vec!["a list".to_owned()]));
        Entry(7).assert(&mut store, &keys.status("pending"), kind);
    }
}

#[test]
fn facts_are_looked_at_only_while_the_guards_hold() {
    let mut store = Store::start();
    let keys = store.keys.clone();
    let (set, name) = (keys.status("resolved"), keys.resolve_marker(ID));
    let unset: fn(&mut Store, &[u8]) = |_, _| {};
    let listed: fn(&mut Store, &[u8]) = |store, key| store.add(key, ID);
    let filled: fn(&mut Store, &[u8]) = |store, key| store.set(key, "x");
    let emptied: fn(&mut Store, &[u8]) = |store, key| store.set(key, "");
    let other: fn(&mut Store, &[u8]) = |store, key| {
        let () = store.db.rpush(key, "a list").unwrap();
    };
    for (kind, prepare, holds) in [
        ("listed", listed, true),
        ("listed", unset, false),
        ("listed", other, false),
        ("unlisted", unset, true),
        ("unlisted", listed, false),
        ("unlisted", other, false),
        ("blank", unset, true),
        ("blank", emptied, true),
        ("blank", filled, false),
        ("blank", other, false),
    ] {
        store.clear();
        let key = if kind == "blank" { &name } else { &set };
        prepare(&mut store, key);
        let before = store.everything();
        // The guard in front of it holds, and so does the one behind.
        let guards = [("blank", "2", ""), (kind, "1", ID), ("unlisted", "3", ID)];
        let declared = vec![key.clone(), keys.entry("e"), keys.all()];
        let call = mend("1", declared, &guards, &[["entry", "3", ID, "7"]]);
        let answer = if holds { "[1]" } else { "changed" };
        assert_eq!(call.answer(&mut store.db), answer, "{kind}");
        assert_eq!(store.everything() == before, !holds, "{kind}");

        let command = if kind == "blank" { "STRLEN" } else { "ZSCORE" };
        let mut user = store
            .user(&["~*".to_owned(), format!("-{command}")])
            .unwrap();
        let error = call.run(&mut user).unwrap_err();
        assert!(is_plain_refusal(&error), "{kind}: {error}");
    }
}

#[test]
fn where_one_of_its_writes_is_refused_nothing_is_mended() {
    let mut store = Store::start();
    let keys = store.keys.clone();
    let facts = [
        ["entry", "1", ID, "7"],
        ["none", "2", ID, ""],
        ["points", "3", ID, PREFIX],
        ["repoints", "4", ID, "other"],
        ["unpoints", "5", ID, ""],
    ];
    let declared = vec![
        keys.all(),
        keys.status("resolved"),
        keys.token("t"),
        keys.external_id("x"),
        keys.batch_external_id("x"),
    ];
    for command in ["ZADD", "ZREM", "SET", "UNLINK"] {
        store.clear();
        store.add(&keys.status("resolved"), ID);
        store.set(&keys.external_id("x"), "other");
        store.set(&keys.batch_external_id("x"), ID);
        let before = store.everything();
        // In both orders: whichever stands in front of the refused one.
        for facts in [facts.to_vec(), facts.iter().rev().copied().collect()] {
            let call = mend("1", declared.clone(), &[], &facts);
            let mut user = store
                .user(&["~*".to_owned(), format!("-{command}")])
                .unwrap();
            let error = call.run(&mut user).unwrap_err();
            assert!(is_plain_refusal(&error), "{command}: {error}");
            assert_eq!(store.everything(), before, "{command}");
        }
    }
}
