//! A record that somebody else changes between two steps: how long an operation follows it, and that it gives up.

use std::sync::Arc;

use hitl_state_ioredis::Error;
use hitl_state_ioredis::connection::{Operation, Outcome, Step};
use hitl_state_ioredis::store::create::Create;
use hitl_state_ioredis::store::external_ids::{ExternalId, SetExternalId, Subject};
use hitl_state_ioredis::store::keys::Keys;
use hitl_state_ioredis::store::resolve::Resolve;

use crate::driver::Driver;
use crate::support::Server;

/// A pending request in an order that scripts leave to Rust.
const FOREIGN: &str =
    "{\"createdAt\":\"2020-01-01T00:00:00.000Z\",\"status\":\"pending\",\"id\":\"a\"}";

/// One call on the request `a`, and which of its steps writes.
struct Case {
    operation: fn(Arc<Keys>) -> Box<dyn Operation>,
    /// Changes under the call after which it still succeeds.
    follows: usize,
    writes: fn(usize) -> bool,
}

const CASES: [Case; 3] = [
    Case {
        operation: |keys| {
            let [id, nonce, at, result] = ["a", "nonce", "2020-01-02T00:00:00.000Z", "{}"];
            let text = str::to_owned;
            Box::new(Resolve::new(
                keys,
                text(id),
                text(nonce),
                text(at),
                text(result),
            ))
        },
        follows: 64,
        writes: |step| step % 2 == 1,
    },
    Case {
        operation: |keys| {
            let external_id = ExternalId {
                key: "x".to_owned(),
                json: Some("\"x\"".to_owned()),
            };
            let (subject, id) = (Subject::Request, "a".to_owned());
            Box::new(SetExternalId::new(keys, subject, id, external_id, None))
        },
        follows: 63,
        writes: |step| step > 0,
    },
    Case {
        // The request `a` has the token, and is of another kind.
        operation: |keys| {
            let [id, token, namespace, json] = ["b", "t", "global", "{}"];
            let text = str::to_owned;
            let (created_at, is_batch_item) = (1_577_836_800_000.0, true);
            Box::new(Create::new(
                keys,
                text(id),
                text(token),
                text(namespace),
                text(json),
                created_at,
                is_batch_item,
                None,
            ))
        },
        follows: 63,
        writes: |step| step > 0,
    },
];

/// The result of a call under which the record changes before so many of its writes.
fn under(server: &Server, case: &Case, changes: usize) -> Result<Outcome, Error> {
    server.command(&["FLUSHALL"]);
    let mut driver = Driver::connect(server.port());
    let keys = Arc::new(Keys::new(b"p".to_vec()));
    let mut stored = FOREIGN.to_owned();
    driver.command(&[b"SET", &keys.token("t"), b"a"]);
    driver.command(&[b"SET", &keys.request("a"), stored.as_bytes()]);
    let mut operation = (case.operation)(Arc::clone(&keys));
    let mut made = 0;
    for step in 0..1_000 {
        if made < changes && (case.writes)(step) {
            stored.push(' ');
            driver.command(&[b"SET", &keys.request("a"), stored.as_bytes()]);
            made += 1;
        }
        match driver.step(&mut *operation, false).expect("a connection") {
            Step::Over(result) => return result,
            Step::Hold => {}
            Step::Continue => panic!("a write lets other calls pass"),
        }
    }
    panic!("it goes on for ever");
}

#[test]
fn a_record_that_changes_all_the_time_is_given_up() {
    let server = Server::start(&[]);
    for case in &CASES {
        assert_eq!(under(&server, case, case.follows), Ok(Outcome::Done));
        let given_up = under(&server, case, case.follows + 1);
        assert!(matches!(given_up, Err(Error::Contended(_))), "{given_up:?}");
    }
}
