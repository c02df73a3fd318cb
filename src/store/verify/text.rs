//! What a member of a record is called in keys.

use std::borrow::Cow;

use crate::store::external_ids::external_ids_of;
use crate::store::json::text;
use crate::store::record::Record;

/// The text of a string, a number or a literal; `None` for what no key can be built from, or is
/// built from in ways that the record does not tell.
pub fn key_text(raw: &[u8]) -> Option<Cow<'_, str>> {
    match raw.first()? {
        b'"' => text(raw),
        b'{' | b'[' => None,
        _ => Some(String::from_utf8_lossy(raw)),
    }
}

/// The text of a member that is there and not `null`.
pub fn member<'a>(record: &Record<'a>, name: &str) -> Option<Cow<'a, str>> {
    record
        .raw(name)
        .filter(|raw| *raw != b"null")
        .and_then(key_text)
}

/// Whether the record itself says that it is the one with that id.
pub fn is_of(record: &Record<'_>, id: &[u8]) -> bool {
    member(record, "id").is_some_and(|own| own.as_bytes() == id)
}

/// The external ids of a record, each once.
pub fn external_ids(record: &Record<'_>) -> Vec<String> {
    external_ids_of(record, |raw| key_text(raw).map(Cow::into_owned))
}

/// The namespace of a request, as index keys have it.
pub fn namespace<'a>(record: &Record<'a>) -> Option<Cow<'a, str>> {
    match record.raw("namespace") {
        None | Some(b"null") => Some(Cow::Borrowed("global")),
        Some(raw) => key_text(raw),
    }
}
