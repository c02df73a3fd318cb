//! What becomes of calls that are on the wire when it breaks.

use std::thread;
use std::time::Duration;

use hitl_state_ioredis::Error;
use hitl_state_ioredis::connection::{Outcome, Settings};
use redis::Value;

use super::support::{Client, Command, FakeServer, Proxy, Server, document, settings};
use super::{INCR, PING, ready, with};

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
    assert_eq!(server.command(&["SCARD", "set"]), Value::Int(2000));
}

#[test]
fn only_what_has_left_is_sent_again_as_a_resend() {
    // The first connection takes one command, reads nothing for a while and closes.
    let server = FakeServer::start(|connection, args| {
        if connection == 1 && args[0] == "FILL" {
            thread::sleep(Duration::from_millis(200));
            return None;
        }
        Some(b"+OK\r\n".to_vec())
    });
    let client = Client::new(server.port());
    let filler = "x".repeat(256 * 1024);
    let calls: Vec<_> = (0..64)
        .map(|_| {
            let call = Command::write(&["FILL", &filler]);
            let sendings = call.sendings.clone();
            (client.submit(call), sendings)
        })
        .collect();
    let resends: Vec<_> = calls
        .into_iter()
        .map(|(reply, sendings)| {
            assert_eq!(reply.wait(), Ok(Outcome::Done));
            sendings.lock().unwrap().clone()
        })
        .collect();
    assert_eq!(resends[0], [false, true]);
    assert!(
        resends.contains(&vec![false, false]),
        "written, and no byte has left"
    );
    assert!(resends.is_sorted_by_key(|sendings| sendings.last() == Some(&false)));
}
