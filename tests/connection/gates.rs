//! Gates: what must be done before a call may pass.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::thread;
use std::time::{Duration, Instant};

use hitl_state_ioredis::Error;
use hitl_state_ioredis::connection::{Gate, Operation, Outcome, Settings};
use redis::Value;

use super::support::{Client, Command, FakeServer, Next, Reply, Server, Steps, outcome, settings};
use super::{INCR, with};

/// Opens with a command; open once that has succeeded.
struct Door {
    open: Arc<AtomicBool>,
    openings: AtomicU32,
    command: &'static [&'static str],
}

impl Door {
    fn new(command: &'static [&'static str]) -> Arc<Self> {
        Arc::new(Self {
            open: Arc::default(),
            openings: AtomicU32::new(0),
            command,
        })
    }
}

impl Gate for Door {
    fn is_open(&self) -> bool {
        self.open.load(SeqCst)
    }

    fn opening(&self) -> Box<dyn Operation> {
        self.openings.fetch_add(1, SeqCst);
        let open = Arc::clone(&self.open);
        Box::new(Steps::new(Command::write(self.command), move |reply| {
            let result = outcome(reply);
            open.store(result.is_ok(), SeqCst);
            Next::Over(result)
        }))
    }
}

#[test]
fn a_gate_is_opened_once_before_the_calls_behind_it_and_their_order_stays() {
    let server = Server::start(&[]);
    let client = Client::new(server.port());
    let door = Door::new(&["SET", "schema", "3"]);
    let log = |item: &str| Box::new(Command::write(&["RPUSH", "log", item]));
    let gate = || Some(Arc::clone(&door) as Arc<dyn Gate>);
    let replies = [
        client.submit_behind(None, log("0")),
        client.submit_behind(gate(), log("1")),
        client.submit_behind(None, log("2")),
        client.submit_behind(gate(), log("3")),
    ];
    for (place, reply) in (1..).zip(replies) {
        assert_eq!(reply.wait(), Ok(Outcome::Count(place)));
    }
    assert_eq!(door.openings.load(SeqCst), 1);
    assert_eq!(
        server.command(&["GET", "schema"]),
        Value::BulkString(b"3".to_vec())
    );
    let list: Vec<String> =
        redis::from_redis_value(server.command(&["LRANGE", "log", "0", "-1"])).unwrap();
    assert_eq!(list, ["0", "1", "2", "3"]);
}

#[test]
fn a_gate_that_does_not_open_rejects_its_call_and_the_next_one_tries_again() {
    let server = Server::start(&[]);
    server.command(&["SET", "schema", "no list"]);
    let client = Client::new(server.port());
    let door = Door::new(&["RPUSH", "schema", "3"]);
    let gate = || Some(Arc::clone(&door) as Arc<dyn Gate>);
    let failed = client.submit_behind(gate(), Box::new(Command::write(INCR)));
    assert_eq!(failed.wait().unwrap_err().code(), "WRONGTYPE");
    assert_eq!(server.command(&["GET", "n"]), Value::Nil);
    server.command(&["DEL", "schema"]);
    let passed = client.submit_behind(gate(), Box::new(Command::write(INCR)));
    assert_eq!(passed.wait(), Ok(Outcome::Count(1)));
    assert_eq!(door.openings.load(SeqCst), 2);
}

/// A gate that cannot even say whether it is open.
struct BrokenGate;

impl Gate for BrokenGate {
    fn is_open(&self) -> bool {
        panic!("a defect in a gate")
    }

    fn opening(&self) -> Box<dyn Operation> {
        unreachable!("it is never found closed")
    }
}

#[test]
fn a_panic_in_a_gate_rejects_that_call_only() {
    let server = Server::start(&[]);
    let client = Client::new(server.port());
    let broken = client.submit_behind(Some(Arc::new(BrokenGate)), Box::new(Command::write(INCR)));
    let after = client.submit(Command::write(INCR));
    assert_eq!(broken.wait().unwrap_err().code(), "INTERNAL");
    assert_eq!(after.wait(), Ok(Outcome::Count(1)));
}

/// Takes three steps to open.
struct Slow(Arc<AtomicBool>);

impl Gate for Slow {
    fn is_open(&self) -> bool {
        self.0.load(SeqCst)
    }

    fn opening(&self) -> Box<dyn Operation> {
        let (open, mut step) = (Arc::clone(&self.0), 0);
        Box::new(Steps::new(Command::write(&["OPEN"]), move |_| {
            step += 1;
            open.store(step == 3, SeqCst);
            match step {
                3 => Next::Over(Ok(Outcome::Done)),
                _ => Next::Hold(&["OPEN"]),
            }
        }))
    }
}

#[test]
fn the_wait_for_a_gate_does_not_count_against_the_time_of_a_call() {
    // Opening takes three steps of 300 ms each, with 800 ms for each.
    let server = FakeServer::start(|_, args| match args[0].as_str() {
        "PING" => Some(b"+PONG\r\n".to_vec()),
        "OPEN" => {
            thread::sleep(Duration::from_millis(300));
            Some(b":1\r\n".to_vec())
        }
        _ => Some(b":5\r\n".to_vec()),
    });
    let client = with(Settings {
        command_timeout: Some(800),
        ..settings(server.port())
    });
    let gate: Arc<dyn Gate> = Arc::new(Slow(Arc::default()));
    let replies =
        [(); 3].map(|()| client.submit_behind(Some(gate.clone()), Box::new(Command::write(INCR))));
    assert_eq!(
        replies.map(Reply::wait),
        [(); 3].map(|()| Ok(Outcome::Count(5)))
    );
    assert_eq!(server.count("OPEN"), 3);
}

#[test]
fn a_silent_server_behind_a_gate_costs_the_time_of_a_call_once() {
    let server = FakeServer::start(|_, args| match args[0].as_str() {
        "PING" => Some(b"+PONG\r\n".to_vec()),
        _ => Some(Vec::new()),
    });
    let client = with(Settings {
        command_timeout: Some(200),
        ..settings(server.port())
    });
    let door = Door::new(&["OPEN"]);
    let began = Instant::now();
    let replies = [(); 10].map(|()| {
        let gate = Arc::clone(&door) as Arc<dyn Gate>;
        client.submit_behind(Some(gate), Box::new(Command::write(INCR)))
    });
    for reply in replies {
        assert_eq!(
            reply.wait(),
            Err(Error::CommandTimedOut { ambiguous: false })
        );
    }
    assert!(
        began.elapsed() < Duration::from_secs(1),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(server.count("INCR"), 0);
}
