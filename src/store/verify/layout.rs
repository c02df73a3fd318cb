//! What a key of the store is, by its name and type.

use crate::store::external_ids::Subject;

/// A string of the layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text {
    /// A record with this id.
    Record(Subject, Vec<u8>),
    /// A timeline entry with this id.
    Entry(Vec<u8>),
    /// The owner of this resume token.
    Token(Vec<u8>),
    /// The owner of an external id.
    ExternalId(Subject),
}

/// A sorted set of the layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Index {
    /// All requests, or all with a status.
    Requests,
    /// What stands behind `idx:ns:`.
    Namespace(Vec<u8>),
    /// The items of this batch.
    Batch(Vec<u8>),
    /// The entries of this thread.
    Thread(Vec<u8>),
}

/// What a string is whose key goes on like this behind the store's prefix and a colon; `None` where
/// the layout has no such string.
pub fn text(name: &[u8]) -> Option<Text> {
    let rest = |start: &str| name.strip_prefix(start.as_bytes()).map(<[u8]>::to_vec);
    if rest("idx:ext:").is_some() {
        Some(Text::ExternalId(Subject::Request))
    } else if rest("idx:batch:ext:").is_some() {
        Some(Text::ExternalId(Subject::Batch))
    } else if rest("idx:notify:ext:").is_some() {
        Some(Text::ExternalId(Subject::Delivery))
    } else if let Some(token) = rest("idx:token:") {
        Some(Text::Token(token))
    } else if let Some(id) = rest("timeline:entry:") {
        Some(Text::Entry(id))
    } else if let Some(id) = rest("req:") {
        Some(Text::Record(Subject::Request, id))
    } else if let Some(id) = rest("batch:") {
        Some(Text::Record(Subject::Batch, id))
    } else {
        rest("notify:").map(|id| Text::Record(Subject::Delivery, id))
    }
}

/// The same for a sorted set.
pub fn index(name: &[u8]) -> Option<Index> {
    let rest = |start: &str| name.strip_prefix(start.as_bytes()).map(<[u8]>::to_vec);
    if matches!(
        name,
        b"idx:all:req" | b"idx:status:pending" | b"idx:status:resolved"
    ) {
        Some(Index::Requests)
    } else if let Some(namespace) = rest("idx:ns:") {
        Some(Index::Namespace(namespace))
    } else if let Some(id) = rest("idx:batch:") {
        Some(Index::Batch(id))
    } else {
        rest("timeline:").map(Index::Thread)
    }
}

/// Whether the layout has keys of this name, of whatever type.
pub fn is_known(name: &[u8]) -> bool {
    text(name).is_some() || index(name).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_two_kinds_of_keys_share_are_told_apart_by_type() {
        assert_eq!(text(b"timeline:entry:x"), Some(Text::Entry(b"x".to_vec())));
        assert_eq!(
            index(b"timeline:entry:x"),
            Some(Index::Thread(b"entry:x".to_vec()))
        );
        assert_eq!(
            text(b"idx:batch:ext:x"),
            Some(Text::ExternalId(Subject::Batch))
        );
        assert_eq!(
            index(b"idx:batch:ext:x"),
            Some(Index::Batch(b"ext:x".to_vec()))
        );
    }

    #[test]
    fn what_the_layout_does_not_have_is_unknown() {
        for name in [
            "meta:migrations",
            "meta:resolve:x",
            "other:req:x",
            "idx:status:done",
            "",
        ] {
            assert!(!is_known(name.as_bytes()), "{name}");
        }
        assert!(is_known(b"req:x"));
        assert!(is_known(b"idx:all:req"));
    }
}
