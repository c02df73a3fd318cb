//! Many replicas at once, slow ones and fast ones, beside writers of every age.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use hitl_state_ioredis::connection::Outcome;
use redis::{Commands, cmd, pipe};

use super::driver::{Driver, ensure, migrate};
use super::layouts::{
    assert_complete, assert_current, create, key, record, refill, resolve, store, write_some,
};
use super::support::Server;

const COUNT: usize = 760;

#[test]
fn eight_replicas_at_once_come_to_one_result() {
    let server = Server::start(&[]);
    for round in 0..6 {
        let layout = 1 + (round % 2) as u8;
        refill(&server, layout, 5_000);
        thread::scope(|scope| {
            for replica in 0..8 {
                let server = &server;
                scope.spawn(move || {
                    thread::sleep(Duration::from_millis(replica * round % 7));
                    migrate(server.port());
                    // This one is ready, and serves.
                    write_some(server, layout, usize::try_from(replica).unwrap(), 60);
                });
            }
        });
        assert_current(&server, &format!("round {round}"));
    }
}

#[test]
fn a_replica_that_is_late_by_any_number_of_steps_does_no_harm() {
    let server = Server::start(&[]);
    for layout in [1, 2] {
        refill(&server, layout, COUNT);
        for late in 1..migrate(server.port()) {
            refill(&server, layout, COUNT);
            let (mut driver, mut slow) = (Driver::connect(server.port()), ensure());
            assert!(driver.advance(&mut slow, late).is_none());
            migrate(server.port());
            write_some(&server, layout, 0, 400);
            driver.finish(&mut slow).unwrap();
            assert_current(&server, &format!("layout {layout}, late at step {late}"));
        }
    }
}

#[test]
fn two_replicas_in_turns_come_to_one_result() {
    let server = Server::start(&[]);
    for layout in [1, 2] {
        for ahead in 0..24 {
            refill(&server, layout, COUNT);
            let mut drivers = [
                Driver::connect(server.port()),
                Driver::connect(server.port()),
            ];
            let mut runs = [ensure(), ensure()];
            let mut over = [drivers[0].advance(&mut runs[0], ahead).is_some(), false];
            while !over.iter().all(|over| *over) {
                for at in [1, 0] {
                    over[at] = over[at] || drivers[at].advance(&mut runs[at], 1).is_some();
                }
            }
            assert_current(&server, &format!("layout {layout}, {ahead} steps ahead"));
        }
    }
}

#[test]
fn writers_of_the_present_layout_need_not_wait_for_the_third_migration() {
    let server = Server::start(&[]);
    for round in 0..10 {
        refill(&server, 2, 5_000);
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                for batch in 0.. {
                    write_some(&server, 2, batch, 20);
                    if done.load(Ordering::Acquire) {
                        break;
                    }
                }
            });
            thread::sleep(Duration::from_millis(round));
            migrate(server.port());
            done.store(true, Ordering::Release);
        });
        assert_current(&server, &format!("round {round}"));
    }
}

#[test]
fn a_decision_between_any_two_steps_of_the_third_migration_leaves_no_phantom() {
    let server = store(2, COUNT);
    for step in 1..migrate(server.port()) {
        refill(&server, 2, COUNT);
        let (mut driver, mut run) = (Driver::connect(server.port()), ensure());
        assert!(driver.advance(&mut run, step).is_none());
        write_some(&server, 2, step, 300);
        driver.finish(&mut run).unwrap();
        assert_current(&server, &format!("step {step}"));
    }
}

#[test]
fn writers_of_the_present_layout_may_come_as_soon_as_the_indexes_are_sorted() {
    let server = store(1, COUNT);
    let mut db = server.connection().unwrap();
    for step in 1..migrate(server.port()) {
        refill(&server, 1, COUNT);
        let (mut driver, mut run) = (Driver::connect(server.port()), ensure());
        assert!(driver.advance(&mut run, step).is_none());
        if cmd("TYPE").arg(key("idx:all:req")).query(&mut db) == Ok("zset".to_owned()) {
            write_some(&server, 1, step, 300);
        }
        driver.finish(&mut run).unwrap();
        assert_current(&server, &format!("step {step}"));
    }
}

