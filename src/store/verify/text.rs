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

#[cfg(test)]
mod tests {
    use super::*;

    fn record(json: &str) -> Record<'_> {
        Record::parse(json.as_bytes()).unwrap()
    }

    #[test]
    fn keys_are_built_from_texts_numbers_and_literals() {
        let record = record(r#"{"text":"a\u0062","number":-7,"no":false,"object":{},"list":[]}"#);
        for (name, text) in [
            ("text", Some("ab")),
            ("number", Some("-7")),
            ("no", Some("false")),
            ("object", None),
            ("list", None),
            ("missing", None),
        ] {
            assert_eq!(member(&record, name).as_deref(), text, "{name}");
        }
        assert_eq!(key_text(b""), None);
        assert_eq!(key_text(b"null").as_deref(), Some("null"));
    }

    #[test]
    fn null_is_as_good_as_missing() {
        assert_eq!(member(&record(r#"{"id":null}"#), "id"), None);
        assert!(!is_of(&record(r#"{"id":null}"#), b"null"));
        let ids = external_ids(&record(
            r#"{"externalIds":{"a":null,"b":"x"},"externalId":null}"#,
        ));
        assert_eq!(ids, ["x"]);
    }

    #[test]
    fn a_record_says_which_one_it_is() {
        assert!(is_of(&record(r#"{"id":"a"}"#), b"a"));
        assert!(!is_of(&record(r#"{"id":"a"}"#), b"b"));
        assert!(!is_of(&record("{}"), b""));
    }

    #[test]
    fn each_external_id_counts_once() {
        let ids = external_ids(&record(
            r#"{"externalIds":{"a":"x","b":7,"c":"x","d":{}},"externalId":"7"}"#,
        ));
        assert_eq!(ids, ["7", "x"]);
        assert!(external_ids(&record("{}")).is_empty());
    }

    #[test]
    fn a_request_without_a_namespace_is_in_the_global_one() {
        for (json, expected) in [
            ("{}", Some("global")),
            (r#"{"namespace":null}"#, Some("global")),
            (r#"{"namespace":"team"}"#, Some("team")),
            (r#"{"namespace":7}"#, Some("7")),
            (r#"{"namespace":[]}"#, None),
        ] {
            assert_eq!(namespace(&record(json)).as_deref(), expected, "{json}");
        }
    }
}
