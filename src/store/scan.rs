//! Scanning the keys of a store among all keys of a database.

use redis::Value;

use super::dialogue::{Command, Talk};
use super::reply::{accepted, array, bytes};
use crate::error::Error;

/// The next keys that begin with `prefix`, of about `count` that the server looks at, and the
/// cursor to go on from, if there is more to look at.
pub async fn scan(
    talk: &Talk,
    cursor: &str,
    prefix: &[u8],
    count: usize,
) -> Result<(Option<String>, Vec<Vec<u8>>), Error> {
    let (pattern, count) = (pattern(prefix), count.to_string());
    let request = [
        &b"SCAN"[..],
        cursor.as_bytes(),
        b"MATCH",
        &pattern,
        b"COUNT",
        count.as_bytes(),
    ];
    let replies = accepted(talk.ask(vec![Command::new(&request)]).await.values)?;
    let mut parts = replies
        .into_iter()
        .next()
        .and_then(array)
        .into_iter()
        .flatten();
    let (Some(next), Some(Value::Array(keys))) = (parts.next().and_then(bytes), parts.next())
    else {
        return Err(Error::UnexpectedReply("SCAN"));
    };
    let next = String::from_utf8_lossy(&next).into_owned();
    let keys = keys.into_iter().filter_map(bytes).collect();
    Ok(((next != "0").then_some(next), keys))
}

/// A glob pattern for what begins with these bytes.
fn pattern(prefix: &[u8]) -> Vec<u8> {
    let mut pattern = Vec::with_capacity(prefix.len() + 8);
    for byte in prefix {
        if b"*?[]\\^-".contains(byte) {
            pattern.push(b'\\');
        }
        pattern.push(*byte);
    }
    pattern.push(b'*');
    pattern
}

#[cfg(test)]
mod tests {
    use super::pattern;

    #[test]
    fn what_a_pattern_takes_for_a_sign_is_taken_for_itself() {
        assert_eq!(pattern(b"{a}:b[c]*?"), b"{a}:b\\[c\\]\\*\\?*");
    }
}
