//! Servers that refuse a command: nothing is ever smaller than it was.

use hitl_state_ioredis::Error;
use redis::{Commands, Value};

use super::driver::{Driver, ensure, migrate};
use super::layouts::{assert_complete, assert_current, implied, key, refill, store};
use super::support::Server;

const COUNT: usize = 760;

#[test]
fn a_full_server_loses_nothing_at_any_step() {
    let server = Server::start(&[]);
    for layout in [1, 2] {
        refill(&server, layout, COUNT);
        for step in 0..migrate(server.port()) {
            refill(&server, layout, COUNT);
            let (mut driver, mut run) = (Driver::connect(server.port()), ensure());
            assert!(driver.advance(&mut run, step).is_none());
            server.command(&["CONFIG", "SET", "maxmemory", "1"]);
            let refused = driver.finish(&mut run).unwrap_err();
            assert_eq!(refused.code(), "OOM", "{refused}");
            let what = format!("layout {layout}, step {step}");
            assert_complete(&server, &what);
            server.command(&["CONFIG", "SET", "maxmemory", "0"]);
            migrate(server.port());
            assert_current(&server, &what);
        }
    }
}

#[test]
fn a_forbidden_command_loses_nothing() {
    let server = Server::start(&[]);
    let commands = [
        "smembers",
        "eval",
        "sismember",
        "type",
        "sscan",
        "zscan",
        "strlen",
        "mget",
        "zadd",
        "zcard",
        "scard",
        "renamenx",
        "unlink",
        "zmscore",
        "sadd",
        "zrange",
        "zrem",
        "srem",
        "smismember",
        "zscore",
        "exists",
    ];
    for command in commands {
        for layout in [1, 2] {
            refill(&server, layout, COUNT);
            let denied = format!("-{command}");
            server.command(&[
                "ACL", "SETUSER", "app", "reset", "on", "nopass", "~*", "&*", "+@all", &denied,
            ]);
            let mut driver = Driver::connect(server.port());
            driver.command(&[b"AUTH", b"app", b"-"]);
            let what = format!("layout {layout} without {command}");
            match driver.finish(&mut ensure()) {
                Err(Error::Server { code, text }) => {
                    assert!(code == "NOPERM" || code == "ERR", "{what}: {text}");
                    let refused =
                        text.contains("permission") || text.contains("can't run this command");
                    assert!(refused, "{what}: {text}");
                }
                other => assert!(other.is_ok(), "{what}: {other:?}"),
            }
            assert_complete(&server, &what);
            migrate(server.port());
            assert_current(&server, &what);
        }
    }
}

#[test]
fn an_index_of_another_type_is_refused_in_the_words_of_the_server() {
    let server = store(1, 50);
    let mut db = server.connection().unwrap();
    for name in [
        "idx:status:pending",
        "idx:status:resolved",
        "idx:all:req",
        "meta:migrations",
        "meta:002-sorted-indexes:new:all",
        "meta:002-sorted-indexes:old:pending",
    ] {
        refill(&server, 1, 50);
        let expected = implied(&server);
        let () = db.set(key(name), "a string").unwrap();
        match Driver::connect(server.port()).finish(&mut ensure()) {
            Err(Error::Server { code, text }) => {
                assert_eq!(code, "WRONGTYPE", "{name}: {text}");
                assert!(
                    text.starts_with("WRONGTYPE Operation against a key"),
                    "{text}"
                );
                assert!(
                    name == "meta:migrations" || text.ends_with("(migration 002-sorted-indexes)"),
                    "{text}"
                );
                assert!(!text.contains("script"), "{text}");
            }
            // What is in the way of a plain set that goes is swept away with it.
            other => assert!(name.contains(":old:") && other.is_ok(), "{name}: {other:?}"),
        }
        if !name.contains(":old:") {
            for source in ["idx:status:pending", "idx:status:resolved", "idx:all:req"] {
                if source != name {
                    let members: Vec<Vec<u8>> = db.smembers(key(source)).unwrap();
                    assert_eq!(members.len(), expected[source].len(), "{name}: {source}");
                }
            }
        }
    }
}

#[test]
fn a_namespace_index_of_another_type_is_refused_and_can_be_mended() {
    let server = store(2, 50);
    let mut db = server.connection().unwrap();
    let () = db.set(key("idx:ns:team-a"), "a string").unwrap();
    let refused = Driver::connect(server.port())
        .finish(&mut ensure())
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "WRONGTYPE Operation against a key holding the wrong kind of value (migration 003-namespace-indexes)"
    );
    let () = db.del(key("idx:ns:team-a")).unwrap();
    migrate(server.port());
    assert_current(&server, "mended");
}

#[test]
fn a_replica_server_says_that_it_is_read_only() {
    let server = store(1, 50);
    server.command(&["CONFIG", "SET", "replica-read-only", "yes"]);
    assert_eq!(
        server.command(&["REPLICAOF", "127.0.0.1", "1"]),
        Value::Okay
    );
    let refused = Driver::connect(server.port())
        .finish(&mut ensure())
        .unwrap_err();
    assert_eq!(refused.code(), "READONLY", "{refused}");
    server.command(&["REPLICAOF", "NO", "ONE"]);
    assert_complete(&server, "read-only");
    migrate(server.port());
    assert_current(&server, "read-only");
}
