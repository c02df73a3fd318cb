//! No two things share a key.

use super::draw::Draw;
use crate::store::keys::Keys;

/// A kind of key, with the text that it is about.
type Family = fn(&Keys, &str, &str) -> Vec<u8>;

/// Every kind of key that is built from what users say.
const FAMILIES: [(&str, Family); 13] = [
    ("request", |keys, id, _| keys.request(id)),
    ("token", |keys, id, _| keys.token(id)),
    ("external id", |keys, id, _| keys.external_id(id)),
    ("namespace", |keys, _, name| keys.namespace(name)),
    ("pending of namespace", |keys, _, name| {
        keys.namespace_status(name, "pending")
    }),
    ("resolved of namespace", |keys, _, name| {
        keys.namespace_status(name, "resolved")
    }),
    ("batch", |keys, id, _| keys.batch(id)),
    ("batch's external id", |keys, id, _| {
        keys.batch_external_id(id)
    }),
    ("batch items", |keys, id, _| keys.batch_items(id)),
    ("entry", |keys, id, _| keys.entry(id)),
    ("thread", |keys, id, _| keys.thread(id)),
    ("delivery", |keys, id, _| keys.delivery(id)),
    ("delivery's external id", |keys, id, _| {
        keys.delivery_external_id(id)
    }),
];

/// The kinds that name no user's text, and the marker, which is only ours.
fn fixed(keys: &Keys) -> [Vec<u8>; 4] {
    [
        keys.all(),
        keys.status("pending"),
        keys.status("resolved"),
        keys.migrations(),
    ]
}

/// What layout 3 lets share a key: the JavaScript version built them so, and the types of the two keys
/// differ, so that the server refuses what comes second.
const SHARED: [(&str, &str, &str); 2] = [
    // kind, what its text begins with, the kind whose key it then has
    ("thread", "entry:", "entry"),
    ("batch items", "ext:", "batch's external id"),
];

const DELICATE: [&str; 14] = [
    ":", "ext:", "entry:", "req:", "idx:", "batch:", "status:", "pending", "resolved", "a", "all",
    "notify:", "meta:", "ns:",
];

/// What a namespace may be: `index.js` lets nothing else in.
fn is_namespace(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    !text.is_empty() && text.bytes().all(allowed)
}

fn are_shared(one: (&str, &str), other: (&str, &str)) -> bool {
    SHARED.iter().any(|(kind, beginning, with)| {
        (one.0, other.0) == (*kind, *with) && one.1.strip_prefix(beginning) == Some(other.1)
    })
}

/// Two keys of a store are the same only if they are of one kind and about the same text, apart from
/// what the layout lets share.
pub fn keys(data: &[u8]) {
    let mut draw = Draw::new(data);
    let keys = Keys::new(draw.bytes(12).to_vec());
    let mut one = || {
        let (kind, family) = draw.pick(&FAMILIES);
        let text = draw.text(&DELICATE);
        let name = if is_namespace(&text) { &text } else { "global" };
        let is_namespaced = kind.contains("namespace");
        let about = if is_namespaced { name } else { &text }.to_owned();
        (kind, family(&keys, &text, name), about)
    };
    let (left, right) = (one(), one());
    let same = (left.0, &left.2) == (right.0, &right.2);
    let shared = are_shared((left.0, &left.2), (right.0, &right.2))
        || are_shared((right.0, &right.2), (left.0, &left.2));
    assert_eq!(left.1 == right.1, same || shared, "{left:?} {right:?}");
    for key in fixed(&keys) {
        assert_ne!(left.1, key, "{left:?}");
    }
    assert!(left.1.starts_with(keys.prefix()));
    assert_ne!(keys.resolve_marker(&left.2), left.1, "{left:?}");
}
