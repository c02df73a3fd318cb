//! What the migrations share: sizes of records, and the ledger of an empty store.

use hitl_state_ioredis::migrations::scripts::{SIZES, STAMP};

use super::Case;
use crate::store::Store;

#[test]
fn sizes_are_those_of_strings() {
    let mut store = Store::start();
    let sizes = Case {
        script: &SIZES,
        keys: &["one", "none", "another", "list", "last"],
        args: &[],
        before: &[
            "one string x",
            "another string xyz",
            "list list a b",
            "last string xx",
        ],
    };
    sizes.changes_nothing(&mut store, "[1 0 3 0 2]");
    sizes.is_refused_without(&mut store, "STRLEN", sizes.before);
}

#[test]
fn an_empty_store_gets_every_entry_at_once() {
    let mut store = Store::start();
    let stamp = Case {
        script: &STAMP,
        keys: &["ledger", "all", "pending"],
        args: &["001", "002"],
        before: &["other string x"],
    };
    stamp.gives(&mut store, "1", &["ledger set 001 002", "other string x"]);
    for before in [&["all set a"][..], &["pending zset a 1"]] {
        Case { before, ..stamp }.changes_nothing(&mut store, "0");
    }
    for command in ["EXISTS", "SADD"] {
        stamp.is_refused_without(&mut store, command, stamp.before);
    }
    stamp.is_refused_for(&mut store, "ledger", stamp.before);
}
