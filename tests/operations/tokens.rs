//! A resume token whose owner is in a shape that scripts leave to Rust: who may take it.

use std::sync::Arc;

use hitl_state_ioredis::Error;
use hitl_state_ioredis::connection::Outcome;
use hitl_state_ioredis::store::create::Create;
use hitl_state_ioredis::store::keys::Keys;

use crate::driver::Driver;
use crate::support::Server;

/// What the owner says behind its date, whether the new request belongs to a batch, and whether the owner keeps the
/// token: alive, and of the same kind.
const OWNERS: [(&str, bool, bool); 8] = [
    ("\"status\":\"pending\"", false, true),
    ("\"status\":\"pending\"", true, false),
    ("\"status\":\"pending\",\"batchId\":null", false, true),
    ("\"status\":\"pending\",\"batchId\":null", true, false),
    ("\"status\":\"pending\",\"batchId\":\"b\"", false, false),
    ("\"status\":\"pending\",\"batchId\":\"b\"", true, true),
    ("\"status\":\"resolved\"", false, false),
    ("\"status\":\"resolved\",\"batchId\":\"b\"", true, false),
];

#[test]
fn a_live_owner_of_the_same_kind_keeps_its_token() {
    let server = Server::start(&[]);
    let mut driver = Driver::connect(server.port());
    let keys = Arc::new(Keys::new(b"p".to_vec()));
    for (rest, is_batch_item, keeps) in OWNERS {
        server.command(&["FLUSHALL"]);
        let owner = format!("{{\"createdAt\":\"2020-01-01T00:00:00.000Z\",{rest}}}");
        driver.command(&[b"SET", &keys.token("t"), b"owner"]);
        driver.command(&[b"SET", &keys.request("owner"), owner.as_bytes()]);
        let [id, token, namespace, json] = ["new", "t", "global", "{}"].map(str::to_owned);
        let own = Arc::clone(&keys);
        let mut create = Create::new(own, id, token, namespace, json, 0.0, is_batch_item, None);
        let expected = if keeps {
            Err(Error::TokenTaken("owner".to_owned()))
        } else {
            Ok(Outcome::Done)
        };
        assert_eq!(
            driver.finish(&mut create),
            expected,
            "{rest} {is_batch_item}"
        );
    }
}
