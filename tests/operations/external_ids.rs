//! An external id of a record that scripts leave to Rust leads to it once it is new there, and stays where it has moved.

use std::sync::Arc;

use hitl_state_ioredis::Error;
use hitl_state_ioredis::connection::Outcome;
use hitl_state_ioredis::store::external_ids::{ExternalId, SetExternalId, Subject};
use hitl_state_ioredis::store::keys::Keys;
use redis::Value;

use crate::driver::Driver;
use crate::support::Server;

/// What follows the date of a record, which no record of today begins with.
const RECORDS: [(Subject, &str, bool); 7] = [
    (Subject::Delivery, "\"id\":\"a\"", true),
    (Subject::Delivery, "\"externalId\":\"y\"", true),
    (Subject::Delivery, "\"externalId\":\"x\"", false),
    (Subject::Request, "\"status\":\"pending\"", true),
    (
        Subject::Request,
        "\"status\":\"pending\",\"externalIds\":{\"b\":\"y\"}",
        true,
    ),
    (
        Subject::Request,
        "\"status\":\"pending\",\"externalIds\":{\"b\":\"x\"}",
        false,
    ),
    (
        Subject::Request,
        "\"status\":\"pending\",\"externalId\":\"x\"",
        false,
    ),
];

fn external_id() -> ExternalId {
    ExternalId {
        key: "x".to_owned(),
        json: Some("\"x\"".to_owned()),
    }
}

#[test]
fn the_index_of_a_spliced_record_is_written_once() {
    let server = Server::start(&[]);
    let mut driver = Driver::connect(server.port());
    let keys = Arc::new(Keys::new(b"p".to_vec()));
    for (subject, rest, is_new) in RECORDS {
        let record = format!("{{\"createdAt\":\"2020-01-01T00:00:00.000Z\",{rest}}}");
        let (key, index) = match subject {
            Subject::Delivery => (keys.delivery("a"), keys.delivery_external_id("x")),
            _ => (keys.request("a"), keys.external_id("x")),
        };
        driver.command(&[b"SET", &key, record.as_bytes()]);
        driver.command(&[b"SET", &index, b"another"]);
        let own = Arc::clone(&keys);
        let mut set = SetExternalId::new(own, subject, "a".to_owned(), external_id(), Some("b"));
        assert_eq!(driver.finish(&mut set), Ok(Outcome::Done), "{record}");
        let owner: &[u8] = if is_new { b"a" } else { b"another" };
        let stored = driver.command(&[b"GET", &index]);
        assert_eq!(stored, Value::BulkString(owner.to_vec()), "{record}");
    }
}

#[test]
fn a_mark_that_says_no_decision_is_not_built_upon() {
    let server = Server::start(&[]);
    let mut driver = Driver::connect(server.port());
    let keys = Arc::new(Keys::new(b"p".to_vec()));
    let record =
        b"{\"id\":\"a\",\"token\":\"t\",\"channel\":\"slack\",\"message\":\"m\",\"actions\":[],\
        \"context\":{},\"status\":\"pending\",\"createdAt\":\"2020-01-01T00:00:00.000Z\"}";
    driver.command(&[b"SET", &keys.request("a"), record]);
    driver.command(&[b"SET", &keys.resolve_marker("a"), b"no decision"]);
    let own = Arc::clone(&keys);
    let mut set = SetExternalId::new(own, Subject::Request, "a".to_owned(), external_id(), None);
    let refused = driver.finish(&mut set);
    assert!(
        matches!(refused, Err(Error::UnexpectedReply(_))),
        "{refused:?}"
    );
    let stored = driver.command(&[b"GET", &keys.request("a")]);
    assert_eq!(stored, Value::BulkString(record.to_vec()));
}
