//! What a store is afterwards.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use hitl_state_ioredis::connection::{Gate, Outcome};
use hitl_state_ioredis::migrations::SchemaGate;
use hitl_state_ioredis::store::keys::Keys;
use redis::{Commands, cmd};

use super::driver::{Driver, PREFIX, ensure, migrate};
use super::layouts::{
    assert_current, assert_tidy, fill, implied, indexes, key, names, record, refill, store,
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

/// A store with something wrong in every way, beside ten sound requests.
fn fill_with_dirt(server: &Server, layout: u8) {
    fill(server, layout, 10);
    let mut db = server.connection().unwrap();
    let mut list = |status: &str, id: &str, json: Option<&str>| {
        for index in [format!("idx:status:{status}"), "idx:all:req".into()] {
            let () = match layout {
                1 => db.sadd(key(&index), id).unwrap(),
                _ => db.zadd(key(&index), id, 7).unwrap(),
            };
        }
        if let Some(json) = json {
            let () = db.set(key(&format!("req:{id}")), json).unwrap();
        }
    };
    let day = "2024-05-05T00:00:00.000Z";
    list("pending", "missing", None);
    list("resolved", "empty", Some(""));
    list("pending", "cut", Some(r#"{"id":"cut","status":"pend"#));
    list("pending", "array", Some("[]"));
    list(
        "pending",
        "undated",
        Some(r#"{"id":"undated","status":"pending"}"#),
    );
    list(
        "pending",
        "misdated",
        Some(&record("misdated", Some("x"), "pending", "tomorrow")),
    );
    list(
        "pending",
        "null",
        Some(r#"{"namespace":null,"status":"pending","createdAt":"2024-05-05"}"#),
    );
    list(
        "pending",
        "colon",
        Some(&record("colon", Some("a:status:pending"), "pending", day)),
    );
    list(
        "pending",
        "number",
        Some(r#"{"namespace":5,"status":"pending","createdAt":"2024-05-05"}"#),
    );
    list(
        "pending",
        "decided",
        Some(&record("decided", None, "resolved", day)),
    );
    list(
        "resolved",
        "undone",
        Some(&record("undone", None, "pending", day)),
    );
    list(
        "pending",
        "strange",
        Some(&record("strange", None, "maybe", day)),
    );
    list(
        "pending",
        "\u{0}\r\n*{}",
        Some(&record("nul", None, "pending", day)),
    );
    list(
        "pending",
        "large",
        Some(&record(&"x".repeat(3 << 20), None, "pending", day)),
    );
    list("pending", "hash", None);
    let () = db.hset(key("req:hash"), "a", "b").unwrap();
}

#[test]
fn dirty_records_stop_nothing() {
    const MAY_5: i64 = 1_714_867_200_000;
    let server = Server::start(&[]);
    for layout in [1, 2] {
        refill(&server, layout, 0);
        fill_with_dirt(&server, layout);
        migrate(server.port());
        assert_tidy(&server, "dirty");
        let indexes = indexes(&server);
        let of = |index: &str| -> Vec<(&str, i64)> {
            let entries = indexes[index].iter();
            let named = entries.map(|(id, score)| (str::from_utf8(id).unwrap(), *score));
            named.filter(|(id, _)| !id.starts_with("r:")).collect()
        };
        let score = |dated| if layout == 1 { dated } else { 7 };
        let old = |(id, dated)| (id, score(dated));
        assert_eq!(
            of("idx:status:pending"),
            [
                ("\u{0}\r\n*{}", MAY_5),
                ("array", 0),
                ("colon", MAY_5),
                ("cut", 0),
                ("decided", MAY_5),
                ("hash", 0),
                ("large", MAY_5),
                ("misdated", 0),
                ("missing", 0),
                ("null", MAY_5),
                ("number", MAY_5),
                ("strange", MAY_5),
                ("undated", 0),
            ]
            .map(old)
        );
        assert_eq!(
            of("idx:status:resolved"),
            [("empty", 0), ("undone", MAY_5)].map(old)
        );
        assert_eq!(of("idx:all:req").len(), 15);
        assert_eq!(
            of("idx:ns:global"),
            [
                ("\u{0}\r\n*{}", MAY_5),
                ("decided", MAY_5),
                ("large", MAY_5),
                ("null", MAY_5),
                ("strange", MAY_5),
                ("undated", 0),
                ("undone", MAY_5),
            ]
        );
        assert_eq!(
            of("idx:ns:global:status:pending"),
            [
                ("\u{0}\r\n*{}", MAY_5),
                ("large", MAY_5),
                ("null", MAY_5),
                ("strange", MAY_5),
                ("undated", 0)
            ]
        );
        assert_eq!(
            of("idx:ns:global:status:resolved"),
            [("decided", MAY_5), ("undone", MAY_5)]
        );
        assert_eq!(of("idx:ns:x"), [("misdated", 0)]);
        assert_eq!(
            indexes
                .keys()
                .filter(|name| name.contains("idx:ns:a"))
                .count(),
            0
        );
    }
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
