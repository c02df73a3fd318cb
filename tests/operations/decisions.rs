//! A decision about a record that scripts leave to Rust is stored as theirs are.

use std::sync::Arc;

use hitl_state_ioredis::Error;
use hitl_state_ioredis::connection::{Operation, Outcome, Remark, Step};
use hitl_state_ioredis::store::keys::Keys;
use hitl_state_ioredis::store::requests::{Find, Get};
use hitl_state_ioredis::store::resolve::Resolve;
use redis::Value;

use crate::driver::Driver;
use crate::support::Server;

const FOREIGN: &[u8] = b"{\"createdAt\":\"2020-01-01T00:00:00.000Z\",\"status\":\"pending\"}";
const RESOLVED: &[u8] = b"{\"createdAt\":\"2020-01-01T00:00:00.000Z\",\"status\":\"resolved\",\
    \"result\":{\"b\":1},\"resolvedAt\":\"2020-01-02T00:00:00.000Z\"}";

#[test]
fn the_mark_of_a_decision_brings_it_back() {
    let server = Server::start(&[]);
    let mut driver = Driver::connect(server.port());
    let keys = Arc::new(Keys::new(b"p".to_vec()));
    driver.command(&[b"SET", &keys.request("a"), FOREIGN]);
    let [id, nonce, at, result] = ["a", "nonce", "2020-01-02T00:00:00.000Z", "{\"b\":1}"];
    let text = str::to_owned;
    let mut resolve = Resolve::new(
        Arc::clone(&keys),
        text(id),
        text(nonce),
        text(at),
        text(result),
    );
    assert_eq!(driver.finish(&mut resolve), Ok(Outcome::Done));
    let stored = |driver: &mut Driver, key: &[u8]| driver.command(&[b"GET", key]);
    let resolved = Value::BulkString(RESOLVED.to_vec());
    assert_eq!(stored(&mut driver, &keys.request("a")), resolved);
    assert_eq!(
        stored(&mut driver, &keys.resolve_marker("a")),
        Value::BulkString(b"nonce\n2020-01-02T00:00:00.000Z\n{\"b\":1}".to_vec())
    );

    // As a replica leaves it that has read the record before and writes it back.
    driver.command(&[b"SET", &keys.request("a"), FOREIGN]);
    let mut get = Get::new(Arc::clone(&keys), text(id));
    assert!(matches!(driver.step(&mut get, false), Ok(Step::Continue)));
    let Ok(Step::Over(read)) = driver.step(&mut get, false) else {
        panic!("it asks for more");
    };
    assert_eq!(read, Ok(Outcome::Document(RESOLVED.to_vec())));
    let restored = Remark::Restored { id: text(id) };
    assert_eq!(get.remarks(), [restored]);
    assert_eq!(stored(&mut driver, &keys.request("a")), resolved);
}

#[test]
fn what_nobody_can_restore_is_decided_all_the_same() {
    let server = Server::start(&[]);
    let keys = Arc::new(Keys::new(b"p".to_vec()));
    let record =
        b"{\"id\":\"a\",\"token\":\"t\",\"channel\":\"slack\",\"message\":\"m\",\"actions\":[],\
        \"context\":{},\"status\":\"pending\",\"createdAt\":\"2020-01-01T00:00:00.000Z\"}";
    for marker in [&b""[..], b"no decision"] {
        let mut driver = Driver::connect(server.port());
        driver.command(&[b"SET", &keys.request("a"), record]);
        driver.command(&[b"SET", &keys.resolve_marker("a"), marker]);
        driver.command(&[b"ZADD", &keys.status("resolved"), b"0", b"a"]);
        let [id, nonce, at, result] =
            ["a", "nonce", "2020-01-02T00:00:00.000Z", "{}"].map(str::to_owned);
        let mut resolve = Resolve::new(Arc::clone(&keys), id, nonce, at, result);
        let refused = Err(Error::AlreadyResolved("a".to_owned()));
        assert_eq!(driver.finish(&mut resolve), refused);
        assert_eq!(driver.steps, 1);
        let stored = driver.command(&[b"GET", &keys.request("a")]);
        assert_eq!(stored, Value::BulkString(record.to_vec()));
    }
}

#[test]
fn a_read_spends_no_step_on_what_the_mark_has_forgotten() {
    let server = Server::start(&[]);
    let mut driver = Driver::connect(server.port());
    let keys = Arc::new(Keys::new(b"p".to_vec()));
    driver.command(&[b"SET", &keys.request("a"), FOREIGN]);
    driver.command(&[b"SET", &keys.token("t"), b"a"]);
    driver.command(&[b"ZADD", &keys.status("resolved"), b"0", b"a"]);
    let json = b"{\"createdAt\":\"2020-01-01T00:00:00.000Z\",\"status\":\"resolved\"}".to_vec();
    let id = "a".to_owned();
    let mut get = Get::new(Arc::clone(&keys), id.clone());
    let mut find = Find::by_token(Arc::clone(&keys), "t");
    let found = Outcome::Found {
        id,
        json: json.clone(),
    };
    assert_eq!(driver.finish(&mut get), Ok(Outcome::Document(json)));
    assert_eq!(driver.finish(&mut find), Ok(found));
    assert_eq!(driver.steps, 2);
}

#[test]
fn an_owner_without_a_record_is_no_answer() {
    let mut find = Find::by_token(Arc::new(Keys::new(b"p".to_vec())), "t");
    let id = Value::BulkString(b"a".to_vec());
    let step = find.read(vec![Value::Array(vec![id])]);
    assert!(
        matches!(step, Step::Over(Err(Error::UnexpectedReply(_)))),
        "{step:?}"
    );
}
