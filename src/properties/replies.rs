//! Replies are the same in whatever pieces they arrive.

use redis::Value;

use super::draw::Draw;
use crate::connection::{Frame, parse_reply};

/// Deepest nesting that is drawn: no reply of ours has more.
const DEPTH: usize = 4;

/// A reply as a server writes it, and what it says.
fn reply(draw: &mut Draw<'_>, depth: usize, out: &mut Vec<u8>) -> Value {
    let kinds = if depth == 0 { 5 } else { 6 };
    match draw.below(kinds) {
        0 => {
            out.extend_from_slice(b"$-1\r\n");
            Value::Nil
        }
        1 => {
            let number = i64::from_le_bytes(std::array::from_fn(|_| {
                u8::try_from(draw.below(256)).expect("a byte")
            }));
            out.extend_from_slice(format!(":{number}\r\n").as_bytes());
            Value::Int(number)
        }
        2 => {
            out.extend_from_slice(b"+OK\r\n");
            Value::Okay
        }
        3 => {
            let text = draw.text(&["a", "$1", " "]).replace(['\r', '\n'], "");
            let text = format!("{text}.");
            out.extend_from_slice(format!("+{text}\r\n").as_bytes());
            Value::SimpleString(text)
        }
        4 => {
            let bytes = draw.bytes(40);
            out.extend_from_slice(format!("${}\r\n", bytes.len()).as_bytes());
            out.extend_from_slice(bytes);
            out.extend_from_slice(b"\r\n");
            Value::BulkString(bytes.to_vec())
        }
        _ => {
            let count = draw.below(5);
            out.extend_from_slice(format!("*{count}\r\n").as_bytes());
            Value::Array((0..count).map(|_| reply(draw, depth - 1, out)).collect())
        }
    }
}

/// All replies of a stream that arrives in pieces which end at `ends`, and whether it ended in an error.
fn decode(stream: &[u8], ends: &[usize]) -> (Vec<Option<Value>>, bool) {
    let mut replies = Vec::new();
    let (mut start, mut frame) = (0, Frame::new());
    for end in ends {
        loop {
            match frame.complete(&stream[start..*end]) {
                Ok(Some(length)) => {
                    replies.push(parse_reply(&stream[start..start + length]).ok());
                    start += length;
                    frame = Frame::new();
                    // Nothing is asked about no bytes.
                    if start == *end {
                        break;
                    }
                }
                Ok(None) => break,
                Err(_) => return (replies, true),
            }
        }
    }
    (replies, false)
}

/// Where pieces end: the last one with the stream.
fn ends(draw: &mut Draw<'_>, length: usize) -> Vec<usize> {
    let mut ends: Vec<usize> = (0..draw.below(12))
        .map(|_| (draw.below(256) * 256 + draw.below(256)) % (length + 1))
        .chain([length])
        .collect();
    ends.sort_unstable();
    ends
}

/// What a server writes is read as it was meant, and any bytes, also those that no server writes, are
/// read alike however they are cut.
pub fn replies(data: &[u8]) {
    let mut draw = Draw::new(data);
    let is_any = draw.below(3) == 0;
    let cuts = ends(&mut draw, 1 << 16);
    let (mut stream, mut expected) = (Vec::new(), Vec::new());
    if is_any {
        stream.extend_from_slice(draw.rest());
    } else {
        while !draw.is_over() {
            expected.push(Some(reply(&mut draw, DEPTH, &mut stream)));
        }
    }
    let whole = decode(&stream, &[stream.len()]);
    let mut pieces: Vec<usize> = cuts.iter().map(|cut| cut % (stream.len() + 1)).collect();
    pieces.push(stream.len());
    pieces.sort_unstable();
    let bytewise: Vec<usize> = (1..=stream.len()).collect();
    assert_eq!(decode(&stream, &pieces), whole, "cut at {pieces:?}");
    assert_eq!(decode(&stream, &bytewise), whole, "byte after byte");
    if !is_any {
        assert_eq!(whole, (expected, false));
    }
}
