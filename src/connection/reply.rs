//! Finds complete replies in what arrives from the server.
//!
//! The `redis` crate turns a complete reply into a [`Value`]; what it does not offer in its
//! public API is to tell, byte after byte, where a reply ends. [`Frame`] does that for RESP2 and
//! remembers how far it has come, so that a reply of 10 MB or of 10,000 elements is looked at
//! once however many pieces it arrives in.

use redis::{ServerError, Value, parse_redis_value};

use crate::error::Error;

/// A header line (`$12`, `*3`, `:7`) is short; a status or an error may be long, but not this long.
const LONGEST_LINE: usize = 1 << 20;

/// How far the reply at the front of a buffer has been followed.
#[derive(Debug)]
pub(crate) struct Frame {
    /// Where the next unread element begins. May lie beyond what has arrived: a bulk string is
    /// skipped as soon as its length is known.
    next: usize,
    /// Where the search for the end of that element's line goes on.
    searched: usize,
    /// Elements still to come before the reply is complete.
    missing: u64,
}

impl Frame {
    pub(crate) fn new() -> Self {
        Self {
            next: 0,
            searched: 0,
            missing: 1,
        }
    }

    /// The length of the reply that begins at the start of `buffer`, once it is complete.
    /// The next call must show the same bytes and perhaps more.
    pub(crate) fn complete(&mut self, buffer: &[u8]) -> Result<Option<usize>, Error> {
        while self.missing > 0 {
            let Some(line) = self.line(buffer)? else {
                return Ok(None);
            };
            let (kind, text, after) = (buffer[self.next], &buffer[self.next + 1..line], line + 2);
            self.missing -= 1;
            self.next = after;
            match kind {
                b'+' | b'-' | b':' => {}
                b'$' => {
                    if let Some(length) = length(text)? {
                        let size = usize::try_from(length).map_err(|_| garbled())?;
                        let end = after.checked_add(size).and_then(|end| end.checked_add(2));
                        self.next = end.ok_or_else(garbled)?;
                    }
                }
                b'*' => {
                    if let Some(elements) = length(text)? {
                        self.missing = self.missing.checked_add(elements).ok_or_else(garbled)?;
                    }
                }
                _ => return Err(garbled()),
            }
            self.searched = self.next;
        }
        Ok((self.next <= buffer.len()).then_some(self.next))
    }

    /// Where the line that begins at `next` ends, once its end has arrived.
    fn line(&mut self, buffer: &[u8]) -> Result<Option<usize>, Error> {
        let Some(rest) = buffer.get(self.searched..) else {
            return Ok(None);
        };
        if let Some(found) = rest.windows(2).position(|pair| pair == b"\r\n") {
            let end = self.searched + found;
            // An element that has no kind at all.
            return if end == self.next {
                Err(garbled())
            } else {
                Ok(Some(end))
            };
        }
        // The last byte may be the first half of the end.
        self.searched = buffer.len().saturating_sub(1).max(self.next);
        if self.searched - self.next > LONGEST_LINE {
            return Err(garbled());
        }
        Ok(None)
    }
}

/// A length as RESP2 writes it; `None` for the null that is written as -1.
fn length(text: &[u8]) -> Result<Option<u64>, Error> {
    if text == b"-1" {
        return Ok(None);
    }
    // `parse` alone would take a sign.
    let digits = text.iter().all(u8::is_ascii_digit);
    let number = std::str::from_utf8(text).ok().filter(|_| digits);
    number
        .and_then(|number| number.parse().ok())
        .map(Some)
        .ok_or_else(garbled)
}

/// The value of a complete reply.
pub(crate) fn parse(frame: &[u8]) -> Result<Value, Error> {
    if frame.first() == Some(&b'-') && std::str::from_utf8(frame).is_err() {
        // The server's errors repeat what it was sent, cut where a character may be halved.
        // The library reads UTF-8 only; losing half a character must not cost the connection.
        return parse(String::from_utf8_lossy(frame).as_bytes());
    }
    parse_redis_value(frame).map_err(|_| garbled())
}

