//! `002-sorted-indexes`.

use hitl_state_ioredis::migrations::scripts::{COMPLETE, COPY, FINISH, PROBE, STAGE, SWITCH};

use super::Case;
use crate::store::Store;

/// The ledger of a store that has the migration.
const OVER: &str = "ledger set 001 002";

#[test]
fn a_chunk_is_copied_with_the_scores_that_are_known() {
    let mut store = Store::start();
    let copy = Case {
        script: &COPY,
        keys: &["ledger", "pending", "new:pending", "all"],
        args: &["002", "unfinished", "a", "b", "c"],
        before: &[
            "ledger set 001",
            "pending set a b c d",
            "all zset a 1 c 3 d 4",
        ],
    };
    let after = [
        "ledger set 001 unfinished",
        "pending set a b c d",
        "all zset a 1 c 3 d 4",
        "new:pending zset a 1 c 3",
    ];
    copy.gives(&mut store, "[b]", &after);
    let without_scores = Case {
        before: &["ledger set 001", "pending set a b c d"],
        ..copy
    };
    let begun = ["ledger set 001 unfinished", "pending set a b c d"];
    without_scores.gives(&mut store, "[a b c]", &begun);

    for before in [
        &[OVER, "pending set a", "all zset a 1"][..],
        &[OVER, "pending zset a 1", "all zset a 1"],
    ] {
        Case { before, ..copy }.changes_nothing(&mut store, "applied");
    }
    for before in [
        &["ledger set 001", "pending zset a 1", "all zset a 1"][..],
        &["ledger set 001", "all zset a 1"],
    ] {
        Case { before, ..copy }.changes_nothing(&mut store, "replaced");
    }

    copy.is_refused_without(&mut store, "ZMSCORE", copy.before);
    copy.is_refused_without(&mut store, "SADD", copy.before);
    copy.is_refused_without(&mut store, "ZADD", &after[..3]);
    copy.is_refused_for(&mut store, "all", &copy.before[..2]);
    copy.is_refused_for(&mut store, "new:pending", &after[..3]);
}

#[test]
fn what_has_no_score_is_staged_with_one() {
    let mut store = Store::start();
    let stage = Case {
        script: &STAGE,
        keys: &["ledger", "all", "new:all"],
        args: &["002", "1", "a", "2", "b"],
        before: &["ledger set 001", "all set a b c", "new:all zset c 3"],
    };
    let after = [
        "ledger set 001",
        "all set a b c",
        "new:all zset a 1 b 2 c 3",
    ];
    stage.gives(&mut store, "staged", &after);
    for before in [&[OVER, "all set a b"][..], &[OVER]] {
        Case { before, ..stage }.changes_nothing(&mut store, "applied");
    }
    for before in [&["ledger set 001", "all zset a 1"][..], &["ledger set 001"]] {
        Case { before, ..stage }.changes_nothing(&mut store, "replaced");
    }
    stage.is_refused_without(&mut store, "ZADD", stage.before);
    stage.is_refused_for(&mut store, "new:all", &stage.before[..2]);
}

/// A switch of two indexes, in whose way an earlier plain set is.
const SWITCHING: Case = Case {
    script: &SWITCH,
    keys: &[
        "ledger",
        "pending",
        "new:pending",
        "old:pending",
        "all",
        "new:all",
        "old:all",
    ],
    args: &["002", "0"],
    before: &[
        "ledger set 001",
        "pending set a",
        "new:pending zset a 1",
        "old:pending set x",
        "all set a b",
        "new:all zset a 1 b 2",
    ],
};

#[test]
fn all_plain_sets_are_replaced_at_once() {
    let mut store = Store::start();
    let after = [
        "ledger set 001",
        "pending zset a 1",
        "old:pending set a",
        "all zset a 1 b 2",
        "old:all set a b",
    ];
    SWITCHING.gives(&mut store, "replaced", &after);
    let half = Case {
        before: &[
            "ledger set 001",
            "pending zset x 9",
            "all set a b",
            "new:all zset a 1 b 2",
        ],
        ..SWITCHING
    };
    let after = [
        "ledger set 001",
        "pending zset x 9",
        "all zset a 1 b 2",
        "old:all set a b",
    ];
    half.gives(&mut store, "replaced", &after);
    for before in [
        &["ledger set 001"][..],
        &["ledger set 001", "pending zset x 9"],
    ] {
        Case {
            before,
            ..SWITCHING
        }
        .changes_nothing(&mut store, "replaced");
    }
    let before = &[OVER, "pending set a", "new:pending zset a 1"];
    Case {
        before,
        ..SWITCHING
    }
    .changes_nothing(&mut store, "applied");
}

#[test]
fn nothing_is_replaced_by_what_lacks_too_much() {
    let mut store = Store::start();
    let short = Case {
        before: &["ledger set 001", "all set a b c", "new:all zset a 1"],
        ..SWITCHING
    };
    for tolerance in [&["002", "0"], &["002", "1"]] {
        Case {
            args: tolerance,
            ..short
        }
        .changes_nothing(&mut store, "short");
    }
    let after = ["ledger set 001", "all zset a 1", "old:all set a b c"];
    Case {
        args: &["002", "2"],
        ..short
    }
    .gives(&mut store, "replaced", &after);
    let empty = Case {
        args: &["002", "2"],
        before: &["ledger set 001", "all set a"],
        ..SWITCHING
    };
    empty.changes_nothing(&mut store, "short");
}

