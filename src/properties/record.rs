//! Records mean to us what they mean to V8, and keep every byte that had no reason to change.

use super::draw::Draw;
use super::v8;
use crate::store::json::quoted;
use crate::store::record::{REQUEST_ORDER, Record};

const NAMES: [&str; 12] = [
    "\"id\"",
    "\"status\"",
    "\"st\\u0061tus\"",
    "\"externalId\"",
    "\"result\"",
    "\"createdAt\"",
    "\"resolvedAt\"",
    "\"batchIndex\"",
    "\"__proto__\"",
    "\"\\ud800\"",
    "\"\"",
    "\"7\"",
];

const VALUES: [&str; 14] = [
    "null",
    "true",
    "0",
    "-1.5e-7",
    "1e400",
    "01",
    "\"\"",
    "\"pending\"",
    "\",\\\"status\\\":\\\"pending\\\"}\"",
    "\"\\ud83d\\ude00\u{2028}é\"",
    "\"\\udc00\"",
    "[]",
    "[{\"status\":\"pending\"},[1]]",
    "{\"id\":{\"a\":[{}]}}",
];

const SPACES: [&str; 6] = ["", "", "", " ", "\n\t", "\r "];

/// A text that is a JSON object more often than not.
fn json(draw: &mut Draw<'_>) -> String {
    let mut text = draw.pick(&SPACES).to_owned();
    let mut push = |parts: &[&str]| parts.iter().for_each(|part| text.push_str(part));
    push(&["{"]);
    let count = draw.below(7);
    for nth in 0..count {
        let comma = if nth == 0 { "" } else { "," };
        push(&[draw.pick(&SPACES), comma, draw.pick(&SPACES)]);
        push(&[draw.pick(&NAMES), draw.pick(&SPACES), ":"]);
        push(&[draw.pick(&SPACES), draw.pick(&VALUES)]);
    }
    push(&[draw.pick(&SPACES), "}", draw.pick(&SPACES)]);
    text
}

/// V8's oracle on a text: whether it is a record, what its members say, and what splicing makes of it.
pub fn record(data: &[u8]) {
    let mut draw = Draw::new(data);
    let is_any = draw.below(4) == 0;
    let changes: Vec<(&str, &str)> = [
        ("status", "\"resolved\""),
        ("result", "{\"a\":[1]}"),
        ("new", "null"),
    ]
    .into_iter()
    .filter(|_| draw.below(3) > 0)
    .collect();
    let text = if is_any {
        String::from_utf8_lossy(draw.rest()).into_owned()
    } else {
        json(&mut draw)
    };
    let members = v8::members(&text);
    let record = Record::parse(text.as_bytes());
    assert_eq!(record.is_some(), members.is_some(), "{text:?}");
    quotes(&text);
    let (Some(record), Some(members)) = (record, members) else {
        return;
    };
    for (name, value) in &members {
        let raw = record.raw(name).expect("a member that V8 knows");
        let raw = String::from_utf8(raw.to_vec()).expect("a part of a text");
        let said = v8::members(&format!("{{\"is\":{raw}}}"));
        assert_eq!(
            said,
            Some(vec![("is".to_owned(), value.clone())]),
            "{text:?}"
        );
    }
    spliced(&text, &record, &changes);
}

fn spliced(text: &str, record: &Record<'_>, changes: &[(&str, &str)]) {
    let bytes: Vec<(&str, &[u8])> = changes
        .iter()
        .map(|(name, value)| (*name, value.as_bytes()))
        .collect();
    let after = String::from_utf8(record.with(&bytes, REQUEST_ORDER)).expect("text stays text");
    assert!(
        v8::is_assigned(text, changes, &after),
        "{text:?} became {after:?}"
    );
    // Taking the new values out again leaves the bytes that were there, in their order.
    let again = Record::parse(after.as_bytes()).expect("a record stays a record");
    let restored: Vec<(&str, &[u8])> = changes
        .iter()
        .filter_map(|(name, _)| Some((*name, record.raw(name)?)))
        .collect();
    let back = again.with(&restored, REQUEST_ORDER);
    if restored.len() == changes.len() {
        assert_eq!(back, text.as_bytes(), "{text:?}");
    }
    let mut left = back.iter();
    let is_left = text.bytes().all(|byte| left.any(|other| *other == byte));
    assert!(is_left, "{text:?} became {after:?}");
}

/// Names and texts are quoted byte for byte as V8 quotes them.
fn quotes(text: &str) {
    assert_eq!(String::from_utf8_lossy(&quoted(text)), v8::quoted(text));
}
