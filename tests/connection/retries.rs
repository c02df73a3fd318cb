//! How long calls wait for a connection that cannot be had.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use hitl_state_ioredis::Error;
use hitl_state_ioredis::connection::{Outcome, Settings};

use super::support::{Client, Command, Proxy, Server, document, eventually, free_port, settings};
use super::{INCR, PING, ready, with};

#[test]
fn calls_wait_for_a_server_that_starts_later() {
    let server = Server::start(&[]);
    server.kill9();
    let client = Client::new(server.port());
    client.host.retry(|_| Some(Duration::from_millis(50)));
    let replies = [(); 10].map(|()| client.submit(Command::write(INCR)));
    eventually("an attempt has failed", || {
        client.host.attempt.load(SeqCst) > 0
    });
    server.restart();
    for (place, reply) in (1..).zip(replies) {
        assert_eq!(reply.wait(), Ok(Outcome::Count(place)));
    }
}

#[test]
fn a_call_of_which_no_byte_has_left_is_no_resend() {
    let client = Client::new(free_port());
    client
        .host
        .retry(|attempt| (attempt < 3).then_some(Duration::ZERO));
    let call = Command::write(INCR);
    let sendings = call.sendings.clone();
    assert_eq!(
        client.call(call),
        Err(Error::ConnectionClosed { ambiguous: false })
    );
    assert!(sendings.lock().unwrap().is_empty());
}

#[test]
fn an_idle_connection_that_drops_is_opened_again_by_the_next_call_only() {
    let server = Server::start(&[]);
    let proxy = Proxy::start(server.port());
    let client = ready(&proxy);
    proxy.cut();
    // Time in which it could be opened again; a retry is due after 5 ms.
    thread::sleep(Duration::from_millis(50));
    assert_eq!(
        (proxy.connections(), client.host.asked.load(SeqCst)),
        (1, 1)
    );
    assert_eq!(client.call(Command::read(PING)), document("PONG"));
    assert_eq!(
        (proxy.connections(), client.host.asked.load(SeqCst)),
        (2, 2)
    );
}

#[test]
fn used_up_retries_reject_with_the_cause_and_the_next_call_tries_again() {
    let server = Server::start(&[]);
    server.kill9();
    let port = server.port();
    let client = with(Settings {
        max_retries_per_request: Some(2),
        ..settings(port)
    });
    let attempts = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&attempts);
    client.host.retry(move |attempt| {
        counted.store(attempt, SeqCst);
        Some(Duration::from_millis(1))
    });
    let error = client.call(Command::write(INCR)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Reached the max retries per request limit (which is 2). \
         Refer to \"maxRetriesPerRequest\" option for details."
    );
    assert!(!error.ambiguous());
    let cause = error.cause().unwrap();
    assert_eq!(
        cause.to_string(),
        format!("connect ECONNREFUSED 127.0.0.1:{port}")
    );
    assert_eq!(attempts.load(SeqCst), 3);
    server.restart();
    assert_eq!(client.call(Command::write(INCR)), Ok(Outcome::Count(1)));
}

#[test]
fn used_up_retries_are_ambiguous_for_a_write_that_was_on_the_wire() {
    let server = Server::start(&[]);
    let proxy = Proxy::start(server.port());
    let client = ready(&proxy);
    client.host.set(Ok(Settings {
        max_retries_per_request: Some(1),
        ..settings(free_port())
    }));
    proxy.cut_down_after(0);
    let error = client.call(Command::write(INCR)).unwrap_err();
    assert_eq!((error.code(), error.ambiguous()), ("MAX_RETRIES", true));
}

#[test]
fn giving_up_rejects_as_closed_and_the_next_call_tries_anew() {
    let server = Server::start(&[]);
    server.kill9();
    let client = Client::new(server.port());
    client.host.retry(|_| None);
    let replies = [(); 3].map(|()| client.submit(Command::write(INCR)));
    for reply in replies {
        assert_eq!(
            reply.wait(),
            Err(Error::ConnectionClosed { ambiguous: false })
        );
    }
    server.restart();
    assert_eq!(client.call(Command::write(INCR)), Ok(Outcome::Count(1)));
}

#[test]
fn without_an_offline_queue_a_call_waits_for_its_own_attempt_only() {
    let server = Server::start(&[]);
    server.kill9();
    let client = with(Settings {
        enable_offline_queue: false,
        ..settings(server.port())
    });
    assert_eq!(client.call(Command::write(INCR)), Err(Error::Offline));
    server.restart();
    assert_eq!(client.call(Command::write(INCR)), Ok(Outcome::Count(1)));
}

#[test]
fn without_an_offline_queue_calls_on_the_wire_are_sent_again_and_new_ones_are_rejected() {
    let server = Server::start(&[]);
    let proxy = Proxy::start(server.port());
    let client = with(Settings {
        enable_offline_queue: false,
        ..settings(proxy.port())
    });
    client.call(Command::read(PING)).unwrap();
    proxy.cut_down_after(0);
    proxy.refuse(true);
    let on_the_wire = client.submit(Command::write(INCR));
    eventually("retries go on", || client.host.attempt.load(SeqCst) > 1);
    assert_eq!(client.call(Command::write(INCR)), Err(Error::Offline));
    proxy.refuse(false);
    assert_eq!(on_the_wire.wait(), Ok(Outcome::Count(2)));
    assert_eq!(client.call(Command::write(INCR)), Ok(Outcome::Count(3)));
}

#[test]
fn without_an_offline_queue_the_link_outlives_the_last_call_that_waited() {
    let server = Server::start(&[]);
    let proxy = Proxy::start(server.port());
    let client = with(Settings {
        enable_offline_queue: false,
        command_timeout: Some(300),
        max_retries_per_request: None,
        ..settings(proxy.port())
    });
    eventually("a call succeeds", || {
        client.call(Command::read(PING)).is_ok()
    });
    proxy.refuse(true);
    proxy.cut_down_after(0);
    let error = client.call(Command::write(INCR));
    assert_eq!(error, Err(Error::CommandTimedOut { ambiguous: true }));
    proxy.refuse(false);
    eventually("a call succeeds", || {
        client.call(Command::read(PING)).is_ok()
    });
}

#[test]
fn attempts_are_counted_from_the_last_ready_connection() {
    let server = Server::start(&[]);
    let proxy = Proxy::start(server.port());
    let client = Client::new(proxy.port());
    let attempts = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&attempts);
    client.host.retry(move |attempt| {
        log.lock().unwrap().push(attempt);
        Some(Duration::ZERO)
    });
    for _ in 0..3 {
        client.call(Command::read(PING)).unwrap();
        proxy.cut_down_after(0);
        client.call(Command::read(PING)).unwrap();
    }
    assert_eq!(*attempts.lock().unwrap(), [1, 1, 1]);
}
