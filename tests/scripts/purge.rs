//! A request is deleted with all that belongs to it, or, where something is not what was read, not at all.

use hitl_state_ioredis::store::keys::Keys;
use hitl_state_ioredis::store::maintenance::PURGE;
use redis::Commands;

use crate::cases::{BATCH, request, resolved, sha1};
use crate::sealed::ranged;
use crate::store::{Call, ID, Store, is_plain_refusal};

/// A call that deletes the request.
pub struct Purge {
    /// What its record was.
    pub record: String,
    pub says_pending: bool,
    /// What its batch's record was; empty: that one stays. `None`: it is in no batch.
    pub batch: Option<&'static str>,
    /// Entries of its thread, and of its batch's, with their seals.
    pub entries: Vec<(&'static str, String)>,
    pub batch_entries: Vec<(&'static str, String)>,
}

/// The last item of a batch, as `prepare` leaves it.
pub fn last_item() -> Purge {
    Purge {
        record: resolved(),
        says_pending: false,
        batch: Some(BATCH),
        entries: vec![("e", sha1("entry"))],
        batch_entries: vec![("f", sha1("entry")), ("g", String::new())],
    }
}

impl Purge {
    pub fn call(&self, keys: &Keys) -> Call {
        let mut declared = vec![
            keys.request(ID),
            keys.all(),
            keys.status("resolved"),
            keys.status("pending"),
            keys.namespace("global"),
            keys.namespace_status("global", "resolved"),
            keys.namespace_status("global", "pending"),
            keys.resolve_marker(ID),
            keys.token("t"),
            keys.thread("t"),
        ];
        let mut names = "0";
        if self.batch.is_some() {
            names = "2";
            declared.extend([keys.batch_items("b"), keys.batch(ID), keys.thread("u")]);
        }
        declared.extend([keys.external_id("x"), keys.external_id("y")]);
        if self.batch.is_some() {
            declared.extend([keys.batch_external_id("x"), keys.batch_external_id("y")]);
        }
        let entries = self.entries.iter().chain(&self.batch_entries);
        declared.extend(entries.clone().map(|(id, _)| keys.entry(id)));
        let batch_seal = match self.batch {
            None | Some("") => String::new(),
            Some(record) => sha1(record),
        };
        let flag = |set| if set { "1" } else { "0" };
        let mut args = vec![
            ID.to_owned(),
            // In the form that is compared without GET.
            ranged(&self.record),
            flag(self.says_pending).to_owned(),
            flag(self.batch.is_some()).to_owned(),
            "the batch".to_owned(),
            batch_seal,
            "2".to_owned(),
            names.to_owned(),
            self.entries.len().to_string(),
            self.batch_entries.len().to_string(),
        ];
        args.extend(entries.flat_map(|(id, seal)| [(*id).to_owned(), seal.clone()]));
        let args: Vec<&[u8]> = args.iter().map(String::as_bytes).collect();
        Call::new(&PURGE, declared, &args)
    }
}

/// The six indexes of requests.
fn indexes(keys: &Keys) -> [Vec<u8>; 6] {
    [
        keys.all(),
        keys.status("resolved"),
        keys.status("pending"),
        keys.namespace("global"),
        keys.namespace_status("global", "resolved"),
        keys.namespace_status("global", "pending"),
    ]
}

/// A request, the last item of its batch, with everything that belongs to both.
fn prepare(store: &mut Store) {
    let keys = store.keys.clone();
    store.set(&keys.request(ID), resolved());
    store.set(&keys.resolve_marker(ID), "marker");
    for index in indexes(&keys) {
        store.add(&index, ID);
    }
    for name in [
        keys.token("t"),
        keys.external_id("x"),
        keys.external_id("y"),
    ] {
        store.set(&name, ID);
    }
    store.add(&keys.thread("t"), "e");
    store.set(&keys.entry("e"), "entry");
    store.set(&keys.batch(ID), BATCH);
    store.add(&keys.batch_items("b"), ID);
    for name in ["x", "y"] {
        store.set(&keys.batch_external_id(name), "the batch");
    }
    for id in ["f", "g"] {
        store.add(&keys.thread("u"), id);
    }
    store.set(&keys.entry("f"), "entry");
}

/// What others have in the same indexes and threads.
fn prepare_others(store: &mut Store) {
    let keys = store.keys.clone();
    for index in indexes(&keys) {
        store.add(&index, "other");
    }
    store.set(&keys.request("other"), "record");
}

/// Prepares all that belongs to the request, and `harm`; then a purge changes nothing and answers this.
fn is_left(store: &mut Store, purge: &Purge, harm: impl Fn(&mut Store, &Keys), answer: &str) {
    let keys = store.keys.clone();
    store.clear();
    prepare(store);
    harm(store, &keys);
    let before = store.everything();
    assert_eq!(purge.call(&keys).answer(&mut store.db), answer);
    assert_eq!(store.everything(), before, "{answer}");
}

fn del(store: &mut Store, key: &[u8]) {
    let () = store.db.del(key).unwrap();
}

#[test]
fn a_request_goes_with_all_that_belongs_to_it_and_its_batch() {
    let mut store = Store::start();
    prepare_others(&mut store);
    let others = store.everything();
    prepare(&mut store);
    let call = last_item().call(&store.keys);
    assert_eq!(call.answer(&mut store.db), "[purged 2 1]");
    assert_eq!(store.everything(), others);
    assert_eq!(call.answer(&mut store.db), "gone");
}

#[test]
fn a_request_of_no_batch_leaves_batches_alone() {
    let mut store = Store::start();
    let keys = store.keys.clone();
    store.set(&keys.batch(ID), BATCH);
    store.add(&keys.batch_items("b"), ID);
    store.add(&keys.thread("u"), "f");
    let others = store.everything();
    prepare(&mut store);
    for name in ["x", "y"] {
        del(&mut store, &keys.batch_external_id(name));
    }
    del(&mut store, &keys.entry("f"));
    let () = store.db.zrem(keys.thread("u"), "g").unwrap();
    let mut purge = last_item();
    purge.batch = None;
    purge.batch_entries.clear();
    assert_eq!(purge.call(&keys).answer(&mut store.db), "[purged 1 0]");
    assert_eq!(store.everything(), others);
}

/// What is left after the purge of an item that leaves the batch in place, besides what is the batch's.
fn keeps_the_batch(store: &mut Store, harm: impl Fn(&mut Store, &Keys), purge: &Purge) {
    let keys = store.keys.clone();
    store.clear();
    prepare(store);
    harm(store, &keys);
    let mut kept = store.everything();
    kept.retain(|key, _| {
        *key == keys.batch(ID)
            || *key == keys.thread("u")
            || *key == keys.entry("f")
            || ["x", "y"]
                .map(|name| keys.batch_external_id(name))
                .contains(key)
    });
    assert_eq!(kept.len(), 5);
    let answer = purge.call(&keys).answer(&mut store.db);
    assert_eq!(answer, "[purged 1 0]");
    let mut left = store.everything();
    left.remove(&keys.batch_items("b"));
    assert_eq!(left, kept);
}

#[test]
fn a_batch_stays_as_long_as_it_has_another_item() {
    let mut store = Store::start();
    let add = |store: &mut Store, keys: &Keys| store.add(&keys.batch_items("b"), "other");
    keeps_the_batch(&mut store, add, &last_item());
    let items = store.keys.batch_items("b");
    assert_eq!(store.db.zrange(&items, 0, -1), Ok(vec!["other".to_owned()]));

    // The one item that it has is another one.
    let swap = |store: &mut Store, keys: &Keys| {
        del(store, &keys.batch_items("b"));
        store.add(&keys.batch_items("b"), "other");
    };
    keeps_the_batch(&mut store, swap, &last_item());
    keeps_the_batch(
        &mut store,
        |store, keys| del(store, &keys.batch_items("b")),
        &last_item(),
    );
}

#[test]
fn a_batch_that_nobody_could_read_stays_and_its_thread_goes() {
    let mut store = Store::start();
    prepare(&mut store);
    let keys = store.keys.clone();
    let mut purge = last_item();
    purge.batch = Some("");
    assert_eq!(purge.call(&keys).answer(&mut store.db), "[purged 2 0]");
    let left: Vec<Vec<u8>> = store.everything().into_keys().collect();
    let mut names = vec![
        keys.batch(ID),
        keys.batch_external_id("x"),
        keys.batch_external_id("y"),
    ];
    names.sort();
    assert_eq!(left, names);
}

#[test]
fn what_is_not_what_was_read_is_left() {
    let mut store = Store::start();
    let whole = last_item();
    is_left(
        &mut store,
        &whole,
        |store, keys| del(store, &keys.request(ID)),
        "gone",
    );
    is_left(
        &mut store,
        &whole,
        |store, keys| store.set(&keys.request(ID), ""),
        "gone",
    );
    is_left(
        &mut store,
        &whole,
        |store, keys| {
            let () = store.db.zrem(keys.status("resolved"), ID).unwrap();
        },
        "changed",
    );
    let keys = store.keys.clone();
    for key in [
        keys.request(ID),
        keys.batch(ID),
        keys.entry("e"),
        keys.entry("f"),
        // There was none.
        keys.entry("g"),
    ] {
        is_left(
            &mut store,
            &whole,
            |store, _| store.set(&key, "another"),
            "changed",
        );
    }
}

#[test]
fn a_decision_that_was_undone_needs_the_winners_mark() {
    let mut store = Store::start();
    let mut purge = last_item();
    purge.record = request("", "");
    purge.says_pending = true;
    let undo = |store: &mut Store, keys: &Keys| store.set(&keys.request(ID), request("", ""));
    let unmark = |store: &mut Store, keys: &Keys| {
        undo(store, keys);
        del(store, &keys.resolve_marker(ID));
    };
    is_left(&mut store, &purge, unmark, "changed");
    let keys = store.keys.clone();
    undo(&mut store, &keys);
    store.set(&keys.resolve_marker(ID), "marker");
    assert_eq!(purge.call(&keys).answer(&mut store.db), "[purged 2 1]");
    assert!(store.everything().is_empty());

    // One that says resolved needs none.
    prepare(&mut store);
    del(&mut store, &keys.resolve_marker(ID));
    assert_eq!(
        last_item().call(&keys).answer(&mut store.db),
        "[purged 2 1]"
    );
}

#[test]
fn an_entry_of_another_thread_only_leaves_this_one() {
    let mut store = Store::start();
    prepare(&mut store);
    let keys = store.keys.clone();
    let mut purge = last_item();
    purge.entries[0].1 = "-".to_owned();
    assert_eq!(purge.call(&keys).answer(&mut store.db), "[purged 1 1]");
    let left: Vec<Vec<u8>> = store.everything().into_keys().collect();
    assert_eq!(left, [keys.entry("e")]);
}

#[test]
fn a_thread_that_has_more_entries_keeps_the_rest() {
    let mut store = Store::start();
    let keys = store.keys.clone();
    for thread in [keys.thread("t"), keys.thread("u")] {
        store.clear();
        prepare(&mut store);
        store.add(&thread, "more");
        let mut expected = store.everything();
        for id in ["e", "f"] {
            expected.remove(&keys.entry(id));
        }
        let call = last_item().call(&keys);
        assert_eq!(call.answer(&mut store.db), "[more 2]");
        let mut left = store.everything();
        assert_eq!(store.db.zrange(&thread, 0, -1), Ok(vec!["more".to_owned()]));
        for thread in [keys.thread("t"), keys.thread("u")] {
            expected.remove(&thread);
            left.remove(&thread);
        }
        assert_eq!(left, expected);
    }
}

#[test]
fn names_that_lead_to_others_stay() {
    let mut store = Store::start();
    let keys = store.keys.clone();
    for name in [
        keys.token("t"),
        keys.external_id("x"),
        keys.external_id("y"),
        keys.batch_external_id("x"),
        keys.batch_external_id("y"),
    ] {
        store.clear();
        prepare(&mut store);
        store.set(&name, "other");
        let call = last_item().call(&keys);
        assert_eq!(call.answer(&mut store.db), "[purged 2 1]");
        let left: Vec<Vec<u8>> = store.everything().into_keys().collect();
        assert_eq!(left, [name]);
    }
}

#[test]
fn a_key_that_only_has_the_name_of_a_thread_is_left() {
    let mut store = Store::start();
    let keys = store.keys.clone();
    for thread in [keys.thread("t"), keys.thread("u")] {
        store.clear();
        prepare(&mut store);
        store.set(&thread, "an entry");
        let mut purge = last_item();
        let entries = if thread == keys.thread("t") {
            &mut purge.entries
        } else {
            &mut purge.batch_entries
        };
        entries.clear();
        let call = purge.call(&keys);
        assert!(call.answer(&mut store.db).starts_with("[purged "));
        assert_eq!(store.get(&thread).as_deref(), Some("an entry"));
    }
}

#[test]
fn a_key_of_another_type_stops_all_of_it() {
    let mut store = Store::start();
    let keys = store.keys.clone();
    let call = last_item().call(&keys);
    for key in &call.keys {
        store.clear();
        prepare(&mut store);
        del(&mut store, key);
        let () = store.db.rpush(key, "a list").unwrap();
        let before = store.everything();
        let error = call.run(&mut store.db).unwrap_err();
        let what = format!("{}: {error}", String::from_utf8_lossy(key));
        assert!(is_plain_refusal(&error), "{what}");
        assert_eq!(store.everything(), before, "{what}");
    }
}

#[test]
fn without_the_right_to_one_of_its_writes_nothing_is_gone() {
    let mut store = Store::start();
    let keys = store.keys.clone();
    let call = last_item().call(&keys);
    let sets = [
        &indexes(&keys)[..],
        &[keys.thread("t"), keys.thread("u"), keys.batch_items("b")],
    ];
    let mut refused = vec!["-UNLINK".to_owned(), "-ZCARD".to_owned()];
    for set in sets.concat() {
        let others = call.keys.iter().filter(|key| **key != set);
        let patterns: Vec<String> = others
            .map(|key| format!("~{}", String::from_utf8_lossy(key)))
            .collect();
        refused.push(format!("-ZREM (+ZREM {})", patterns.join(" ")));
    }
    for rules in refused {
        store.clear();
        prepare(&mut store);
        let before = store.everything();
        let rules: Vec<String> = rules
            .splitn(2, ' ')
            .map(str::to_owned)
            .chain(["~*".to_owned()])
            .collect();
        let Some(mut user) = store.user(&rules) else {
            continue;
        };
        let error = call.run(&mut user).unwrap_err();
        assert!(is_plain_refusal(&error), "{rules:?}: {error}");
        assert_eq!(store.everything(), before, "{rules:?}");
    }
}
