//! Calls take effect in their order, and each gets its own replies.

use hitl_state_ioredis::connection::{CommandWriter, Operation, Outcome, Step};
use redis::Value;

use super::support::{Client, Command, Proxy, Reply, Server, document, outcome};
use super::{INCR, PING};

#[test]
fn a_call_is_one_round_trip_and_so_is_a_batch() {
    let server = Server::start(&[]);
    let proxy = Proxy::start(server.port());
    let client = Client::new(proxy.port());
    client.call(Command::read(PING)).unwrap();
    let before = proxy.round_trips();
    client.call(Command::read(PING)).unwrap();
    assert_eq!(proxy.round_trips(), before + 1);

    server.kill9();
    let client = Client::new(proxy.port());
    let replies = [(); 100].map(|()| client.submit(Command::write(INCR)));
    let before = proxy.round_trips();
    server.restart();
    for reply in replies {
        reply.wait().unwrap();
    }
    assert_eq!(
        proxy.round_trips(),
        before + 2,
        "the handshake and the batch"
    );
}

#[test]
fn ten_thousand_calls_take_effect_in_the_order_in_which_they_were_made() {
    let server = Server::start(&[]);
    let client = Client::new(server.port());
    let replies: Vec<_> = (0..10_000)
        .map(|number| client.submit(Command::write(&["RPUSH", "list", &number.to_string()])))
        .collect();
    for (place, reply) in (1..).zip(replies) {
        assert_eq!(reply.wait(), Ok(Outcome::Count(place)));
    }
    let list = server.command(&["LRANGE", "list", "0", "-1"]);
    let list: Vec<u32> = redis::from_redis_value(list).unwrap();
    assert!(list.into_iter().eq(0..10_000));
}

#[test]
fn a_large_value_goes_both_ways_between_small_ones() {
    let server = Server::start(&[]);
    let client = Client::new(server.port());
    let large = "0123456789".repeat(1_000_000);
    let set = client.submit(Command::write(&["SET", "large", &large]));
    let get = client.submit(Command::read(&["GET", "large"]));
    let small = client.submit(Command::read(PING));
    assert_eq!(set.wait(), Ok(Outcome::Done));
    assert!(
        get.wait() == document(&large),
        "the value came back changed"
    );
    assert_eq!(small.wait(), document("PONG"));
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
    assert_eq!(replies.map(Reply::wait), ["1", "2", "3"].map(document));
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

/// Panics at the chosen moment; else when it is asked what it is.
struct Broken {
    in_write: bool,
    in_read: bool,
}

impl Operation for Broken {
    fn write(&mut self, out: &mut CommandWriter<'_>, _resend: bool) {
        out.command([b"INCR".as_slice(), b"n"].into_iter());
        assert!(!self.in_write, "a defect in write");
    }

    fn read(&mut self, _replies: Vec<Value>) -> Step {
        assert!(!self.in_read, "a defect in read");
        Step::Over(Ok(Outcome::Done))
    }

    fn is_read(&self) -> bool {
        assert!(self.in_write || self.in_read, "a defect in is_read");
        false
    }
}

#[test]
fn a_panic_in_an_operation_rejects_that_call_only() {
    let server = Server::start(&[]);
    let client = Client::new(server.port());
    let before = client.submit(Command::write(INCR));
    let [in_write, in_read, in_is_read] = [(true, false), (false, true), (false, false)]
        .map(|(in_write, in_read)| client.submit(Broken { in_write, in_read }));
    let after = client.submit(Command::write(INCR));
    assert_eq!(before.wait(), Ok(Outcome::Count(1)));
    for broken in [in_write, in_read] {
        let error = broken.wait().unwrap_err();
        assert_eq!((error.code(), error.ambiguous()), ("INTERNAL", true));
        assert!(!error.to_string().contains("defect"), "{error}");
    }
    assert_eq!(
        in_is_read.wait(),
        Ok(Outcome::Done),
        "it is taken for a write"
    );
    assert_eq!(
        after.wait(),
        Ok(Outcome::Count(4)),
        "the one that panicked in write never left"
    );
}
