//! Pages of an index, from positions that it has and from those that it has no more.

use hitl_state_ioredis::store::keys::Keys;
use hitl_state_ioredis::store::scripts::PAGE;
use redis::Commands;

use crate::store::{Call, Store, is_plain_refusal};

/// Two entries without a twin, and between them five with one score. Byte order is not that of letters.
const ENTRIES: [(&str, i64); 7] = [
    ("m", 1),
    ("B", 2),
    ("a", 2),
    ("ab", 2),
    ("b", 2),
    ("\u{e4}", 2),
    ("c", 3),
];

fn page(keys: &Keys, order: &str, count: usize, from: Option<(&str, &str)>) -> Call {
    let count = count.to_string();
    let (id, score) = from.unwrap_or_default();
    let starts = if from.is_some() { "1" } else { "0" };
    let args = [order, &count, starts, id, score, ""].map(str::as_bytes);
    Call::new(&PAGE, vec![keys.all()], &args)
}

/// The entries behind a position, as a page shows them.
fn shown<'a>(entries: impl Iterator<Item = &'a (&'a str, i64)>, count: usize) -> String {
    let entries: Vec<String> = entries
        .take(count)
        .map(|(id, score)| format!("{id} {score}"))
        .collect();
    format!("[[{}] []]", entries.join(" "))
}

fn filled() -> Store {
    let mut store = Store::start();
    let all = store.keys.all();
    for (id, score) in ENTRIES {
        let () = store.db.zadd(&all, id, score).unwrap();
    }
    store
}

#[test]
fn a_page_goes_on_behind_every_entry() {
    let mut store = filled();
    let keys = store.keys.clone();
    for count in [1, 3, 10] {
        for order in ["newest", "oldest"] {
            let mut entries = ENTRIES;
            if order == "newest" {
                entries.reverse();
            }
            let first = page(&keys, order, count, None).answer(&mut store.db);
            assert_eq!(first, shown(entries.iter(), count), "{order}");
            for (nth, (id, _)) in entries.iter().enumerate() {
                let call = page(&keys, order, count, Some((id, "")));
                let expected = shown(entries[nth + 1..].iter(), count);
                assert_eq!(call.answer(&mut store.db), expected, "{order} {id}");
            }
        }
    }
}

#[test]
fn a_page_goes_on_where_an_entry_was() {
    let mut store = filled();
    let keys = store.keys.clone();
    for order in ["newest", "oldest"] {
        for id in ["", "A", "B0", "Z", "aa", "abc", "az", "bb", "z", "\u{e9}"] {
            for score in 0..5 {
                let is_behind = |entry: &&(&str, i64)| {
                    let (one, other) = ((entry.1, entry.0), (score, id));
                    if order == "newest" {
                        one < other
                    } else {
                        one > other
                    }
                };
                let mut entries: Vec<_> = ENTRIES.iter().filter(is_behind).collect();
                if order == "newest" {
                    entries.reverse();
                }
                let call = page(&keys, order, 10, Some((id, &score.to_string())));
                let answer = call.answer(&mut store.db);
                let expected = shown(entries.into_iter(), 10);
                assert_eq!(answer, expected, "{order} {id} {score}");
            }
        }
    }
}

#[test]
fn a_position_that_the_index_never_had_needs_a_score() {
    let mut store = filled();
    let call = page(&store.keys, "newest", 10, Some(("gone", "")));
    assert_eq!(call.answer(&mut store.db), "position");
}

#[test]
fn a_list_has_no_pages() {
    let mut store = Store::start();
    let () = store.db.rpush(store.keys.all(), "a list").unwrap();
    for from in [None, Some(("a", "1"))] {
        let call = page(&store.keys, "newest", 10, from);
        let error = call.run(&mut store.db).unwrap_err();
        assert!(is_plain_refusal(&error), "{error}");
    }
}

#[test]
fn a_page_comes_with_the_sizes_of_its_records() {
    let mut store = filled();
    let keys = store.keys.clone();
    store.set(&keys.request("m"), "four");
    let () = store.db.rpush(keys.request("B"), "a list").unwrap();
    let args = ["oldest", "3", "0", "", "", "p:req:"].map(str::as_bytes);
    let call = Call::new(&PAGE, vec![keys.all()], &args);
    assert_eq!(call.answer(&mut store.db), "[[m 1 B 2 a 2] [4 0 0]]");
}
