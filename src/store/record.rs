//! Stored JSON, read and changed without re-encoding a byte of what stays.
//!
//! A record is one JSON object. This module finds the spans of its top-level members and
//! splices new values in. Of duplicate members the last one counts, as in V8.

use std::borrow::Cow;
use std::ops::Range;

use super::json::{expect, quote_into, skip_space, text, value_span};

/// The writing order of a request record.
pub const REQUEST_ORDER: &[&str] = &[
    "id",
    "token",
    "channel",
    "namespace",
    "message",
    "actions",
    "context",
    "status",
    "externalId",
    "externalIds",
    "result",
    "createdAt",
    "resolvedAt",
    "batchId",
    "batchIndex",
];

/// The writing order of a batch record.
pub const BATCH_ORDER: &[&str] = &[
    "id",
    "channel",
    "message",
    "actions",
    "context",
    "externalId",
    "externalIds",
    "createdAt",
];

/// The writing order of a notify delivery.
pub const DELIVERY_ORDER: &[&str] = &[
    "id",
    "channel",
    "message",
    "groupId",
    "externalId",
    "createdAt",
];

/// One JSON object as it is stored, with the spans of its members.
#[derive(Clone)]
pub struct Record<'a> {
    json: &'a [u8],
    members: Vec<Member<'a>>,
    /// Where a further member goes: behind the last value, or behind the opening brace.
    end: usize,
}

#[derive(Clone)]
struct Member<'a> {
    name: Option<Cow<'a, str>>,
    value: Range<usize>,
}

impl<'a> Record<'a> {
    /// Reads a JSON object; `None` where the text is anything else.
    #[must_use]
    pub fn parse(json: &'a [u8]) -> Option<Self> {
        let mut at = expect(json, 0, b'{')?;
        let mut members = Vec::with_capacity(16);
        let mut end = at;
        if let Some(close) = expect(json, at, b'}') {
            at = close;
        } else {
            loop {
                let name = value_span(json, at).filter(|span| json[span.start] == b'"')?;
                let colon = expect(json, name.end, b':')?;
                let value = value_span(json, colon)?;
                end = value.end;
                members.push(Member {
                    name: text(&json[name]),
                    value,
                });
                if let Some(close) = expect(json, end, b'}') {
                    at = close;
                    break;
                }
                at = expect(json, end, b',')?;
            }
        }
        (skip_space(json, at) == json.len()).then_some(Self { json, members, end })
    }

    /// The JSON text of a member's value.
    #[must_use]
    pub fn raw(&self, name: &str) -> Option<&'a [u8]> {
        self.find(name)
            .map(|member| &self.json[member.value.clone()])
    }

    /// A member's value where it is a JSON string.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        text(self.raw(name)?)
    }

    /// All members: their names, where these are text, and the spans of their values.
    pub fn members(&self) -> impl Iterator<Item = (Option<&str>, Range<usize>)> {
        self.members
            .iter()
            .map(|member| (member.name.as_deref(), member.value.clone()))
    }

    /// The values of all members, as JSON text.
    pub fn values(&self) -> impl Iterator<Item = &'a [u8]> + '_ {
        self.members
            .iter()
            .map(|member| &self.json[member.value.clone()])
    }

    /// The record with `changes` spliced in: over the value that a member has, else at the
    /// member's place in `order`, else at the end.
    #[must_use]
    pub fn with(&self, changes: &[(&str, &[u8])], order: &[&str]) -> Vec<u8> {
        let ordered = self.is_ordered(order);
        let mut splices: Vec<(Range<usize>, Vec<u8>)> = Vec::with_capacity(changes.len());
        for (name, value) in changes {
            if let Some(member) = self.find(name) {
                splices.push((member.value.clone(), value.to_vec()));
                continue;
            }
            let place = ordered.then(|| self.place(name, order)).flatten();
            let at = place.unwrap_or(self.end);
            let first = self.members.is_empty() && splices.is_empty();
            let mut member = if first { Vec::new() } else { vec![b','] };
            quote_into(&mut member, name);
            member.push(b':');
            member.extend_from_slice(value);
            splices.push((at..at, member));
        }
        // Stable: members that go to one place keep the order of `changes`.
        splices.sort_by_key(|(range, _)| range.start);
        let mut out = Vec::with_capacity(
            self.json.len() + splices.iter().map(|(_, new)| new.len()).sum::<usize>(),
        );
        let mut from = 0;
        for (range, new) in &splices {
            out.extend_from_slice(&self.json[from..range.start]);
            out.extend_from_slice(new);
            from = range.end;
        }
        out.extend_from_slice(&self.json[from..]);
        out
    }

    fn find(&self, name: &str) -> Option<&Member<'a>> {
        self.members
            .iter()
            .rev()
            .find(|member| member.name.as_deref() == Some(name))
    }

    /// Whether the known members stand in the writing order.
    fn is_ordered(&self, order: &[&str]) -> bool {
        self.ranks(order).is_sorted()
    }

    /// Behind the value of the nearest member that the order puts before `name`.
    fn place(&self, name: &str, order: &[&str]) -> Option<usize> {
        let rank = order.iter().position(|known| *known == name)?;
        let stands_before = |name: &str| order[..rank].contains(&name);
        let mut nearest_first = self.members.iter().rev();
        let before =
            nearest_first.find(|member| member.name.as_deref().is_some_and(stands_before))?;
        Some(before.value.end)
    }

    fn ranks(&self, order: &[&str]) -> impl Iterator<Item = usize> {
        self.members.iter().filter_map(|member| {
            order
                .iter()
                .position(|known| Some(*known) == member.name.as_deref())
        })
    }
}

