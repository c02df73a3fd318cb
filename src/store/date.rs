//! Dates as stored records write them, read as V8's `Date.parse` reads them.
//!
//! This is ECMAScript's date-time string format with V8's latitude: years of four digits or of a
//! sign and six (`-000000` is no year), every day from 1 to 31 in every month (30 February is
//! 1 or 2 March), any number of decimals (three count), `24:00` as the end of a day, `t` and `z`
//! in either case, offsets with or without a colon.
//!
//! Two kinds of text that V8 reads are no dates here: what the format does not cover
//! (`Jan 1 2020`, `2020-1-1`), and a time of day without an offset, which means another instant
//! in every time zone. `Date.prototype.toISOString`, which wrote the stored dates, makes neither.

use std::ops::RangeInclusive;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// The last instant that a `Date` can hold; the first is its negative.
const LAST: i64 = 8_640_000_000_000_000;

/// The milliseconds since 1970 of a date; without a time of day, of its midnight in UTC.
#[must_use]
pub fn parse(text: &str) -> Option<i64> {
    let mut text = Rest(text.as_bytes());
    let year = text.year()?;
    let (mut month, mut day) = (1, 1);
    if text.skip(b"-") {
        month = text.number(2, 1..=12)?;
        if text.skip(b"-") {
            day = text.number(2, 1..=31)?;
        }
    }
    let mut time = (days_until(year, month) + day - 1) * DAY;
    if text.skip(b"Tt") {
        time += text.time_of_day()? - text.offset()?;
    }
    (text.0.is_empty() && time.abs() <= LAST).then_some(time)
}

/// The days from 1970 to the first of a month.
fn days_until(year: i64, month: i64) -> i64 {
    // Years from March to February put the leap day at their end.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (153 * month + 2) / 5 - 719_468
}

