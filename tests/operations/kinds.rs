//! What is sent again at will, and what may have been done by then: only a read changes nothing.

use std::sync::Arc;

use hitl_state_ioredis::connection::Operation;
use hitl_state_ioredis::migrations::SchemaGate;
use hitl_state_ioredis::store::create::Create;
use hitl_state_ioredis::store::external_ids::{ExternalId, SetExternalId, Subject};
use hitl_state_ioredis::store::inbox::{Count, Filter, list};
use hitl_state_ioredis::store::keys::Keys;
use hitl_state_ioredis::store::requests::{Find, Get};
use hitl_state_ioredis::store::resolve::Resolve;
use hitl_state_ioredis::store::timeline::Append;
use hitl_state_ioredis::store::{Sizes, batches, deliveries, timeline, verify};

fn text() -> String {
    "a".to_owned()
}

#[test]
fn what_changes_something_is_no_read() {
    let keys = Arc::new(Keys::new(b"p".to_vec()));
    let own = || Arc::clone(&keys);
    let external_id = ExternalId {
        key: text(),
        json: None,
    };
    let create = Create::new(own(), text(), text(), text(), text(), 0.0, false, None);
    let writes: [(&str, Box<dyn Operation>); 8] = [
        ("create", Box::new(create)),
        (
            "resolve",
            Box::new(Resolve::new(own(), text(), text(), text(), text())),
        ),
        (
            "external id",
            Box::new(SetExternalId::new(
                own(),
                Subject::Batch,
                text(),
                external_id,
                None,
            )),
        ),
        ("batch", Box::new(batches::create(&keys, text(), text()))),
        (
            "delivery",
            Box::new(deliveries::create(&keys, text(), text())),
        ),
        (
            "entry",
            Box::new(Append::new(own(), text(), text(), text(), 0.0)),
        ),
        ("verify", Box::new(verify::step(own(), true, None, None))),
        ("migrations", Box::new(SchemaGate::new(own()).ensure())),
    ];
    for (name, operation) in writes {
        assert!(!operation.is_read(), "{name}");
    }
}

#[test]
fn what_only_reads_may_be_made_anew() {
    let keys = Arc::new(Keys::new(b"p".to_vec()));
    let (own, sizes) = (|| Arc::clone(&keys), || Arc::<Sizes>::default());
    let reads: [(&str, Box<dyn Operation>); 8] = [
        ("request", Box::new(Get::new(own(), text()))),
        ("token", Box::new(Find::by_token(own(), "a"))),
        ("external id", Box::new(Find::by_external_id(own(), "a"))),
        (
            "list",
            Box::new(list(&keys, sizes(), Filter::default(), 1, None)),
        ),
        ("count", Box::new(Count::new(&keys, &Filter::default()))),
        ("batch", Box::new(batches::get(&keys, "a"))),
        ("items", Box::new(batches::list(&keys, sizes(), text()))),
        ("thread", Box::new(timeline::read(&keys, sizes(), text()))),
    ];
    for (name, operation) in reads {
        assert!(operation.is_read(), "{name}");
    }
}