#[test]
fn nothing_is_replaced_by_whom_the_server_refuses_a_part_of_it() {
    let mut store = Store::start();
    for command in ["ZCARD", "SREM", "RENAMENX", "UNLINK"] {
        SWITCHING.is_refused_without(&mut store, command, SWITCHING.before);
    }
    SWITCHING.is_refused_for(&mut store, "new:all", &SWITCHING.before[..5]);
}

#[test]
fn what_writers_have_changed_meanwhile_is_found() {
    let mut store = Store::start();
    let probe = Case {
        script: &PROBE,
        keys: &["ledger", "pending", "resolved", "all", "old:pending"],
        args: &[
            "002", "waiting", "decided", "unlisted", "lost", "moved", "unknown",
        ],
        before: &[
            "ledger set 001",
            "pending zset waiting 1 lost 4 moved 5",
            "resolved zset decided 2",
            "all zset waiting 1 decided 2 unlisted 3 moved 5",
            "old:pending set lost waiting",
        ],
    };
    probe.changes_nothing(&mut store, "[unlisted lost moved unknown]");
    let before = &probe.before[..4];
    Case { before, ..probe }.changes_nothing(&mut store, "[unlisted lost unknown]");

    let before = &[OVER, "pending zset lost 4"];
    let over = Case { before, ..probe };
    over.changes_nothing(&mut store, "applied");
    let args = &["", "lost"];
    Case { args, ..over }.changes_nothing(&mut store, "[lost]");

    for command in ["ZMSCORE", "SMISMEMBER"] {
        probe.is_refused_without(&mut store, command, probe.before);
    }
    for (nth, key) in probe.keys.iter().enumerate().skip(1) {
        let others = [&probe.before[..nth], &probe.before[nth + 1..]].concat();
        probe.is_refused_for(&mut store, key, &others);
    }
}

#[test]
fn indexes_are_completed_and_no_decision_is_undone() {
    let mut store = Store::start();
    let complete = Case {
        script: &COMPLETE,
        keys: &["ledger", "pending", "resolved", "all", "old:pending"],
        args: &[
            "002", "new", "7", "pending", "late", "8", "resolved", "moved", "9", "resolved",
            "kept", "9", "resolved", "done", "9", "pending", "odd", "9", "maybe", "listed", "9",
            "pending",
        ],
        before: &[
            "ledger set 001",
            "pending zset moved 1 kept 2 listed 3",
            "resolved zset done 4",
            "all zset moved 1 done 4",
            "old:pending set kept listed",
        ],
    };
    let after = [
        "ledger set 001",
        "pending zset kept 2 listed 3 new 7",
        "resolved zset done 4 late 8 kept 9 moved 9",
        "all zset moved 1 done 4 new 7 late 8 kept 9 listed 9 odd 9",
        "old:pending set kept listed",
    ];
    complete.gives(&mut store, "completed", &after);
    let before = &["ledger set 001", "pending zset moved 1"];
    let args = &["002", "moved", "9", "resolved"];
    let not_switched = Case {
        args,
        before,
        ..complete
    };
    let after = [
        "ledger set 001",
        "pending zset moved 1",
        "resolved zset moved 9",
        "all zset moved 9",
    ];
    not_switched.gives(&mut store, "completed", &after);

    let before = &[OVER];
    let over = Case { before, ..complete };
    over.changes_nothing(&mut store, "applied");
    let args = &["", "new", "7", "pending"];
    let after = [OVER, "pending zset new 7", "all zset new 7"];
    Case { args, ..over }.gives(&mut store, "completed", &after);
}

#[test]
fn completing_ends_with_the_first_refusal() {
    let mut store = Store::start();
    let complete = Case {
        script: &COMPLETE,
        keys: &["ledger", "pending", "resolved", "all", "old:pending"],
        args: &["002", "moved", "1", "resolved", "next", "2", "pending"],
        before: &[
            "ledger set 001",
            "pending zset moved 1",
            "old:pending set x",
        ],
    };
    complete.is_refused_without(&mut store, "ZADD", complete.before);
    complete.is_refused_for(&mut store, "all", complete.before);
    let after = [
        complete.before,
        &["resolved zset moved 1", "all zset moved 1"],
    ]
    .concat();
    complete.is_refused_without(&mut store, "ZREM", &after);
}

#[test]
fn the_end_comes_with_a_tidy_store() {
    let mut store = Store::start();
    let finish = Case {
        script: &FINISH,
        keys: &[
            "ledger",
            "pending",
            "new:pending",
            "old:pending",
            "all",
            "new:all",
            "old:all",
        ],
        args: &["002", "unfinished"],
        before: &[
            "ledger set 001 unfinished",
            "pending zset a 1",
            "old:pending set a",
            "new:all zset a 1",
            "old:all set a",
        ],
    };
    finish.gives(&mut store, "applied", &[OVER, "pending zset a 1"]);
    let before = &[
        "ledger set 001 unfinished",
        "old:pending set a",
        "all set b",
    ];
    Case { before, ..finish }.changes_nothing(&mut store, "plain");

    finish.is_refused_without(&mut store, "SADD", finish.before);
    let entered = "ledger set 001 002 unfinished";
    let after = [&[entered], &finish.before[1..]].concat();
    finish.is_refused_without(&mut store, "UNLINK", &after);
    finish.is_refused_without(&mut store, "SREM", &[entered, "pending zset a 1"]);
}
