//! Where a verification is: cursors, and indexes that were met and not yet read. As text that the
//! caller holds and hands back.

use std::fmt;

use crate::store::position::{hex, unhex};

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The store.
    Store,
    /// What the JavaScript version wrote without the `keyPrefix`.
    Leftovers,
}

impl Phase {
    /// Its name, as progress reports have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::Leftovers => "leftovers",
        }
    }
}

/// A place in a phase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub phase: Phase,
    /// The server's cursor; `None` once all keys have been met.
    cursor: Option<String>,
    /// Indexes with the cursors to go on from.
    indexes: Vec<(Vec<u8>, String)>,
}

impl Place {
    /// The beginning of a phase.
    pub fn start(phase: Phase) -> Self {
        Self {
            phase,
            cursor: Some("0".to_owned()),
            indexes: Vec::new(),
        }
    }

    /// Reads what `to_string` has written; an empty text is the beginning.
    pub fn read(text: &str) -> Self {
        let mut words = text.split(' ');
        let phase = match words.next() {
            Some("leftovers") => Phase::Leftovers,
            _ => Phase::Store,
        };
        let Some(cursor) = words.next() else {
            return Self::start(phase);
        };
        let indexes = words.filter_map(|word| {
            let (key, cursor) = word.split_once(':')?;
            Some((unhex(key)?, cursor.to_owned()))
        });
        Self {
            phase,
            cursor: (cursor != "-").then(|| cursor.to_owned()),
            indexes: indexes.collect(),
        }
    }

    /// The cursor of the next scan.
    pub fn cursor(&self) -> &str {
        self.cursor.as_deref().unwrap_or("0")
    }

    /// Goes on from the server's answer.
    pub fn move_to(&mut self, cursor: Option<String>) {
        self.cursor = cursor;
    }

    /// Whether all keys have been met.
    pub fn is_scanned(&self) -> bool {
        self.cursor.is_none()
    }

    /// Whether there is nothing left to look at.
    pub fn is_over(&self) -> bool {
        self.cursor.is_none() && self.indexes.is_empty()
    }

    /// Leaves nothing to look at.
    pub fn end(&mut self) {
        self.cursor = None;
        self.indexes.clear();
    }

    /// Remembers an index to be read.
    pub fn add_index(&mut self, key: Vec<u8>) {
        self.indexes.push((key, "0".to_owned()));
    }

    /// Takes up to so many indexes out, to be read from their cursors.
    pub fn take_indexes(&mut self, count: usize) -> Vec<(Vec<u8>, String)> {
        let rest = self.indexes.split_off(self.indexes.len().min(count));
        std::mem::replace(&mut self.indexes, rest)
    }

    /// Puts an index back that has more entries.
    pub fn put_back(&mut self, key: &[u8], cursor: Option<String>) {
        if let Some(cursor) = cursor {
            self.indexes.push((key.to_vec(), cursor));
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cursor = self.cursor.as_deref().unwrap_or("-");
        write!(f, "{} {cursor}", self.phase.name())?;
        for (key, cursor) in &self.indexes {
            write!(f, " {}:{cursor}", hex(key))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_comes_back_as_it_was() {
        let mut place = Place::start(Phase::Leftovers);
        assert_eq!(Place::read(&place.to_string()), place);
        place.add_index(b"a b:\x00\xff".to_vec());
        place.put_back(b"c", Some("17".to_owned()));
        place.move_to(None);
        assert_eq!(Place::read(&place.to_string()), place);
        assert_eq!(place.take_indexes(16).len(), 2);
        assert!(place.is_over());
        assert_eq!(Place::read(""), Place::start(Phase::Store));
    }

    #[test]
    fn a_phase_is_over_when_all_keys_and_indexes_have_been_met() {
        let mut place = Place::start(Phase::Store);
        assert_eq!(place.cursor(), "0");
        place.move_to(Some("17".to_owned()));
        assert_eq!(place.cursor(), "17");
        assert!(!place.is_scanned());
        assert!(!place.is_over());
        place.add_index(b"a".to_vec());
        place.move_to(None);
        assert!(place.is_scanned());
        assert!(!place.is_over());
        assert_eq!(place.cursor(), "0");
        let mut scanning = Place::start(Phase::Store);
        scanning.add_index(b"a".to_vec());
        for mut ended in [place, scanning] {
            ended.end();
            assert!(ended.is_over());
        }
    }

    #[test]
    fn indexes_are_taken_in_order_and_put_back_where_they_go_on() {
        let mut place = Place::start(Phase::Store);
        for key in [b"a", b"b", b"c"] {
            place.add_index(key.to_vec());
        }
        let index = |key: &[u8], cursor: &str| (key.to_vec(), cursor.to_owned());
        assert_eq!(place.take_indexes(2), [index(b"a", "0"), index(b"b", "0")]);
        place.put_back(b"a", None);
        place.put_back(b"b", Some("5".to_owned()));
        assert_eq!(place.take_indexes(3), [index(b"c", "0"), index(b"b", "5")]);
        assert_eq!(place.take_indexes(1), []);
    }

    #[test]
    fn what_is_handed_back_names_its_phase() {
        for phase in [Phase::Store, Phase::Leftovers] {
            assert_eq!(Place::read(phase.name()), Place::start(phase));
        }
        assert_eq!(Phase::Leftovers.name(), "leftovers");
        assert_eq!(Phase::Store.name(), "store");
    }
}
