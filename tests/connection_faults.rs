//! What becomes of calls when the line or the server fails.

mod support;

use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::SeqCst;
use std::thread;
use std::time::{Duration, Instant};

use hitl_state_ioredis::Error;
use hitl_state_ioredis::connection::{Outcome, Settings};
use support::{
    Client, Command, FakeServer, Proxy, Server, TestHost, document, eventually, free_port, settings,
};

const PING: &[&str] = &["PING"];
const INCR: &[&str] = &["INCR", "n"];

fn with(settings: Settings) -> Client {
    Client::with(TestHost::new(settings), Vec::new())
}

/// A client whose connection through the proxy is ready.
fn ready(proxy: &Proxy) -> Client {
    let client = Client::new(proxy.port());
    client.call(Command::read(PING)).unwrap();
    client
}

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
fn a_cut_at_any_byte_of_the_commands_loses_nothing_and_keeps_the_order() {
    let server = Server::start(&[]);
    let proxy = Proxy::start(server.port());
    let length = "*3\r\n$5\r\nRPUSH\r\n$1\r\nl\r\n$1\r\n0\r\n".len() as u64;
    for cut in 0..=3 * length {
        server.command(&["DEL", "l"]);
        let client = ready(&proxy);
        proxy.cut_up_after(cut);
        let calls = ["0", "1", "2"].map(|item| {
            let call = Command::write(&["RPUSH", "l", item]);
            let sendings = call.sendings.clone();
            (client.submit(call), sendings)
        });
        for (reply, sendings) in calls {
            // A push is counted twice where it was executed and its reply was lost; the
            // connection says so by `resend`.
            let sendings = sendings.lock().unwrap().clone();
            assert!(reply.wait().is_ok());
            assert!(
                !sendings.first().unwrap_or(&false),
                "the first sending is no resend"
            );
        }
        let list = server.command(&["LRANGE", "l", "0", "-1"]);
        let list: Vec<String> = redis::from_redis_value(list).unwrap();
        // What was executed before the cut is a beginning; what follows is all that was not
        // answered by then, in order.
        let executed = usize::try_from(cut / length).unwrap();
        let whole = ["0", "1", "2"];
        let explained = (0..=executed)
            .any(|answered| list == [&whole[..executed], &whole[answered..]].concat());
        assert!(explained, "cut at {cut}: {list:?}");
    }
}

#[test]
fn a_cut_at_any_byte_of_the_replies_gives_each_call_one_verdict() {
    let server = Server::start(&[]);
    let proxy = Proxy::start(server.port());
    let length = "$5\r\nhello\r\n".len() as u64;
    server.command(&["SET", "key", "hello"]);
    for cut in 0..=3 * length {
        let client = ready(&proxy);
        proxy.cut_down_after(cut);
        let replies = [(); 3].map(|()| client.submit(Command::read(&["GET", "key"])));
        for reply in replies {
            assert_eq!(reply.wait(), document("hello"), "cut at {cut}");
        }
    }
}

