//! Positions that callers hold and hand back.

use super::draw::Draw;
use crate::store::position::{Position, hex, unhex};

/// What is written is read back; what is read is what would be written, and everything else is
/// refused, so that a position that was cut or changed is not taken for another one.
pub fn positions(data: &[u8]) {
    assert_eq!(unhex(&hex(data)).as_deref(), Some(data));
    let mut draw = Draw::new(data);
    let score = draw
        .text(&["0", "1", ".", "e+", "-", "inf"])
        .replace(' ', "");
    let id = draw.bytes(40).to_vec();
    let position = Position { id, score };
    assert_eq!(Position::read(&position.to_string()), Some(position));

    let any = String::from_utf8_lossy(data);
    if let Some(read) = Position::read(&any) {
        assert_eq!(read.to_string(), any);
    }
}
