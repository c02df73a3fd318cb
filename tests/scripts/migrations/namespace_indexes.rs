//! `003-namespace-indexes`.

use hitl_state_ioredis::migrations::scripts::{INDEX, STRAYS};

use super::Case;
use crate::store::Store;

/// The ledger of a store that has the migration.
const OVER: &str = "ledger set 002 003";

const INDEXING: Case = Case {
    script: &INDEX,
    keys: &[
        "ledger",
        "all",
        "pending",
        "resolved",
        "x",
        "x:pending",
        "x:resolved",
        "y",
        "y:pending",
        "y:resolved",
    ],
    args: &[
        "003", "", "decided", "1", "0", "pending", "said", "2", "1", "resolved", "waiting", "3",
        "0", "maybe", "unlisted", "4", "1", "pending", "strange", "5", "1", "",
    ],
    before: &[
        "ledger set 002",
        "pending zset said 2 waiting 3",
        "resolved zset decided 1",
        "x:pending zset decided 1 other 9",
    ],
};

#[test]
fn requests_are_entered_as_what_they_are_by_now() {
    let mut store = Store::start();
    let entered = [
        "pending zset said 2 waiting 3",
        "resolved zset decided 1",
        "x zset decided 1 waiting 3",
        "x:pending zset waiting 3 other 9",
        "x:resolved zset decided 1",
        "y zset said 2 unlisted 4 strange 5",
        "y:pending zset unlisted 4",
        "y:resolved zset said 2",
    ];
    let after = [&["ledger set 002"], &entered[..]].concat();
    INDEXING.gives(&mut store, "indexed", &after);
    let before = &[OVER, "pending zset waiting 3"];
    Case { before, ..INDEXING }.changes_nothing(&mut store, "applied");
}

#[test]
fn the_last_chunk_ends_the_migration_unless_something_is_behind_it() {
    let mut store = Store::start();
    let last = Case {
        args: &["003", "2"],
        before: &["ledger set 002", "all zset a 1 b 2"],
        ..INDEXING
    };
    let after = [OVER, "all zset a 1 b 2"];
    last.gives(&mut store, "applied", &after);
    for args in [&["003", ""], &["003", "1"]] {
        Case { args, ..last }.changes_nothing(&mut store, "indexed");
    }
    last.is_refused_without(&mut store, "SADD", last.before);
}

#[test]
fn indexing_ends_with_the_first_refusal() {
    let mut store = Store::start();
    for command in ["ZMSCORE", "ZADD"] {
        INDEXING.is_refused_without(&mut store, command, INDEXING.before);
    }
    let one = Case {
        args: &["003", "0", "a", "1", "0", "resolved"],
        before: &["ledger set 002"],
        ..INDEXING
    };
    for key in ["pending", "resolved", "x"] {
        one.is_refused_for(&mut store, key, one.before);
    }
    let entered = ["ledger set 002", "x zset a 1", "x:resolved zset a 1"];
    one.is_refused_for(&mut store, "x:pending", &entered);
    one.is_refused_without(&mut store, "ZREM", &entered);
}

#[test]
fn strays_are_those_that_are_not_among_all() {
    let mut store = Store::start();
    let strays = Case {
        script: &STRAYS,
        keys: &["ledger", "all"],
        args: &["003", "a", "b", "c"],
        before: &["ledger set 002", "all zset b 2"],
    };
    strays.changes_nothing(&mut store, "[a c]");
    let before = &[OVER, "all zset b 2"];
    Case { before, ..strays }.changes_nothing(&mut store, "applied");
    strays.is_refused_without(&mut store, "ZMSCORE", strays.before);
    strays.is_refused_for(&mut store, "all", &strays.before[..1]);
}
