//! By what a script of maintenance knows that a record is still what was read.
//!
//! Hashing holds the server for some 8 ms a megabyte. So a large record is compared without the
//! insides of what its user has put into it, which no index depends on: by its length, and by all
//! the rest. Nobody writes a record otherwise than as a whole, so that a change of the rest cannot
//! hide in there.

use std::fmt::Write as _;

use sha1_smol::Sha1;

use super::decision::fingerprint;
use super::record::Record;

/// Longer records, in bytes, are compared without the insides of their users' values.
const WHOLE: usize = 64 << 10;

/// The members that are the user's.
const INNER: &[&str] = &["message", "actions", "context", "result", "detail"];

/// The seal of a record, as `maintenance/sealed.lua` reads it: its SHA-1; of a large one the SHA-1 of
/// some ranges, its length, and the first and last byte of each range.
#[must_use]
pub fn seal(stored: &[u8]) -> String {
    let large = (stored.len() > WHOLE).then(|| Record::parse(stored));
    let Some(record) = large.flatten() else {
        return fingerprint(stored);
    };
    let (mut sha, mut ranges, mut from) = (Sha1::new(), String::new(), 0);
    let values = record
        .members()
        .filter(|(name, _)| name.is_some_and(|name| INNER.contains(&name)))
        .map(|(_, value)| value);
    for value in values.chain(std::iter::once(stored.len()..stored.len())) {
        sha.update(&stored[from..value.start]);
        // A String takes whatever it is given.
        let _ = write!(ranges, " {from} {}", value.start - 1);
        from = value.end;
    }
    format!("{} {}{ranges}", sha.digest(), stored.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(context: &str, rest: &str) -> Vec<u8> {
        format!("{{\"id\":\"a\",\"context\":\"{context}\",\"status\":\"{rest}\"}}").into_bytes()
    }

    #[test]
    fn a_small_record_is_compared_whole() {
        let rest = record("", "pending").len();
        for size in [rest + 1, WHOLE] {
            let stored = record(&"x".repeat(size - rest), "pending");
            assert_eq!(stored.len(), size);
            assert_eq!(seal(&stored), fingerprint(&stored));
        }
    }

    #[test]
    fn a_large_one_by_its_length_and_all_but_what_its_user_has_written() {
        let large = |fill: &str, rest: &str| seal(&record(&fill.repeat(WHOLE), rest));
        let stored = large("x", "pending");
        let size = record(&"x".repeat(WHOLE), "pending").len();
        let behind = size - ",\"status\":\"pending\"}".len();
        let ranges = format!(" {size} 0 19 {behind} {}", size - 1);
        assert!(
            stored.ends_with(&ranges),
            "{stored} does not end on {ranges}"
        );
        assert_eq!(stored, large("y", "pending"));
        assert_ne!(stored, large("x", "decided"));
        assert_ne!(stored, large("xy", "pending"));
    }

    #[test]
    fn what_is_no_record_is_compared_whole() {
        let stored = "x".repeat(2 * WHOLE).into_bytes();
        assert_eq!(seal(&stored), fingerprint(&stored));
    }
}
