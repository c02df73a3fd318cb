//! A peer that has gone silent without hanging up: a network that swallows packets.

use std::time::{Duration, Instant};

use hitl_state_ioredis::Error;
use hitl_state_ioredis::connection::{Outcome, Settings};

use super::support::{Command, FakeServer, Proxy, Server, eventually, settings};
use super::{INCR, PING, ready, with};

/// What the documentation promises.
const PROMISE: Duration = Duration::from_secs(5);

#[test]
fn a_peer_that_swallows_a_call_is_left_within_five_seconds() {
    let server = Server::start(&[]);
    let proxy = Proxy::start(server.port());
    let client = ready(&proxy);
    proxy.swallow();
    let began = Instant::now();
    // The swallowed line stays open; only a new connection gets an answer.
    assert_eq!(client.call(Command::write(INCR)), Ok(Outcome::Count(1)));
    assert!(began.elapsed() < PROMISE + Duration::from_secs(1));
    assert_eq!(proxy.connections(), 2);
}

#[test]
fn an_idle_connection_is_asked_for_a_sign_of_life() {
    let server = Server::start(&[]);
    let proxy = Proxy::start(server.port());
    let client = ready(&proxy);
    let before = server.calls_of("ping");
    eventually("a PING comes by itself", || {
        server.calls_of("ping") > before
    });
    proxy.swallow();
    let began = Instant::now();
    eventually("the silent line is closed", || proxy.hung_up() == 1);
    assert!(began.elapsed() < PROMISE + Duration::from_secs(1));
    assert_eq!(client.call(Command::write(INCR)), Ok(Outcome::Count(1)));
}

#[test]
fn the_socket_timeout_of_the_client_comes_first() {
    let server = FakeServer::start(|_, args| match args[0].as_str() {
        "PING" => Some(b"+PONG\r\n".to_vec()),
        // Says nothing, and does not hang up.
        _ => Some(Vec::new()),
    });
    let client = with(Settings {
        socket_timeout: Some(50),
        max_retries_per_request: Some(1),
        ..settings(server.port())
    });
    let error = client.call(Command::write(INCR)).unwrap_err();
    let Error::MaxRetries {
        ambiguous, cause, ..
    } = error
    else {
        panic!("{error:?}");
    };
    assert!(ambiguous);
    assert_eq!(
        cause.expect("a cause").to_string(),
        "Socket timeout. Expecting data, but didn't receive any in 50ms."
    );
    assert_eq!(server.count("INCR"), 2);
}

#[test]
fn a_connection_that_is_used_is_not_asked() {
    let server = Server::start(&[]);
    let client = with(settings(server.port()));
    client.call(Command::read(PING)).unwrap();
    let before = server.calls_of("ping");
    // Longer than an idle connection is left alone.
    let began = Instant::now();
    while began.elapsed() < PROMISE / 2 {
        client.call(Command::write(INCR)).unwrap();
    }
    assert_eq!(server.calls_of("ping"), before);
}