/// What a writer of layout 1 does: one new request, and one decision of an old one.
fn write_plainly(server: &Server, n: usize) {
    let id = format!("old:{n}");
    let decided = format!("r:{}", 3 * n);
    let created = super::layouts::created(3 * n);
    let mut writes = pipe();
    writes
        .set(
            key(&format!("req:{id}")),
            record(&id, None, "pending", "2024-12-01T01:02:03.004Z"),
        )
        .sadd(key("idx:status:pending"), &id)
        .sadd(key("idx:all:req"), &id)
        .set(
            key(&format!("req:{decided}")),
            record(&decided, None, "resolved", &created),
        )
        .srem(key("idx:status:pending"), &decided)
        .sadd(key("idx:status:resolved"), &decided);
    writes.exec(&mut server.connection().unwrap()).unwrap();
}

#[test]
fn what_layout_1_writers_do_until_the_switch_is_kept() {
    let server = store(1, COUNT);
    let mut db = server.connection().unwrap();
    let plain = |db: &mut redis::Connection| {
        cmd("TYPE").arg(key("idx:all:req")).query(db) == Ok("set".to_owned())
    };
    let mut steps = 0;
    for step in 1.. {
        refill(&server, 1, COUNT);
        let (mut driver, mut run) = (Driver::connect(server.port()), ensure());
        assert!(driver.advance(&mut run, step).is_none());
        if !plain(&mut db) {
            break;
        }
        write_plainly(&server, step);
        assert_complete(&server, &format!("after step {step}"));
        driver.finish(&mut run).unwrap();
        assert_current(&server, &format!("step {step}"));
        steps = step;
    }
    assert!(steps > 10, "the switch came after {steps} steps");

    // And all along.
    refill(&server, 1, COUNT);
    let (mut driver, mut run) = (Driver::connect(server.port()), ensure());
    let mut n = 0;
    let result = loop {
        if let Some(result) = driver.advance(&mut run, 1) {
            break result;
        }
        if plain(&mut db) {
            write_plainly(&server, n);
            n += 1;
        }
    };
    assert_eq!(result, Ok(Outcome::Done));
    assert_current(&server, "all along");
}

#[test]
fn an_index_that_a_layout_1_writer_makes_again_is_migrated_again() {
    let server = store(1, COUNT);
    let mut db = server.connection().unwrap();
    // Nothing is resolved at first.
    for step in 1..40 {
        refill(&server, 1, COUNT);
        let resolved: Vec<String> = db.smembers(key("idx:status:resolved")).unwrap();
        for id in &resolved {
            let json: String = db.get(key(&format!("req:{id}"))).unwrap();
            let json = json.replace(r#""status":"resolved""#, r#""status":"pending""#);
            let () = db.set(key(&format!("req:{id}")), json).unwrap();
        }
        let () = db
            .sunionstore(
                key("idx:status:pending"),
                &[key("idx:status:pending"), key("idx:status:resolved")],
            )
            .unwrap();
        let () = db.del(key("idx:status:resolved")).unwrap();
        let (mut driver, mut run) = (Driver::connect(server.port()), ensure());
        assert!(driver.advance(&mut run, step).is_none());
        let is_plain = cmd("TYPE").arg(key("idx:all:req")).query(&mut db) == Ok("set".to_owned());
        if is_plain {
            write_plainly(&server, 2);
        }
        driver.finish(&mut run).unwrap();
        assert_current(&server, &format!("step {step}"));
    }
}

#[test]
fn a_create_that_is_half_way_when_its_chunk_comes_is_completed_by_its_writer() {
    let server = store(2, COUNT);
    let (mut driver, mut run) = (Driver::connect(server.port()), ensure());
    assert!(driver.advance(&mut run, 3).is_none());
    let mut db = server.connection().unwrap();
    let created = "2025-05-05T05:05:05.005Z";
    let mut writes = pipe();
    create(&mut writes, "half", Some("team-a"), created);
    // Only the record and the first index have arrived.
    let score = hitl_state_ioredis::store::date::parse(created).unwrap();
    let () = db
        .set(
            key("req:half"),
            record("half", Some("team-a"), "pending", created),
        )
        .unwrap();
    let () = db.zadd(key("idx:status:pending"), "half", score).unwrap();
    driver.finish(&mut run).unwrap();
    writes.exec(&mut db).unwrap();
    let mut decision = pipe();
    resolve(&mut decision, "half", Some("team-a"));
    decision.exec(&mut db).unwrap();
    assert_current(&server, "half a create");
}
