//! How calls take turns: scripts, steps, gates, and a server that cannot serve now.

mod support;

use std::sync::atomic::Ordering::SeqCst;
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use hitl_state_ioredis::Error;
use hitl_state_ioredis::connection::{
    CommandWriter, Gate, Operation, Outcome, Script, Settings, Step,
};
use redis::Value;
use support::{
    Client, Command, Eval, FakeServer, Next, Server, Steps, TestHost, document, eventually,
    outcome, settings,
};

const PING: &[&str] = &["PING"];
const INCR: &[&str] = &["INCR", "n"];

static ECHO: LazyLock<Script> = LazyLock::new(|| Script::new("return ARGV[1]"));

fn echo(text: &str) -> Eval {
    Eval {
        script: &ECHO,
        args: vec![text.to_owned()],
    }
}

fn with(settings: Settings) -> Client {
    Client::with(TestHost::new(settings), Vec::new())
}

fn calls_of(server: &Server, command: &str) -> String {
    let stats = server.command(&["INFO", "commandstats"]);
    let stats: String = redis::from_redis_value(stats).unwrap();
    let line = stats
        .lines()
        .find(|line| line.starts_with(&format!("cmdstat_{command}:")));
    line.and_then(|line| line.split(['=', ',']).nth(1))
        .unwrap_or("0")
        .to_owned()
}

#[test]
fn scripts_are_loaded_with_the_connection() {
    let server = Server::start(&[]);
    let client = Client::with(TestHost::new(settings(server.port())), vec![&ECHO]);
    assert_eq!(client.call(echo("a")), document("a"));
    assert_eq!(
        (
            calls_of(&server, "evalsha").as_str(),
            calls_of(&server, "eval").as_str()
        ),
        ("1", "0")
    );
}

#[test]
fn a_script_that_the_server_has_lost_is_sent_with_its_text() {
    let server = Server::start(&[]);
    let client = Client::with(TestHost::new(settings(server.port())), vec![&ECHO]);
    assert_eq!(client.call(echo("a")), document("a"));
    server.command(&["SCRIPT", "FLUSH"]);
    let replies = ["b", "c"].map(|text| client.submit(echo(text)));
    assert_eq!(replies.map(support::Reply::wait), ["b", "c"].map(document));
    assert_eq!(client.call(echo("d")), document("d"));
    // One without the text, one that found it gone, one or two with it, and one after that.
    assert!(["1", "2"].contains(&calls_of(&server, "eval").as_str()));
}

/// Panics at the chosen moment.
struct Broken {
    in_write: bool,
}

impl Operation for Broken {
    fn write(&mut self, out: &mut CommandWriter<'_>, _resend: bool) {
        out.command([b"INCR".as_slice(), b"n"].into_iter());
        assert!(!self.in_write, "a defect in write");
    }

    fn read(&mut self, _replies: Vec<Value>) -> Step {
        panic!("a defect in read")
    }

    fn is_read(&self) -> bool {
        false
    }
}

#[test]
fn a_panic_in_an_operation_rejects_that_call_only() {
    let server = Server::start(&[]);
    let client = Client::new(server.port());
    let before = client.submit(Command::write(INCR));
    let in_write = client.submit(Broken { in_write: true });
    let in_read = client.submit(Broken { in_write: false });
    let after = client.submit(Command::write(INCR));
    assert_eq!(before.wait(), Ok(Outcome::Count(1)));
    for broken in [in_write, in_read] {
        let error = broken.wait().unwrap_err();
        assert_eq!((error.code(), error.ambiguous()), ("INTERNAL", true));
        assert!(!error.to_string().contains("defect"), "{error}");
    }
    assert_eq!(
        after.wait(),
        Ok(Outcome::Count(3)),
        "the one that panicked in write never left"
    );
}

/// An operation with two commands in its step.
struct Pair;

impl Operation for Pair {
    fn write(&mut self, out: &mut CommandWriter<'_>, _resend: bool) {
        out.command([b"INCR".as_slice(), b"n"].into_iter());
        out.command([b"GET".as_slice(), b"n"].into_iter());
    }

    fn read(&mut self, mut replies: Vec<Value>) -> Step {
        assert_eq!(replies.len(), 2);
        Step::Over(outcome(replies.remove(1)))
    }

    fn is_read(&self) -> bool {
        false
    }
}

#[test]
fn two_commands_of_one_step_travel_together_and_get_both_replies() {
    let server = Server::start(&[]);
    let client = Client::new(server.port());
    let replies = [(); 3].map(|()| client.submit(Pair));
    assert_eq!(
        replies.map(support::Reply::wait),
        ["1", "2", "3"].map(document)
    );
}

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
    assert_eq!(
        calls_of(&server, "append"),
        "1",
        "a write keeps its verdict"
    );
}

