//! A delivery is deleted only while it and the request or batch of its group are what was read.

use hitl_state_ioredis::store::keys::Keys;
use hitl_state_ioredis::store::maintenance::PURGE_DELIVERY;
use redis::Commands;

use crate::cases::{BATCH, resolved, sha1};
use crate::store::{Call, ID, Store, is_plain_refusal};

/// Deletes the delivery of a request.
pub fn of_request(keys: &Keys) -> Call {
    call(
        keys,
        keys.request(ID),
        &resolved(),
        keys.status("resolved"),
        [ID, ""],
    )
}

/// Deletes the delivery of a batch of two items.
fn of_batch(keys: &Keys) -> Call {
    call(
        keys,
        keys.batch(ID),
        BATCH,
        keys.batch_items("b"),
        ["", "2"],
    )
}

fn call(keys: &Keys, owner: Vec<u8>, record: &str, index: Vec<u8>, counts: [&str; 2]) -> Call {
    let declared = vec![
        keys.delivery(ID),
        owner,
        index,
        keys.delivery_external_id("x"),
        keys.delivery_external_id("y"),
    ];
    let (seal, owner_seal) = (sha1("delivery"), sha1(record));
    let args = [ID, &seal, &owner_seal, counts[0], counts[1]];
    Call::new(&PURGE_DELIVERY, declared, &args.map(str::as_bytes))
}

/// What both calls need, and external ids of which one leads to another delivery.
fn prepare(store: &mut Store) {
    let keys = store.keys.clone();
    store.set(&keys.request(ID), resolved());
    store.set(&keys.batch(ID), BATCH);
    store.add(&keys.status("resolved"), ID);
    store.add(&keys.batch_items("b"), ID);
    store.add(&keys.batch_items("b"), "other");
    store.set(&keys.delivery(ID), "delivery");
    store.set(&keys.delivery_external_id("x"), ID);
    store.set(&keys.delivery_external_id("y"), "other");
}

#[test]
fn a_delivery_goes_with_the_external_ids_that_lead_to_it() {
    let mut store = Store::start();
    let keys = store.keys.clone();
    for call in [of_request, of_batch] {
        store.clear();
        prepare(&mut store);
        let mut expected = store.everything();
        expected.remove(&keys.delivery(ID));
        expected.remove(&keys.delivery_external_id("x"));
        assert_eq!(call(&keys).answer(&mut store.db), "1");
        assert_eq!(store.everything(), expected);
    }
}

#[test]
fn nothing_goes_when_something_has_changed() {
    let mut store = Store::start();
    let keys = store.keys.clone();
    for (gone, call) in [
        (keys.delivery(ID), of_request as fn(&Keys) -> Call),
        (keys.delivery(ID), of_batch),
        (keys.request(ID), of_request),
        (keys.batch(ID), of_batch),
        (keys.status("resolved"), of_request),
        (keys.batch_items("b"), of_batch),
    ] {
        store.clear();
        prepare(&mut store);
        let () = store.db.del(&gone).unwrap();
        is_left(&mut store, call);
    }
    prepare(&mut store);
    store.add(&keys.batch_items("b"), "third");
    is_left(&mut store, of_batch);
}

fn is_left(store: &mut Store, call: fn(&Keys) -> Call) {
    let before = store.everything();
    assert_eq!(call(&store.keys).answer(&mut store.db), "0");
    assert_eq!(store.everything(), before);
}

#[test]
fn a_key_of_another_type_stops_it() {
    let mut store = Store::start();
    for call in [of_request, of_batch] {
        let call = call(&store.keys);
        for key in &call.keys {
            store.clear();
            prepare(&mut store);
            let () = store.db.del(key).unwrap();
            let () = store.db.rpush(key, "a list").unwrap();
            let before = store.everything();
            let error = call.run(&mut store.db).unwrap_err();
            assert!(is_plain_refusal(&error), "{error}");
            assert_eq!(store.everything(), before);
        }
    }
}

#[test]
fn without_the_right_to_delete_it_is_refused() {
    let mut store = Store::start();
    prepare(&mut store);
    let before = store.everything();
    let call = of_request(&store.keys);
    let mut user = store
        .user(&["~*".to_owned(), "-UNLINK".to_owned()])
        .unwrap();
    let error = call.run(&mut user).unwrap_err();
    assert!(is_plain_refusal(&error), "{error}");
    assert_eq!(store.everything(), before);
}
