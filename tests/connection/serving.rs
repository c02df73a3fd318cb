//! A server that has lost its scripts, or cannot serve for a while.

use std::sync::{Arc, LazyLock, Mutex};
use std::thread;
use std::time::Duration;

use hitl_state_ioredis::connection::{Outcome, Script, Settings};

use super::support::{
    Client, Command, Eval, FakeServer, Reply, Server, TestHost, document, eventually, settings,
};
use super::{INCR, PING, with};

static ECHO: LazyLock<Script> = LazyLock::new(|| Script::new("return ARGV[1]"));

fn echo(text: &str) -> Eval {
    Eval {
        script: &ECHO,
        args: vec![text.to_owned()],
    }
}

#[test]
fn scripts_are_loaded_with_the_connection() {
    let server = Server::start(&[]);
    let client = Client::with(TestHost::new(settings(server.port())), vec![&ECHO]);
    assert_eq!(client.call(echo("a")), document("a"));
    assert_eq!(
        (server.calls_of("evalsha"), server.calls_of("eval")),
        (1, 0)
    );
}

#[test]
fn a_script_that_the_server_has_lost_is_sent_with_its_text() {
    let server = Server::start(&[]);
    let client = Client::with(TestHost::new(settings(server.port())), vec![&ECHO]);
    assert_eq!(client.call(echo("a")), document("a"));
    server.command(&["SCRIPT", "FLUSH"]);
    let replies = ["b", "c"].map(|text| client.submit(echo(text)));
    assert_eq!(replies.map(Reply::wait), ["b", "c"].map(document));
    assert_eq!(client.call(echo("d")), document("d"));
    // One without the text, one that found it gone, one or two with it, and one after that.
    assert!([1, 2].contains(&server.calls_of("eval")));
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
            replies.map(Reply::wait),
            [(); 4].map(|()| Ok(Outcome::Count(1)))
        );
        assert_eq!(*executed.lock().unwrap(), ["0", "1", "2", "3"]);
    }
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
    thread::sleep(Duration::from_millis(50));
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
        server.refusals("LOADING") > 0,
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
    // It is ambiguous only if it was just being tried again.
    let error = client.call(Command::write(INCR)).unwrap_err();
    assert_eq!(error.code(), "COMMAND_TIMEOUT");
}
