//! How much of a store one command of a walk may read, and how much of a result may go ahead of the rest.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Most ids that one command reads.
const IDS: usize = 10_001;
/// Most records that one command reads: a page of 1,000, and the one that says whether more remain.
const RECORDS: usize = 1_001;
/// Most bytes of records that one command reads, unless a single record is larger.
const BYTES: usize = 4 << 20;
/// From this size on, records are measured before they are read.
const LARGE: usize = 32 << 10;

/// Most bytes that go ahead while other walks have bytes ahead: what JavaScript has made of them lives until these are
/// over. A walk alone is not held up.
const AHEAD: usize = 32 << 20;

/// How large the records of a store are, as far as this process has seen them: what chunks are
/// planned with where measuring first would cost more than it saves.
#[derive(Debug, Default)]
pub struct Sizes {
    largest: AtomicUsize,
    /// How many bytes of results have gone ahead, of walks that are not over.
    ahead: AtomicUsize,
}

impl Sizes {
    /// Takes note of the largest of some records, in bytes.
    pub fn observe(&self, size: usize) {
        let known = self.largest.load(Ordering::Relaxed);
        self.largest
            .store(size.max(known - known / 8), Ordering::Relaxed);
    }

    /// Whether records are to be measured before they are read.
    pub(super) fn measures(&self) -> bool {
        let largest = self.largest();
        largest == 0 || largest > LARGE
    }

    /// Most ids that one command reads. Where it measures the records it touches each of them.
    pub(super) fn ids(&self) -> usize {
        if self.measures() { RECORDS } else { IDS }
    }

    /// How many records of these sizes, in bytes where measured, one command reads: one at least.
    pub(super) fn fitting(&self, sizes: impl Iterator<Item = Option<usize>>) -> usize {
        let guess = self.largest().max(1);
        let mut total = 0;
        let fitting = sizes.take(RECORDS).take_while(|size| {
            total += size.unwrap_or(guess);
            total <= BYTES
        });
        fitting.count().max(1)
    }

    /// Whether `size` bytes may go ahead, of a walk that has `own` bytes ahead. They have, if so.
    pub(super) fn advance(&self, own: usize, size: usize) -> bool {
        let ahead = self.ahead.load(Ordering::Relaxed);
        let fits = ahead == own || ahead + size <= AHEAD;
        if fits {
            self.ahead.fetch_add(size, Ordering::Relaxed);
        }
        fits
    }

    /// A walk is over that had `own` bytes ahead.
    pub(super) fn withdraw(&self, own: usize) {
        self.ahead.fetch_sub(own, Ordering::Relaxed);
    }

    fn largest(&self) -> usize {
        self.largest.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_alone_has_any_number_of_bytes_ahead() {
        let sizes = Sizes::default();
        assert!(sizes.advance(0, AHEAD));
        assert!(sizes.advance(AHEAD, AHEAD));
    }

    #[test]
    fn walks_beside_each_other_share_what_may_be_ahead_until_they_are_over() {
        let sizes = Sizes::default();
        assert!(sizes.advance(0, AHEAD - 1));
        assert!(sizes.advance(0, 1));
        assert!(!sizes.advance(1, 1));
        assert!(!sizes.advance(AHEAD - 1, 1));
        sizes.withdraw(AHEAD - 1);
        assert!(sizes.advance(0, AHEAD - 1));
        assert!(!sizes.advance(0, 1));
        sizes.withdraw(AHEAD - 1);
        assert!(sizes.advance(1, AHEAD));
    }

    fn seen(sizes: &[usize]) -> Sizes {
        let known = Sizes::default();
        for size in sizes {
            known.observe(*size);
        }
        known
    }

    #[test]
    fn records_are_measured_until_one_is_known_and_where_they_are_large() {
        for (largest, measures) in [(0, true), (1, false), (LARGE, false), (LARGE + 1, true)] {
            let known = seen(&[largest]);
            assert_eq!(known.measures(), measures, "{largest}");
            assert_eq!(known.ids(), if measures { RECORDS } else { IDS });
        }
    }

    #[test]
    fn the_largest_is_forgotten_by_and_by() {
        assert_eq!(seen(&[800, 1_000]).largest(), 1_000);
        assert_eq!(seen(&[800, 100]).largest(), 700);
        assert_eq!(seen(&[800, 100, 650]).largest(), 650);
        assert_eq!(seen(&[5, 1]).largest(), 5);
    }

    #[test]
    fn one_command_reads_what_fits() {
        let half = BYTES / 2;
        let fitting = |sizes: &[Option<usize>]| seen(&[half]).fitting(sizes.iter().copied());
        for (sizes, fits) in [
            (&[Some(half), Some(half)][..], 2),
            (&[Some(half), Some(half), Some(1)], 2),
            (&[Some(half), Some(half + 1)], 1),
            (&[Some(1); RECORDS + 1], RECORDS),
            // What was not measured is as large as the largest.
            (&[None; 3], 2),
            // A single one may be larger.
            (&[Some(BYTES + 1), Some(1)], 1),
        ] {
            assert_eq!(fitting(sizes), fits, "{:?}", sizes.first());
        }
        assert_eq!(Sizes::default().fitting([None; 2].into_iter()), 2);
    }
}
