//! JSON in the form in which V8 reads it fastest, made in the runtime thread.
//!
//! V8 has strings of one byte a character, up to U+00FF, and of two. Out of UTF-8 it makes either
//! only after a look at every byte, in the JavaScript thread, and it parses two bytes more slowly
//! than one. JSON can be written without any character above U+00FF. Where there are many of them
//! two bytes are the better form: an escape takes six, and its string ends up with two all the same.

/// A text that JavaScript gets as it is.
pub enum Text {
    /// Latin-1.
    OneByte(Vec<u8>),
    /// UTF-16.
    TwoByte(Vec<u16>),
}

/// Of so many bytes of UTF-8 one character above U+00FF is escaped; of fewer, none.
const FEW: usize = 8;

impl Text {
    /// The form for a JSON text. What is not UTF-8 is replaced, as V8 would.
    pub fn of_json(json: Vec<u8>) -> Self {
        if json.is_ascii() {
            return Self::OneByte(json);
        }
        let text = String::from_utf8_lossy(&json);
        let wide = text.chars().filter(|char| *char > '\u{ff}').count();
        if wide * FEW > text.len() {
            return Self::TwoByte(text.encode_utf16().collect());
        }
        let mut bytes = Vec::with_capacity(text.len() + wide * 9);
        for char in text.chars() {
            match u8::try_from(char) {
                Ok(byte) => bytes.push(byte),
                Err(_) => escape(&mut bytes, char),
            }
        }
        Self::OneByte(bytes)
    }

    /// How many bytes it has.
    pub fn size(&self) -> usize {
        match self {
            Self::OneByte(bytes) => bytes.len(),
            Self::TwoByte(units) => units.len() * 2,
        }
    }
}

/// Valid JSON has such characters inside of strings only, where they may be escaped.
fn escape(bytes: &mut Vec<u8>, char: char) {
    for unit in char.encode_utf16(&mut [0; 2]) {
        bytes.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
    }
}
