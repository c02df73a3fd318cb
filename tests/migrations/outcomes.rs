//! What a store is afterwards.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use hitl_state_ioredis::connection::{Gate, Outcome};
use hitl_state_ioredis::migrations::SchemaGate;
use hitl_state_ioredis::store::keys::Keys;
use redis::{Commands, cmd};

use super::driver::{Driver, PREFIX, ensure, migrate};
use super::layouts::{
    assert_current, assert_tidy, implied, indexes, key, names, record, refill, store,
};
use super::support::Server;

#[test]
fn an_empty_store_takes_two_round_trips() {
    let server = Server::start(&[]);
    assert_eq!(migrate(server.port()), 2);
    assert_tidy(&server, "empty");
    assert_eq!(
        names(&mut server.connection().unwrap()),
        ["meta:migrations"]
    );
    assert_eq!(migrate(server.port()), 1);
}

#[test]
fn stores_of_every_layout_and_size_become_current() {
    let server = Server::start(&[]);
    for layout in [1, 2] {
        for count in [1, 2, 127, 129, 500, 501, 1_000, 5_000] {
            refill(&server, layout, count);
            let before = implied(&server);
            migrate(server.port());
            assert_current(&server, &format!("{count} in layout {layout}"));
            assert_eq!(implied(&server), before, "no record changes");
        }
    }
}

#[test]
fn a_second_run_writes_nothing() {
    let server = store(1, 300);
    migrate(server.port());
    let mut monitor = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    monitor.write_all(b"MONITOR\r\n").unwrap();
    let mut lines = BufReader::new(monitor).lines().map(Result::unwrap);
    assert_eq!(lines.next().unwrap(), "+OK");
    assert_eq!(migrate(server.port()), 1);
    server.command(&["ECHO", "end"]);
    let commands: Vec<String> = lines
        .map(|line| line.split('"').nth(1).unwrap_or_default().to_owned())
        .take_while(|command| command != "ECHO")
        .filter(|command| command != "CLIENT")
        .collect();
    assert_eq!(commands, ["SMEMBERS"]);
}

#[test]
fn the_gate_opens_with_success_only() {
    let server = store(1, 3);
    let keys = Keys::new(PREFIX.to_vec());
    let gate = SchemaGate::new(keys.into());
    server.command(&["CONFIG", "SET", "maxmemory", "1"]);
    let mut driver = Driver::connect(server.port());
    let refused = driver.finish(gate.opening().as_mut()).unwrap_err();
    assert_eq!(refused.code(), "OOM");
    assert!(!gate.is_open());
    server.command(&["CONFIG", "SET", "maxmemory", "0"]);
    assert_eq!(driver.finish(&mut gate.ensure()), Ok(Outcome::Done));
    assert!(gate.is_open());
}

#[test]
fn unknown_ledger_members_are_left_alone() {
    let server = store(2, 10);
    let mut db = server.connection().unwrap();
    let () = db
        .sadd(key("meta:migrations"), "004-from-the-future")
        .unwrap();
    migrate(server.port());
    let () = db
        .srem(key("meta:migrations"), "004-from-the-future")
        .unwrap();
    assert_current(&server, "with a future entry");
}

#[test]
fn keys_that_are_not_ours_are_not_touched() {
    let server = store(1, 10);
    let mut db = server.connection().unwrap();
    let () = db.set(key("meta:resolve:r:1"), "nonce").unwrap();
    migrate(server.port());
    assert_eq!(db.get(key("meta:resolve:r:1")), Ok("nonce".to_owned()));
    let () = db.del(key("meta:resolve:r:1")).unwrap();
    assert_current(&server, "with a marker");
}

#[test]
fn what_a_crashed_javascript_run_has_deleted_comes_back() {
    let server = Server::start(&[]);
    let sources = ["idx:status:pending", "idx:status:resolved", "idx:all:req"];
    for crashed_at in 0..sources.len() {
        for done in [0, 1, 40, 1_000] {
            refill(&server, 1, 100);
            let sorted = implied(&server);
            let mut db = server.connection().unwrap();
            for (nth, name) in sources.iter().enumerate().take(crashed_at + 1) {
                let () = db.del(key(name)).unwrap();
                let copied = if nth == crashed_at { done } else { usize::MAX };
                for (id, score) in sorted[*name].iter().take(copied) {
                    let () = db.zadd(key(name), id, score).unwrap();
                }
            }
            migrate(server.port());
            assert_current(&server, &format!("{done} of {}", sources[crashed_at]));
        }
    }
}

#[test]
fn any_mixture_of_plain_and_sorted_indexes_becomes_current() {
    let server = Server::start(&[]);
    for mixture in 0..8 {
        refill(&server, 1, 700);
        let sorted = implied(&server);
        let mut db = server.connection().unwrap();
        for (nth, name) in ["idx:status:pending", "idx:status:resolved", "idx:all:req"]
            .iter()
            .enumerate()
        {
            if mixture >> nth & 1 == 1 {
                let () = db.del(key(name)).unwrap();
                for (id, score) in &sorted[*name] {
                    let () = db.zadd(key(name), id, score).unwrap();
                }
            }
        }
        migrate(server.port());
        assert_current(&server, &format!("mixture {mixture:03b}"));
    }
}

#[test]
fn ids_that_only_a_status_index_has_get_into_their_namespace() {
    let server = store(2, 20);
    let mut db = server.connection().unwrap();
    let expected = implied(&server);
    let () = db.zrem(key("idx:all:req"), &["r:3", "r:4", "r:7"]).unwrap();
    migrate(server.port());
    let mut actual = indexes(&server);
    actual.insert("idx:all:req".into(), expected["idx:all:req"].clone());
    assert_eq!(actual, expected);
}

#[test]
fn what_a_javascript_run_has_finished_for_us_is_tidied_up() {
    let server = store(1, 900);
    let mut driver = Driver::connect(server.port());
    let mut abandoned = ensure();
    let mut db = server.connection().unwrap();
    while cmd("EXISTS")
        .arg(key("meta:002-sorted-indexes:old:all"))
        .query(&mut db)
        != Ok(1)
    {
        assert!(driver.advance(&mut abandoned, 1).is_none());
    }
    // An older writer's request, which only the plain set has.
    let id = "late";
    let json = record(id, None, "pending", "2024-02-02T02:02:02.002Z");
    let () = db.set(key("req:late"), json).unwrap();
    let () = db
        .sadd(key("meta:002-sorted-indexes:old:pending"), id)
        .unwrap();
    let () = db
        .sadd(key("meta:migrations"), &["002-sorted-indexes"])
        .unwrap();
    migrate(server.port());
    assert_current(&server, "finished by others");
}