#[test]
fn nothing_passes_a_write_that_holds() {
    // Answers SLOW only when told so: what arrives meanwhile is what has passed.
    let server = FakeServer::start(|_, args| match args[0].as_str() {
        "PING" => Some(b"+PONG\r\n".to_vec()),
        "SECOND" => {
            std::thread::sleep(Duration::from_millis(30));
            Some(b"+OK\r\n".to_vec())
        }
        _ => Some(b":1\r\n".to_vec()),
    });
    let client = Client::new(server.port());
    let held = Steps::new(Command::write(&["FIRST"]), |reply| match reply {
        Value::Int(_) => Next::Hold(&["SECOND"]),
        reply => Next::Over(outcome(reply)),
    });
    let held = client.submit(held);
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
    assert_eq!(names, ["PING", "FIRST", "SECOND", "BEHIND"]);
}

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
            std::thread::sleep(Duration::from_millis(300));
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
        replies.map(support::Reply::wait),
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
    let began = std::time::Instant::now();
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

#[test]
fn what_a_busy_server_refuses_is_made_again_in_order() {
    for refusal in ["-BUSY Redis is busy\r\n", "-LOADING Redis is loading\r\n"] {
        let mut refusals = 6;
        let executed = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&executed);
        let server = FakeServer::start(move |_, args| {
            if args[0] == "PING" {
                return Some(b"+PONG\r\n".to_vec());
            }
            if refusals > 0 {
                refusals -= 1;
                return Some(refusal.into());
            }
            log.lock().unwrap().push(args[1].clone());
            Some(b":1\r\n".to_vec())
        });
        let client = Client::new(server.port());
        let replies =
            ["0", "1", "2", "3"].map(|item| client.submit(Command::write(&["ADD", item])));
        assert_eq!(
            replies.map(support::Reply::wait),
            [(); 4].map(|()| Ok(Outcome::Count(1)))
        );
        assert_eq!(*executed.lock().unwrap(), ["0", "1", "2", "3"]);
    }
}

fn refusals(server: &Server, code: &str) -> bool {
    let stats = server.command(&["INFO", "errorstats"]);
    let stats: String = redis::from_redis_value(stats).unwrap();
    stats.contains(&format!("errorstat_{code}:"))
}

#[test]
fn a_server_that_a_script_blocks_is_waited_for() {
    let server = Server::start(&["--busy-reply-threshold", "1"]);
    let client = Client::new(server.port());
    client.call(Command::read(PING)).unwrap();
    let mut blocking = server.connection().unwrap();
    let mut watching = server.connection().unwrap();
    let endless = redis::cmd("EVAL")
        .arg("while true do end")
        .arg(0)
        .get_packed_command();
    blocking.send_packed_command(&endless).unwrap();
    eventually("the script blocks the server", || {
        redis::cmd("PING").exec(&mut watching).is_err()
    });
    let mut replies = [(); 3].map(|()| client.submit(Command::write(INCR)));
    // Time in which calls are refused, and made again.
    std::thread::sleep(Duration::from_millis(50));
    assert!(replies.iter_mut().all(|reply| reply.now().is_none()));
    redis::cmd("SCRIPT")
        .arg("KILL")
        .exec(&mut watching)
        .unwrap();
    for (place, reply) in (1..).zip(replies) {
        assert_eq!(reply.wait(), Ok(Outcome::Count(place)));
    }
}

#[test]
fn a_server_that_loads_its_data_is_waited_for() {
    let slow = [
        "--key-load-delay",
        "2000",
        "--loading-process-events-interval-bytes",
        "1024",
    ];
    let server = Server::start(&slow);
    let fill = "for i = 1, 200 do redis.call('SET', i, string.rep('x', 1000)) end";
    server.command(&["EVAL", fill, "0"]);
    server.command(&["SAVE"]);
    server.launch();
    let client = Client::new(server.port());
    assert_eq!(client.call(Command::write(INCR)), Ok(Outcome::Count(1)));
    assert!(
        refusals(&server, "LOADING"),
        "it never said that it was loading"
    );
}

#[test]
fn a_server_that_stays_busy_is_waited_for_within_the_time_of_a_call() {
    let server = FakeServer::start(|_, args| match args[0].as_str() {
        "PING" => Some(b"+PONG\r\n".to_vec()),
        _ => Some(b"-BUSY Redis is busy\r\n".to_vec()),
    });
    let client = with(Settings {
        command_timeout: Some(100),
        ..settings(server.port())
    });
    let reply = client.call(Command::write(INCR));
    assert_eq!(reply, Err(Error::CommandTimedOut { ambiguous: false }));
}

#[test]
fn a_refusal_is_the_servers_own_words() {
    let server = Server::start(&[]);
    server.command(&["SET", "key", "text"]);
    let client = Client::new(server.port());
    let error = client.call(Command::write(&["INCR", "key"])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "ERR value is not an integer or out of range"
    );
    assert_eq!((error.code(), error.ambiguous()), ("ERR", false));
}