/// What is left to read.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    /// Skips one byte if it is one of these.
    fn skip(&mut self, bytes: &[u8]) -> bool {
        match self.0.split_first() {
            Some((first, rest)) if bytes.contains(first) => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    /// A number of exactly so many digits, within a range.
    fn number(&mut self, digits: usize, range: RangeInclusive<i64>) -> Option<i64> {
        let (number, rest) = self.0.split_at_checked(digits)?;
        let mut value = 0;
        for digit in number {
            value = value * 10 + i64::from(digit.is_ascii_digit().then(|| digit - b'0')?);
        }
        self.0 = rest;
        range.contains(&value).then_some(value)
    }

    fn year(&mut self) -> Option<i64> {
        if self.skip(b"+") {
            self.number(6, 0..=999_999)
        } else if self.skip(b"-") {
            self.number(6, 1..=999_999).map(|year| -year)
        } else {
            self.number(4, 0..=9_999)
        }
    }

    /// Milliseconds since midnight.
    fn time_of_day(&mut self) -> Option<i64> {
        let mut time = self.number(2, 0..=24)? * HOUR;
        self.skip(b":").then_some(())?;
        time += self.number(2, 0..=59)? * MINUTE;
        if self.skip(b":") {
            time += self.number(2, 0..=59)? * SECOND;
            if self.skip(b".") {
                time += self.decimals()?;
            }
        }
        (time <= DAY).then_some(time)
    }

    /// The milliseconds that a fraction of a second makes, cut and not rounded.
    fn decimals(&mut self) -> Option<i64> {
        let count = self
            .0
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let (digits, rest) = self.0.split_at(count);
        self.0 = rest;
        let place = |at: usize, worth: i64| {
            digits
                .get(at)
                .map_or(0, |digit| i64::from(digit - b'0') * worth)
        };
        (count > 0).then(|| place(0, 100) + place(1, 10) + place(2, 1))
    }

    /// Milliseconds by which local time is ahead of UTC.
    fn offset(&mut self) -> Option<i64> {
        if self.skip(b"Zz") {
            return Some(0);
        }
        let ahead = self.skip(b"+");
        (ahead || self.skip(b"-")).then_some(())?;
        let sign = if ahead { 1 } else { -1 };
        let hours = self.number(2, 0..=23)?;
        self.skip(b":");
        Some(sign * (hours * HOUR + self.number(2, 0..=59)? * MINUTE))
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    /// `[text, Date.parse(text)]`, from Node 20.20 (V8 11.3).
    const READ_BY_V8: [(&str, i64); 38] = [
        ("2020", 1_577_836_800_000),
        ("2020-02", 1_580_515_200_000),
        ("2020-02-30", 1_583_020_800_000),
        ("2020-02-31", 1_583_107_200_000),
        ("2020-01-01T24:00:00Z", 1_577_923_200_000),
        ("2020-01-01T24:00Z", 1_577_923_200_000),
        ("2020-01-01T24:00:00.000Z", 1_577_923_200_000),
        ("2020-01-01T12:30Z", 1_577_881_800_000),
        ("2020-01-01T12:30:10.1Z", 1_577_881_810_100),
        ("2020-01-01T12:30:10.12Z", 1_577_881_810_120),
        ("2020-01-01T12:30:10.1239999Z", 1_577_881_810_123),
        ("2020-01-01t12:30:10z", 1_577_881_810_000),
        ("2020-01-01T12:30:10z", 1_577_881_810_000),
        ("2020-01-01T12:30+05:30", 1_577_862_000_000),
        ("2020-01-01T12:30+0530", 1_577_862_000_000),
        ("2020-01-01T12:30-23:59", 1_577_968_140_000),
        ("+002020-01-01T00:00:00Z", 1_577_836_800_000),
        ("-000001-01-01T00:00:00Z", -62_198_755_200_000),
        ("+275760-09-13T00:00:00.000Z", 8_640_000_000_000_000),
        ("-271821-04-20T00:00:00.000Z", -8_640_000_000_000_000),
        ("2020T12:30Z", 1_577_881_800_000),
        ("2020-02T12:30Z", 1_580_560_200_000),
        ("0000-01-01", -62_167_219_200_000),
        ("0099-01-01T00:00:00Z", -59_042_995_200_000),
        ("+275760-09-13T00:00:00+00:01", 8_639_999_999_940_000),
        ("+275760-09-13T00:01:00+00:01", 8_640_000_000_000_000),
        (
            "2020-01-01T12:30:10.123456789012345678901234567890Z",
            1_577_881_810_123,
        ),
        ("2020-01-01T12:30:10.9999Z", 1_577_881_810_999),
        ("2020-01-01T24:00:00+01:00", 1_577_919_600_000),
        ("2020-01-01T12:30:10.5+05:30", 1_577_862_010_500),
        ("-002020", -125_912_275_200_000),
        ("+002020-05", 1_588_291_200_000),
        ("1969-12-31T23:59:59.999Z", -1),
        ("2026-11-22T01:52:12.345Z", 1_795_312_332_345),
        ("1970-01-01", 0),
        ("2000-02-29T00:00:00.000Z", 951_782_400_000),
        ("1900-02-29", -2_203_891_200_000),
        ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
    ];

    #[test]
    fn dates_are_read_as_v8_reads_them() {
        for (text, time) in READ_BY_V8 {
            assert_eq!(parse(text), Some(time), "{text}");
        }
    }

    #[test]
    fn what_v8_refuses_is_no_date() {
        let refused = [
            "2020-02-32",
            "2020-01-01T24:00:00.001Z",
            "2020-01-01T24:01Z",
            "2020-01-01T12Z",
            "2020-01-01T12:30:60Z",
            "2020-01-01T12:30:10.Z",
            "2020-01-01T12:30+05",
            "2020-01-01T12:30-24:00",
            "2020-01-01T12:30-23:60",
            "2020-01-01T12:30+99:00",
            "-000000-01-01T00:00:00Z",
            "-000000",
            "+275760-09-13T00:00:00.001Z",
            "-271821-04-19T23:59:59.999Z",
            " 2020-01-01T00:00:00Z",
            "2020-01-01T00:00:00Z ",
            "2020-13-01",
            "2020-00-01",
            "2020-01-00",
            "2020-01-01T00:00:00,5Z",
            "2020-01-01T00:00:00Z(x)",
            "20200101",
            "2020-01-01T1230Z",
            "",
            "2020-01-01T-1:00Z",
            "+275760-09-31T00:00:00+12:00",
            "2020-01-01T12:30Z+05:00",
        ];
        for text in refused {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_depends_on_the_time_zone_is_no_date() {
        for text in [
            "2020-01-01T12:30",
            "2020-01-01T12:30:10.000",
            "Jan 1 2020",
            "2020-1-1",
            "+2020-01-01",
            "2020-01-01Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn every_day_of_eight_centuries_follows_the_last() {
        let mut expected = parse("1600-01-01").unwrap();
        for year in 1600..2400 {
            for month in 1..=12 {
                let length = match month {
                    2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
                    2 => 28,
                    4 | 6 | 9 | 11 => 30,
                    _ => 31,
                };
                for day in 1..=length {
                    assert_eq!(
                        parse(&format!("{year}-{month:02}-{day:02}")),
                        Some(expected)
                    );
                    expected += super::DAY;
                }
            }
        }
        assert_eq!(Some(expected), parse("2400-01-01"));
    }
}
