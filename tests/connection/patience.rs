//! `commandTimeout`: calls that run out of time.

use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};

use hitl_state_ioredis::Error;
use hitl_state_ioredis::connection::Settings;
use redis::Value;

use super::support::{Client, Command, Proxy, Server, eventually, free_port, settings};
use super::{INCR, PING, with};

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
    let once = Value::BulkString(b"1".to_vec());
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
fn only_calls_that_ran_out_of_time_as_ambiguous_are_executed() {
    let server = Server::start(&[]);
    let client = hasty(server.port(), 500);
    server.freeze();
    // More than the sockets' buffers hold, so that the rest stays with us.
    let filler = "x".repeat(256 * 1024);
    let calls: Vec<_> = (0..64)
        .map(|number| {
            let call = Command::write(&["SET", &number.to_string(), &filler]);
            let sendings = call.sendings.clone();
            (client.submit(call), sendings)
        })
        .collect();
    let mut taken_back = 0;
    let sent: Vec<_> = calls
        .into_iter()
        .map(|(call, sendings)| match call.wait() {
            Err(Error::CommandTimedOut { ambiguous }) => {
                taken_back += u32::from(!ambiguous && !sendings.lock().unwrap().is_empty());
                ambiguous
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(
        taken_back > 0,
        "what was written has left, or was given up as if it had"
    );
    server.thaw();
    served(&client);
    for (number, &sent) in sent.iter().enumerate() {
        let exists = server.command(&["EXISTS", &number.to_string()]);
        assert_eq!(exists, Value::Int(i64::from(sent)), "{number}");
    }
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
    let once = Value::BulkString(b"1".to_vec());
    eventually("it has been executed", || {
        server.command(&["GET", "n"]) == once
    });
    proxy.cut();
    proxy.hold_replies(false);
    served(&client);
    assert_eq!(server.command(&["GET", "n"]), once);
    assert_eq!(*sendings.lock().unwrap(), [false]);
}