/// The error that a reply is, if it is one.
pub(super) fn refusal(reply: &Value) -> Option<&ServerError> {
    match reply {
        Value::ServerError(error) => Some(error),
        _ => None,
    }
}

fn garbled() -> Error {
    Error::Connect {
        code: "EPROTO".into(),
        text: "The server sent something that is not a RESP2 reply".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replies() -> Vec<(Vec<u8>, Value)> {
        let bulk = |text: &str| Value::BulkString(text.as_bytes().to_vec());
        vec![
            (b"+OK\r\n".to_vec(), Value::Okay),
            (b"+\r\n".to_vec(), Value::SimpleString(String::new())),
            (b":-42\r\n".to_vec(), Value::Int(-42)),
            (b"$-1\r\n".to_vec(), Value::Nil),
            (b"*-1\r\n".to_vec(), Value::Nil),
            (b"$0\r\n\r\n".to_vec(), bulk("")),
            (b"$6\r\n$1\r\na\r\r\n".to_vec(), bulk("$1\r\na\r")),
            (b"*0\r\n".to_vec(), Value::Array(vec![])),
            (
                b"*3\r\n*2\r\n:1\r\n$2\r\nab\r\n*0\r\n$-1\r\n".to_vec(),
                Value::Array(vec![
                    Value::Array(vec![Value::Int(1), bulk("ab")]),
                    Value::Array(vec![]),
                    Value::Nil,
                ]),
            ),
        ]
    }

    #[test]
    fn every_reply_is_found_whatever_piece_it_arrives_in() {
        for (bytes, value) in replies() {
            for split in 0..bytes.len() {
                let mut frame = Frame::new();
                assert_eq!(
                    frame.complete(&bytes[..split]),
                    Ok(None),
                    "{split} of {bytes:?}"
                );
                assert_eq!(frame.complete(&bytes), Ok(Some(bytes.len())));
            }
            let mut bytewise = Frame::new();
            for end in 0..bytes.len() {
                assert_eq!(bytewise.complete(&bytes[..end]), Ok(None));
            }
            // What follows belongs to the next reply.
            let mut more = bytes.clone();
            more.extend_from_slice(b"$3\r\nab");
            assert_eq!(bytewise.complete(&more), Ok(Some(bytes.len())));
            assert_eq!(parse(&bytes), Ok(value));
        }
    }

    #[test]
    fn what_is_no_reply_is_an_error_and_not_a_panic() {
        let broken: [&[u8]; 10] = [
            b"hello\r\n",
            b"\r\n",
            b"$x\r\n",
            b"$+3\r\nabc\r\n",
            b"$-2\r\n",
            b"*-7\r\n",
            b"$18446744073709551615\r\n",
            b"*99999999999999999999\r\n",
            b"*1\r\n%1\r\n+a\r\n+b\r\n",
            b">1\r\n+message\r\n",
        ];
        for bytes in broken {
            assert!(Frame::new().complete(bytes).is_err(), "{bytes:?}");
        }
        assert!(parse(b":none\r\n").is_err());
        assert!(parse(b"$3\r\nabcde").is_err());
        let abyss = [b"*1\r\n".repeat(5000), b":1\r\n".to_vec()].concat();
        assert_eq!(Frame::new().complete(&abyss), Ok(Some(abyss.len())));
        assert!(parse(&abyss).is_err());
    }

    #[test]
    fn a_line_that_never_ends_is_an_error() {
        let endless = vec![b'-'; LONGEST_LINE + 2];
        assert!(Frame::new().complete(&endless).is_err());
    }

    #[test]
    fn an_error_that_repeats_half_a_character_is_still_that_error() {
        let value = parse(b"-ERR unknown command '\xe2\x82'\r\n").unwrap();
        assert_eq!(refusal(&value).unwrap().code(), "ERR");
    }
}
