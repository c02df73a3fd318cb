//! A call that finds its connection idle is written into the socket in the thread that makes it.

use std::sync::mpsc::{self, Sender};

use hitl_state_ioredis::connection::Outcome;
use redis::Value;

use super::support::{Client, Command, Server, eventually};
use super::{INCR, PING};

/// A client whose connection is idle and whose task cannot run before the sender says so.
fn held(server: &Server) -> (Client, Sender<()>) {
    let client = Client::new(server.port());
    client.call(Command::read(PING)).unwrap();
    let (release, released) = mpsc::channel();
    let (begin, started) = mpsc::channel();
    client.runtime.spawn(async move {
        begin.send(()).unwrap();
        released.recv().unwrap();
    });
    started.recv().unwrap();
    (client, release)
}

#[test]
fn a_lone_call_is_with_the_server_before_the_task_wakes_up() {
    let server = Server::start(&[]);
    let (client, release) = held(&server);
    let mut reply = client.submit(Command::write(INCR));
    eventually("the server has the call", || server.calls_of("incr") == 1);
    assert_eq!(reply.now(), None);
    release.send(()).unwrap();
    assert_eq!(reply.wait(), Ok(Outcome::Count(1)));
}

#[test]
fn calls_behind_a_lone_one_wait_for_the_task_and_keep_their_order() {
    let server = Server::start(&[]);
    let (client, release) = held(&server);
    let push = |number: u64| client.submit(Command::write(&["RPUSH", "list", &number.to_string()]));
    let replies: Vec<_> = (1..=100).map(push).collect();
    eventually("the server has the first", || server.calls_of("rpush") == 1);
    release.send(()).unwrap();
    for (place, reply) in (1..).zip(replies) {
        assert_eq!(reply.wait(), Ok(Outcome::Count(place)));
    }
    let list = server.command(&["LRANGE", "list", "0", "-1"]);
    let list: Vec<u64> = redis::from_redis_value(list).unwrap();
    assert!(list.into_iter().eq(1..=100));
}

#[test]
fn a_lone_call_into_a_connection_that_is_gone_is_made_on_the_next_one() {
    let server = Server::start(&[]);
    let (client, release) = held(&server);
    server.kill9();
    let reply = client.submit(Command::write(INCR));
    server.restart();
    release.send(()).unwrap();
    assert_eq!(reply.wait(), Ok(Outcome::Count(1)));
    assert_eq!(
        server.command(&["GET", INCR[1]]),
        Value::BulkString(b"1".to_vec())
    );
}
