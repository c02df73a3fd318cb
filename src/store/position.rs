//! A place in a sorted set, as text that a caller can hold and hand back.

use std::fmt::{self, Write as _};

/// Behind this entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// Its id.
    pub id: Vec<u8>,
    /// Its score, as the server writes it.
    pub score: String,
}

impl Position {
    /// Reads what `to_string` has written; `None` for an empty text, the beginning.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (score, id) = text.split_once(' ')?;
        Some(Self {
            id: unhex(id)?,
            score: score.to_owned(),
        })
    }
}

/// Ids may be any bytes: they are written in hexadecimal.
impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.score, hex(&self.id))
    }
}

/// Bytes as hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // A String takes whatever it is given.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The bytes that `hex` has written as these digits. Nothing else is read, so that two texts never mean
/// the same.
#[must_use]
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    digits
        .chunks(2)
        .map(|pair| Some(16 * digit(pair[0])? + digit(pair[1])?))
        .collect()
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_comes_back_as_it_was() {
        for id in [&b""[..], b"a b", b"\x00\xff\"\\"] {
            let position = Position {
                id: id.to_vec(),
                score: "1.7e+12".to_owned(),
            };
            assert_eq!(Position::read(&position.to_string()), Some(position));
        }
        assert_eq!(Position::read(""), None);
        for other in ["1 abc", "1 0g", "1 +1", "1 AB"] {
            assert_eq!(Position::read(other), None, "{other}");
        }
    }
}
