//! However a link ends, every call is settled.

use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use hitl_state_ioredis::Error;
use hitl_state_ioredis::connection::{Close, Link, Outcome};

use super::PING;
use super::support::{Client, Command, FakeServer, Server, eventually, free_port};

#[test]
fn a_graceful_close_lets_earlier_calls_finish_and_refuses_later_ones() {
    let server = Server::start(&[]);
    let mut client = Client::new(server.port());
    let earlier: Vec<_> = (0..100)
        .map(|_| client.submit(Command::write(&["INCR", "n"])))
        .collect();
    client.link.close(Close::Graceful);
    let later = client.submit(Command::write(&["INCR", "n"]));
    assert_eq!(
        later.wait(),
        Err(Error::ConnectionClosed { ambiguous: false })
    );
    for (place, reply) in (1..).zip(earlier) {
        assert_eq!(reply.wait(), Ok(Outcome::Count(place)));
    }
    client.join();
}

#[test]
fn a_close_without_any_call_ends_the_task() {
    for how in [Close::Graceful, Close::Now] {
        let mut client = Client::new(1);
        client.link.close(how);
        client.join();
        assert_eq!(client.host.asked.load(SeqCst), 0);
    }
}

#[test]
fn an_immediate_close_rejects_at_once_and_says_what_may_have_happened() {
    let server = Server::start(&[]);
    let mut client = Client::new(server.port());
    client.call(Command::read(PING)).unwrap();
    server.freeze();
    let (write, read) = (Command::write(&["INCR", "n"]), Command::read(PING));
    let sendings = write.sendings.clone();
    let (write, read) = (client.submit(write), client.submit(read));
    eventually("the call is sent", || !sendings.lock().unwrap().is_empty());
    client.link.close(Close::Graceful);
    client.link.close(Close::Now);
    assert_eq!(
        write.wait(),
        Err(Error::ConnectionClosed { ambiguous: true })
    );
    assert_eq!(
        read.wait(),
        Err(Error::ConnectionClosed { ambiguous: false })
    );
    client.join();
    server.thaw();
}

#[test]
fn an_immediate_close_ends_an_attempt_to_connect_and_a_wait_for_the_next() {
    let silent = FakeServer::start(|_, _| Some(Vec::new()));
    let mut client = Client::new(silent.port());
    let reply = client.submit(Command::write(&["INCR", "n"]));
    eventually("the handshake has begun", || silent.count("PING") == 1);
    client.link.close(Close::Now);
    assert_eq!(
        reply.wait(),
        Err(Error::ConnectionClosed { ambiguous: false })
    );
    client.join();

    let mut client = Client::new(free_port());
    client.host.retry(|_| Some(Duration::from_secs(3600)));
    let reply = client.submit(Command::write(&["INCR", "n"]));
    eventually("the first attempt has failed", || {
        client.host.attempt.load(SeqCst) == 1
    });
    client.link.close(Close::Now);
    assert_eq!(
        reply.wait(),
        Err(Error::ConnectionClosed { ambiguous: false })
    );
    client.join();
}

#[test]
fn dropping_every_link_closes_gracefully() {
    let server = Server::start(&[]);
    let mut client = Client::new(server.port());
    let reply = client.submit(Command::write(&["INCR", "n"]));
    let (unused, _task) = Link::new(client.host.clone(), vec![]);
    drop(std::mem::replace(&mut client.link, unused));
    assert_eq!(reply.wait(), Ok(Outcome::Count(1)));
    client.join();
}

#[test]
fn a_task_that_is_dropped_settles_every_call() {
    let server = Server::start(&[]);
    let mut client = Client::new(server.port());
    client.call(Command::read(PING)).unwrap();
    server.freeze();
    let replies: Vec<_> = (0..10)
        .map(|_| client.submit(Command::write(&["INCR", "n"])))
        .collect();
    client.abort();
    for reply in replies {
        assert!(matches!(reply.wait(), Err(Error::ConnectionClosed { .. })));
    }
    client.join();
    let later = client.submit(Command::read(PING));
    assert_eq!(later.wait().unwrap_err().code(), "INTERNAL");
    server.thaw();
}

#[test]
fn a_task_that_panics_settles_every_call() {
    let mut client = Client::new(free_port());
    client.host.retry(|_| panic!("a defect of the host"));
    let replies = [(); 3].map(|()| client.submit(Command::write(&["INCR", "n"])));
    for reply in replies {
        // One that the task had not taken in finds the link closed.
        let error = reply.wait().unwrap_err();
        assert!(
            ["INTERNAL", "CONNECTION_CLOSED"].contains(&error.code()),
            "{error}"
        );
    }
    client.join();
    // The host must not take it for a link that was closed: it has to make another one.
    let later = client.submit(Command::read(PING));
    assert_eq!(later.wait().unwrap_err().code(), "INTERNAL");
}
