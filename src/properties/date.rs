//! Dates are read as V8 reads them.

use super::draw::Draw;
use super::v8;
use crate::store::date::parse;

const PARTS: [&str; 24] = [
    "2020", "1970", "0000", "+275760", "-271821", "-000000", "-", "02", "12", "09", "13", "29",
    "30", "31", "T", "t", "24:00", "23:59", ":59", ".999", "Z", "z", "+05:30", "-2359",
];

/// A text is the date that V8 takes it for, as far as it is in the format (`store/date.rs` says which
/// part of V8's latitude that leaves out): no other text is a date.
pub fn date(data: &[u8]) {
    let mut draw = Draw::new(data);
    let text = if draw.below(2) == 0 {
        String::from_utf8_lossy(draw.rest()).into_owned()
    } else {
        (0..=draw.below(8)).map(|_| draw.pick(&PARTS)).collect()
    };
    assert_eq!(parse(&text), v8::date(&text), "{text:?}");
}
