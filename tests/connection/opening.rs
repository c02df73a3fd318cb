//! How a connection is opened, and what it is opened with.

use std::sync::atomic::Ordering::SeqCst;

use hitl_state_ioredis::connection::{Address, Outcome, Route, Settings};
use redis::Value;

use super::support::{Client, Command, FakeServer, Proxy, Server, document, settings};
use super::{PING, with};

#[test]
fn nothing_is_opened_before_the_first_call() {
    let server = Server::start(&[]);
    let proxy = Proxy::start(server.port());
    let client = Client::new(proxy.port());
    assert_eq!(client.host.asked.load(SeqCst), 0);
    assert_eq!(proxy.connections(), 0);
    assert_eq!(client.call(Command::read(PING)), document("PONG"));
    assert_eq!(client.call(Command::read(PING)), document("PONG"));
    assert_eq!(
        (client.host.asked.load(SeqCst), proxy.connections()),
        (1, 1)
    );
}

#[test]
fn a_unix_socket_serves_as_well() {
    let server = Server::start(&[]);
    let route = Route::Direct(Address::Unix {
        path: server.socket(),
    });
    let client = with(Settings {
        route,
        ..settings(0)
    });
    assert_eq!(client.call(Command::read(PING)), document("PONG"));
}

#[test]
fn a_missing_unix_socket_is_named_as_the_cause() {
    let route = Route::Direct(Address::Unix {
        path: "/nowhere/redis.sock".to_owned(),
    });
    let client = with(Settings {
        route,
        max_retries_per_request: Some(0),
        ..settings(0)
    });
    let error = client.call(Command::read(PING)).unwrap_err();
    let cause = error.cause().expect("a cause");
    assert_eq!(cause.to_string(), "connect ENOENT /nowhere/redis.sock");
}

#[test]
fn the_family_of_the_settings_decides_between_the_addresses_of_a_name() {
    let server = Server::start(&[]);
    let route = |family| {
        Route::Direct(Address::Tcp {
            host: "localhost".to_owned(),
            port: server.port(),
            family,
        })
    };
    let client = with(Settings {
        route: route(4),
        ..settings(0)
    });
    assert_eq!(client.call(Command::read(PING)), document("PONG"));
    let client = with(Settings {
        route: route(6),
        max_retries_per_request: Some(0),
        ..settings(0)
    });
    assert_eq!(
        client.call(Command::read(PING)).unwrap_err().code(),
        "MAX_RETRIES"
    );
}

#[test]
fn a_host_name_that_does_not_resolve_is_named_as_the_cause() {
    let route = Route::Direct(Address::Tcp {
        host: "redis.invalid".to_owned(),
        port: 6379,
        family: 4,
    });
    let client = with(Settings {
        route,
        max_retries_per_request: Some(0),
        ..settings(0)
    });
    let error = client.call(Command::read(PING)).unwrap_err();
    let cause = error.cause().expect("a cause").to_string();
    let texts = [
        "getaddrinfo ENOTFOUND redis.invalid",
        "getaddrinfo EAI_AGAIN redis.invalid",
    ];
    assert!(texts.contains(&cause.as_str()), "{cause}");
}

#[test]
fn the_database_the_name_and_the_library_are_those_of_the_settings() {
    let server = Server::start(&[]);
    let client = with(Settings {
        db: 3,
        connection_name: Some("orders:hitl".to_owned()),
        library_name: Some("ioredis".to_owned()),
        library_version: Some("5.11.1".to_owned()),
        ..settings(server.port())
    });
    client
        .call(Command::write(&["SET", "key", "value"]))
        .unwrap();
    let keyspace: String = redis::from_redis_value(server.command(&["INFO", "keyspace"])).unwrap();
    assert!(
        keyspace.contains("db3:keys=1") && !keyspace.contains("db0"),
        "{keyspace}"
    );
    let name = client.call(Command::read(&["CLIENT", "GETNAME"]));
    assert_eq!(name, document("orders:hitl"));
}

#[test]
fn a_database_that_does_not_exist_rejects_in_the_servers_words() {
    let server = Server::start(&[]);
    let client = with(Settings {
        db: 99,
        ..settings(server.port())
    });
    let error = client
        .call(Command::write(&["SET", "key", "value"]))
        .unwrap_err();
    assert_eq!(error.to_string(), "ERR DB index is out of range");
    assert_eq!(server.command(&["DBSIZE"]), Value::Int(0));
}

#[test]
fn a_server_that_loads_or_has_lost_its_primary_is_waited_for_on_the_same_connection() {
    for refusal in [
        "-LOADING Redis is loading\r\n",
        "-MASTERDOWN Link is down\r\n",
    ] {
        let mut pings = 0;
        let server = FakeServer::start(move |_, args| match args[0].as_str() {
            "PING" => {
                pings += 1;
                let reply = if pings <= 3 { refusal } else { "+PONG\r\n" };
                Some(reply.into())
            }
            _ => Some(b":1\r\n".to_vec()),
        });
        let client = Client::new(server.port());
        assert_eq!(
            client.call(Command::write(&["INCR", "key"])),
            Ok(Outcome::Count(1))
        );
        assert_eq!((server.count("PING"), server.count("INCR")), (4, 1));
        assert_eq!(client.host.asked.load(SeqCst), 1);
    }
}

#[test]
fn a_server_that_accepts_and_keeps_silent_is_given_up() {
    let server = FakeServer::start(|_, _| Some(Vec::new()));
    let client = with(Settings {
        connect_timeout: Some(30),
        max_retries_per_request: Some(1),
        ..settings(server.port())
    });
    let error = client.call(Command::read(PING)).unwrap_err();
    assert_eq!((error.code(), error.ambiguous()), ("MAX_RETRIES", false));
    assert_eq!(error.cause().unwrap().to_string(), "connect ETIMEDOUT");
}

#[test]
fn a_server_that_is_full_is_tried_again() {
    let server = FakeServer::start(|connection, _| match connection {
        1 => Some(b"-ERR max number of clients reached\r\n".to_vec()),
        _ => Some(b"+PONG\r\n".to_vec()),
    });
    let client = Client::new(server.port());
    assert_eq!(client.call(Command::read(PING)), document("PONG"));
    assert_eq!(client.host.attempt.load(SeqCst), 1);
}