/// Whether two records have the same JSON text in these members.
#[must_use]
pub fn same_members(stored: &[u8], given: &[u8], names: &[&str]) -> bool {
    let (Some(stored), Some(given)) = (Record::parse(stored), Record::parse(given)) else {
        return false;
    };
    names.iter().all(|name| stored.raw(name) == given.raw(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Option<Record<'_>> {
        Record::parse(json.as_bytes())
    }

    fn with(json: &str, changes: &[(&str, &str)]) -> String {
        let changes: Vec<_> = changes
            .iter()
            .map(|(name, value)| (*name, value.as_bytes()))
            .collect();
        String::from_utf8(parse(json).unwrap().with(&changes, REQUEST_ORDER)).unwrap()
    }

    #[test]
    fn only_json_objects_are_records() {
        for text in [
            "",
            " ",
            "[]",
            "null",
            "1",
            "\"a\"",
            "{",
            "{}x",
            "{a:1}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{\"a\" 1}",
            "{'a':1}",
            "{\"a\":01}",
            "{\"a\":\"\u{1}\"}",
            "{1:2}",
            "\u{feff}{}",
        ] {
            assert!(parse(text).is_none(), "{text:?}");
        }
        for text in [
            "{}",
            " { } ",
            "{\"a\":1e400}",
            "{\"a\":\"\\ud800\"}",
            "{\"\\ud800\":1,\"b\":[]}",
            "{\"a\":1 , \"b\" : {} }\n",
        ] {
            assert!(parse(text).is_some(), "{text:?}");
        }
    }

    #[test]
    fn nesting_has_no_limit() {
        let json = format!("{{\"a\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
        assert_eq!(parse(&json).unwrap().raw("a").unwrap().len(), 20_001);
    }

    #[test]
    fn the_last_duplicate_counts_as_in_v8() {
        let record = parse(r#"{"status":"resolved","\u0073tatus":"pending"}"#).unwrap();
        assert_eq!(record.text("status").unwrap(), "pending");
        assert_eq!(
            with(r#"{"status":1,"status":2}"#, &[("status", "3")]),
            r#"{"status":1,"status":3}"#
        );
    }

    #[test]
    fn every_value_is_met() {
        let record = parse(r#"{"a":1,"b":[2],"a":"3"}"#).unwrap();
        let values: Vec<&[u8]> = record.values().collect();
        assert_eq!(values, [&b"1"[..], b"[2]", b"\"3\""]);
    }

    #[test]
    fn records_are_compared_by_the_members_that_are_named() {
        let same = |other: &str, names: &[&str]| {
            same_members(br#"{"a":1,"b":"x"}"#, other.as_bytes(), names)
        };
        assert!(same(r#"{"b":"y","a":1}"#, &["a", "missing"]));
        assert!(!same(r#"{"b":"y","a":1}"#, &["a", "b"]));
        assert!(!same(r#"{"a":1.0}"#, &["a"]));
        assert!(!same("{", &[]));
    }

    #[test]
    fn members_go_to_their_place_in_the_writing_order() {
        assert_eq!(
            with(
                r#"{"id":"a","status":"pending","createdAt":"c","batchId":"b"}"#,
                &[
                    ("status", "\"resolved\""),
                    ("result", "{}"),
                    ("resolvedAt", "\"r\"")
                ],
            ),
            r#"{"id":"a","status":"resolved","result":{},"createdAt":"c","resolvedAt":"r","batchId":"b"}"#
        );
    }

    #[test]
    fn members_without_a_place_go_to_the_end() {
        assert_eq!(
            with(
                r#"{"createdAt":"c", "status":"pending" }"#,
                &[("result", "1"), ("resolvedAt", "2")]
            ),
            r#"{"createdAt":"c", "status":"pending","result":1,"resolvedAt":2 }"#
        );
        assert_eq!(
            with(
                r#"{"status":"pending","id":"a","createdAt":"c"}"#,
                &[("result", "1")]
            ),
            r#"{"status":"pending","id":"a","createdAt":"c","result":1}"#
        );
        assert_eq!(
            with("{ }", &[("result", "1"), ("resolvedAt", "2")]),
            r#"{"result":1,"resolvedAt":2 }"#
        );
    }
}
