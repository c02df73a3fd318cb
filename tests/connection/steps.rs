//! Operations of several steps.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;
use std::thread;
use std::time::Duration;

use hitl_state_ioredis::connection::Outcome;
use redis::Value;

use super::support::{
    Client, Command, FakeServer, Next, Server, Steps, document, eventually, outcome,
};

#[test]
fn a_read_goes_on_with_its_next_step_and_others_flow() {
    let server = Server::start(&[]);
    server.command(&["SET", "pointer", "target"]);
    server.command(&["SET", "target", "found"]);
    let client = Client::new(server.port());
    let find = Steps::new(Command::read(&["GET", "pointer"]), {
        let mut step = 0;
        move |reply| {
            step += 1;
            match step {
                1 => Next::Continue(&["GET", "target"]),
                _ => Next::Over(outcome(reply)),
            }
        }
    });
    let found = client.submit(find);
    let behind = client.submit(Command::write(&["SET", "target", "later"]));
    assert_eq!(behind.wait(), Ok(Outcome::Done));
    assert!([document("found"), document("later")].contains(&found.wait()));
}

#[test]
fn reads_on_the_wire_behind_a_write_that_holds_are_made_anew_and_see_its_result() {
    let server = Server::start(&[]);
    server.kill9();
    let client = Client::new(server.port());
    let held = Steps::new(Command::write(&["GET", "key"]), |reply| match reply {
        Value::Nil => Next::Hold(&["SET", "key", "written"]),
        reply => Next::Over(outcome(reply)),
    });
    let held = client.submit(held);
    let read = Command::read(&["GET", "key"]);
    let sendings = read.sendings.clone();
    let read = client.submit(read);
    let write = client.submit(Command::write(&["APPEND", "other", "!"]));
    let last = client.submit(Command::read(&["GET", "key"]));
    // All of them leave in one write.
    server.restart();
    assert_eq!(
        (held.wait(), write.wait()),
        (Ok(Outcome::Done), Ok(Outcome::Count(1)))
    );
    assert_eq!(
        (read.wait(), last.wait()),
        (document("written"), document("written"))
    );
    assert_eq!(*sendings.lock().unwrap(), [false, true]);
    assert_eq!(server.calls_of("append"), 1, "a write keeps its verdict");
}

/// A write that begins with FIRST and holds for each of these commands.
fn held(steps: &'static [&'static [&'static str]]) -> Steps {
    let mut steps = steps.iter();
    Steps::new(Command::write(&["FIRST"]), move |reply| {
        match steps.next() {
            Some(step) => Next::Hold(step),
            None => Next::Over(outcome(reply)),
        }
    })
}

#[test]
fn nothing_passes_a_write_that_holds() {
    // Answers SLOW only when told so: what arrives meanwhile is what has passed.
    let server = FakeServer::start(|_, args| match args[0].as_str() {
        "PING" => Some(b"+PONG\r\n".to_vec()),
        "THIRD" => Some(b"+OK\r\n".to_vec()),
        "SECOND" => {
            thread::sleep(Duration::from_millis(30));
            Some(b"+OK\r\n".to_vec())
        }
        _ => Some(b":1\r\n".to_vec()),
    });
    let client = Client::new(server.port());
    let held = client.submit(held(&[&["SECOND"], &["THIRD"]]));
    eventually("the second step is on the wire", || {
        server.count("SECOND") == 1
    });
    let behind = client.submit(Command::write(&["BEHIND"]));
    assert_eq!(
        (held.wait(), behind.wait()),
        (Ok(Outcome::Done), Ok(Outcome::Count(1)))
    );
    let names = server
        .seen
        .lock()
        .unwrap()
        .iter()
        .map(|args| args[0].clone())
        .collect::<Vec<_>>();
    assert_eq!(names, ["PING", "FIRST", "SECOND", "THIRD", "BEHIND"]);
}

#[test]
fn what_has_not_left_when_a_write_holds_comes_after_it() {
    // Reads nothing for a while after the first step: the sockets' buffers fill up.
    let submitted = Arc::new(AtomicBool::new(false));
    let (mut stalled, ready) = (false, Arc::clone(&submitted));
    let server = FakeServer::start(move |_, args| {
        while !ready.load(SeqCst) {
            thread::yield_now();
        }
        if args[0] == "FILL" && !stalled {
            stalled = true;
            thread::sleep(Duration::from_millis(200));
        }
        Some(b"+OK\r\n".to_vec())
    });
    let client = Client::new(server.port());
    let filler = "x".repeat(256 * 1024);
    let write = client.submit(held(&[&["SECOND"]]));
    let fills: Vec<_> = (0..64)
        .map(|number| {
            let fill = Command::write(&["FILL", &number.to_string(), &filler]);
            let sendings = fill.sendings.clone();
            (client.submit(fill), sendings)
        })
        .collect();
    // All of them are there when the connection is ready.
    submitted.store(true, SeqCst);
    assert_eq!(write.wait(), Ok(Outcome::Done));
    let mut taken_back = 0;
    for (reply, sendings) in fills {
        assert_eq!(reply.wait(), Ok(Outcome::Done));
        let sendings = sendings.lock().unwrap();
        assert!(
            !sendings.contains(&true),
            "nothing was executed before: {sendings:?}"
        );
        taken_back += sendings.len() - 1;
    }
    assert!(taken_back > 0, "all had left, or was left in front");
    let seen = server.seen.lock().unwrap();
    let fills = seen.iter().filter(|args| args[0] == "FILL");
    assert!(
        fills.map(|args| &args[1]).eq((0..64)
            .map(|number| number.to_string())
            .collect::<Vec<_>>()
            .iter())
    );
}