#[test]
fn a_call_that_was_executed_and_not_answered_is_sent_again_as_a_resend() {
    let server = Server::start(&[]);
    let proxy = Proxy::start(server.port());
    let client = ready(&proxy);
    // The reply `:1\r\n` is received but for its last byte.
    proxy.cut_down_after(3);
    let call = Command::write(INCR);
    let sendings = call.sendings.clone();
    assert_eq!(client.call(call), Ok(Outcome::Count(2)));
    assert_eq!(*sendings.lock().unwrap(), [false, true]);
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
fn without_resending_a_call_on_the_wire_is_rejected_as_ambiguous() {
    let server = Server::start(&[]);
    let proxy = Proxy::start(server.port());
    let client = with(Settings {
        auto_resend_unfulfilled_commands: false,
        ..settings(proxy.port())
    });
    client.call(Command::read(PING)).unwrap();
    proxy.cut_down_after(0);
    let (write, read) = (
        client.submit(Command::write(INCR)),
        client.submit(Command::read(PING)),
    );
    assert_eq!(
        write.wait(),
        Err(Error::ConnectionClosed { ambiguous: true })
    );
    // The read may have been made after the cut, and then it is not lost.
    let read = read.wait();
    let lost = Err(Error::ConnectionClosed { ambiguous: false });
    assert!(read == lost || read == document("PONG"), "{read:?}");
    assert_eq!(client.call(Command::write(INCR)), Ok(Outcome::Count(2)));
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
fn a_call_that_breaks_every_connection_is_given_up() {
    let server = FakeServer::start(|_, args| match args[0].as_str() {
        "PING" => Some(b"+PONG\r\n".to_vec()),
        _ => Some(b"?garbage\r\n".to_vec()),
    });
    let client = with(Settings {
        max_retries_per_request: Some(3),
        ..settings(server.port())
    });
    let error = client.call(Command::write(INCR)).unwrap_err();
    assert_eq!((error.code(), error.ambiguous()), ("MAX_RETRIES", true));
    assert_eq!(error.cause().unwrap().code(), "EPROTO");
    assert_eq!(server.count("INCR"), 4);
}

#[test]
fn a_malformed_reply_breaks_the_connection_and_no_other_call() {
    let server = FakeServer::start(|connection, args| match (connection, args[0].as_str()) {
        (_, "PING") => Some(b"+PONG\r\n".to_vec()),
        (1, _) => Some(b"$x\r\n".to_vec()),
        (_, _) => Some(b":7\r\n".to_vec()),
    });
    let client = Client::new(server.port());
    let replies = [(); 3].map(|()| client.submit(Command::write(INCR)));
    for reply in replies {
        assert_eq!(reply.wait(), Ok(Outcome::Count(7)));
    }
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

/// A client whose calls have this time, and whose connection is ready.
fn hasty(port: u16, command_timeout: u64) -> Client {
    let client = with(Settings {
        command_timeout: Some(command_timeout),
        ..settings(port)
    });
    served(&client);
    client
}

/// Waits until a call succeeds; on a busy machine the first ones may run out of time.
fn served(client: &Client) {
    eventually("a call succeeds", || {
        client.call(Command::read(PING)).is_ok()
    });
}

#[test]
fn a_call_runs_out_of_time_and_its_late_reply_reaches_nobody() {
    let server = Server::start(&[]);
    let client = hasty(server.port(), 100);
    server.freeze();
    let began = Instant::now();
    let write = client.submit(Command::write(INCR));
    let read = client.submit(Command::read(PING));
    assert_eq!(
        write.wait(),
        Err(Error::CommandTimedOut { ambiguous: true })
    );
    assert_eq!(
        read.wait(),
        Err(Error::CommandTimedOut { ambiguous: false })
    );
    assert!(began.elapsed() >= Duration::from_millis(100));
    server.thaw();
    served(&client);
    let once = redis::Value::BulkString(b"1".to_vec());
    assert_eq!(server.command(&["GET", "n"]), once);
    assert_eq!(client.host.asked.load(SeqCst), 1, "on the same connection");
}

#[test]
fn the_wait_for_a_connection_counts_against_the_time_of_a_call() {
    let client = with(Settings {
        command_timeout: Some(50),
        max_retries_per_request: None,
        ..settings(free_port())
    });
    let error = client.call(Command::write(INCR));
    assert_eq!(error, Err(Error::CommandTimedOut { ambiguous: false }));
}

#[test]
fn a_call_that_ran_out_of_time_before_any_byte_left_is_never_executed() {
    let server = Server::start(&[]);
    let client = hasty(server.port(), 300);
    server.freeze();
    // More than the sockets' buffers hold, so that the rest stays with us.
    let filler = "x".repeat(16 * 1024 * 1024);
    let stuck = client.submit(Command::write(&["SET", "filler", &filler]));
    let unsent = client.submit(Command::write(INCR));
    assert_eq!(
        stuck.wait(),
        Err(Error::CommandTimedOut { ambiguous: true })
    );
    assert_eq!(
        unsent.wait(),
        Err(Error::CommandTimedOut { ambiguous: false })
    );
    server.thaw();
    served(&client);
    let length = server.command(&["STRLEN", "filler"]);
    assert_eq!(length, redis::Value::Int(16 * 1024 * 1024));
    assert_eq!(server.command(&["GET", "n"]), redis::Value::Nil);
}

#[test]
fn a_call_that_ran_out_of_time_is_not_sent_again() {
    let server = Server::start(&[]);
    let proxy = Proxy::start(server.port());
    let client = hasty(proxy.port(), 100);
    proxy.hold_replies(true);
    let call = Command::write(INCR);
    let sendings = call.sendings.clone();
    assert_eq!(
        client.call(call),
        Err(Error::CommandTimedOut { ambiguous: true })
    );
    let once = redis::Value::BulkString(b"1".to_vec());
    eventually("it has been executed", || {
        server.command(&["GET", "n"]) == once
    });
    proxy.cut();
    proxy.hold_replies(false);
    served(&client);
    assert_eq!(server.command(&["GET", "n"]), once);
    assert_eq!(*sendings.lock().unwrap(), [false]);
}

#[test]
fn the_kill_of_a_server_under_load_loses_no_acknowledged_write_and_settles_all() {
    let server = Server::start(&["--appendonly", "yes", "--appendfsync", "always"]);
    let client = Client::new(server.port());
    let replies: Vec<_> = (0..2000)
        .map(|number: u32| {
            if number == 1000 {
                server.kill9();
            }
            client.submit(Command::write(&["SADD", "set", &number.to_string()]))
        })
        .collect();
    server.restart();
    for reply in replies {
        reply.wait().unwrap();
    }
    assert_eq!(server.command(&["SCARD", "set"]), redis::Value::Int(2000));
}
