//! `reconnectOnError`: the client decides what a refusal means for the connection.

use std::sync::atomic::Ordering::SeqCst;

use hitl_state_ioredis::Error;
use hitl_state_ioredis::connection::{Outcome, Reaction, Settings};

use super::support::{Client, Command, FakeServer, Reply, settings};
use super::{INCR, with};

/// Refuses `INCR` on the first connection, and serves it on the others.
fn server() -> FakeServer {
    FakeServer::start(|connection, args| {
        Some(match args[0].as_str() {
            "PING" => b"+PONG\r\n".to_vec(),
            "INCR" if connection == 1 => b"-CUSTOM refusal\r\n".to_vec(),
            _ => b":1\r\n".to_vec(),
        })
    })
}

fn client(server: &FakeServer, reaction: Reaction) -> Client {
    let client = with(Settings {
        reconnect_on_error: true,
        ..settings(server.port())
    });
    client.host.react(move |refusal| {
        assert_eq!(refusal.to_string(), "CUSTOM refusal");
        reaction
    });
    client
}

fn refused() -> Result<Outcome, Error> {
    let (code, text) = ("CUSTOM".to_owned(), "CUSTOM refusal".to_owned());
    Err(Error::Server { code, text })
}

#[test]
fn a_refusal_may_mean_nothing_to_the_connection() {
    let server = server();
    let client = client(&server, Reaction::Stay);
    let replies = [(); 2].map(|()| client.submit(Command::write(INCR)));
    assert_eq!(replies.map(Reply::wait), [refused(), refused()]);
    assert_eq!(client.host.asked.load(SeqCst), 1);
}

#[test]
fn a_refusal_may_call_for_a_new_connection() {
    let server = server();
    let client = client(&server, Reaction::Reconnect);
    assert_eq!(client.call(Command::write(INCR)), refused());
    assert_eq!(client.call(Command::write(INCR)), Ok(Outcome::Count(1)));
    assert_eq!(client.host.asked.load(SeqCst), 2);
}

#[test]
fn a_refused_call_may_be_made_again_on_a_new_connection() {
    let server = server();
    let client = client(&server, Reaction::Resend);
    assert_eq!(client.call(Command::write(INCR)), Ok(Outcome::Count(1)));
    assert_eq!(client.host.asked.load(SeqCst), 2);
}

#[test]
fn a_call_that_is_refused_for_ever_is_not_made_for_ever() {
    let server = FakeServer::start(|_, args| {
        Some(match args[0].as_str() {
            "PING" => b"+PONG\r\n".to_vec(),
            _ => b"-CUSTOM refusal\r\n".to_vec(),
        })
    });
    let client = with(Settings {
        reconnect_on_error: true,
        max_loading_retry_time: 100,
        ..settings(server.port())
    });
    client.host.react(|_| Reaction::Resend);
    assert_eq!(client.call(Command::write(INCR)), refused());
    assert!(server.count("INCR") > 2);
}

#[test]
fn nobody_is_asked_where_the_client_has_no_say() {
    let server = server();
    let client = with(settings(server.port()));
    client.host.react(|_| panic!("asked"));
    assert_eq!(client.call(Command::write(INCR)), refused());
}
