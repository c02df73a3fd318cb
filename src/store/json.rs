//! JSON as text: where its values are, and what its strings say.
//!
//! Grammar is `serde_json`'s; meaning is V8's: nesting and numbers have no limits, and escapes may
//! be lone surrogates.

use std::borrow::Cow;
use std::ops::Range;

use serde::de::IgnoredAny;

/// What a JSON string says; `None` for any other JSON, and where it says a lone surrogate.
#[must_use]
pub fn text(raw: &[u8]) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    if inner.contains(&b'\\') {
        serde_json::from_slice::<String>(raw).ok().map(Cow::Owned)
    } else {
        std::str::from_utf8(inner).ok().map(Cow::Borrowed)
    }
}

/// Appends `text` as a JSON string, escaped as V8 escapes it.
pub fn quote_into(out: &mut Vec<u8>, text: &str) {
    // serde_json escapes the same characters in the same way as JSON.stringify, and a string
    // can only fail to serialize when the writer fails, which a Vec does not.
    let _ = serde_json::to_writer(out, text);
}

/// `text` as a JSON string.
#[must_use]
pub fn quoted(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    quote_into(&mut out, text);
    out
}

/// Appends an element to a JSON array whose opening bracket stands in `json`.
pub fn push_element(json: &mut Vec<u8>, element: &[u8]) {
    if json.last() != Some(&b'[') {
        json.push(b',');
    }
    json.extend_from_slice(element);
}

/// Behind white space.
pub fn skip_space(json: &[u8], mut at: usize) -> usize {
    while matches!(json.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// Behind `byte`, if it is what comes next.
pub fn expect(json: &[u8], at: usize, byte: u8) -> Option<usize> {
    let at = skip_space(json, at);
    (json.get(at) == Some(&byte)).then_some(at + 1)
}

/// Where the next value is, of whatever kind.
pub fn value_span(json: &[u8], at: usize) -> Option<Range<usize>> {
    let start = skip_space(json, at);
    let mut values = serde_json::Deserializer::from_slice(&json[start..]).into_iter::<IgnoredAny>();
    values.next()?.ok()?;
    Some(start..start + values.byte_offset())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_quoted_as_v8_quotes_them() {
        let text = "\u{0}\u{8}\u{c}\n\r\t\u{1f}\"\\/\u{7f}\u{2028}é😀";
        assert_eq!(
            String::from_utf8(quoted(text)).unwrap(),
            "\"\\u0000\\b\\f\\n\\r\\t\\u001f\\\"\\\\/\u{7f}\u{2028}é😀\""
        );
    }
}
