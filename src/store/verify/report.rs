//! What a step has found: kinds and counts, and where, as far as nothing was done about it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::connection::Outcome;
use crate::store::json::{push_element, quoted};
use crate::store::reply::lossy;

/// How many places one step names. Further ones are counted.
const NAMED: usize = 1_000;

/// A kind of damage. The names are part of the public interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An index entry whose record does not exist.
    OrphanEntry,
    /// A record is in none of the inbox's indexes.
    Unindexed,
    /// A record lacks one of its entries.
    MissingEntry,
    /// An entry stands at another place than its record says.
    WrongScore,
    /// A resolved request is in an index of pending ones.
    PhantomPending,
    /// A pending request is in its namespace's index of resolved ones.
    PhantomResolved,
    /// A request is in both status indexes.
    BothStatuses,
    /// An entry in the index of a namespace, batch or thread that the record is not in.
    ForeignEntry,
    /// A record says pending, and a witness knows that it was resolved.
    UndoneDecision,
    /// A record has another decision than the one that had been made.
    ContradictedDecision,
    /// What the JavaScript version wrote without the client's `keyPrefix`.
    UnprefixedEntry,
    /// A resume token leads to no record.
    MissingToken,
    /// A resume token leads to a record that is gone, or has another one.
    DanglingToken,
    /// Two pending requests have the same resume token.
    SharedToken,
    /// An external id of a record leads nowhere.
    MissingExternalId,
    /// An external id leads to a record that is gone, or has it no more while another one has.
    DanglingExternalId,
    /// A record is no JSON object.
    CorruptRecord,
    /// A record says that it has another id.
    MisplacedRecord,
    /// A request is neither pending nor resolved.
    UnknownStatus,
    /// A key is of another type than the layout says.
    WrongType,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::OrphanEntry => "orphan-entry",
            Self::Unindexed => "unindexed",
            Self::MissingEntry => "missing-entry",
            Self::WrongScore => "wrong-score",
            Self::PhantomPending => "phantom-pending",
            Self::PhantomResolved => "phantom-resolved",
            Self::BothStatuses => "both-statuses",
            Self::ForeignEntry => "foreign-entry",
            Self::UndoneDecision => "undone-decision",
            Self::ContradictedDecision => "contradicted-decision",
            Self::UnprefixedEntry => "unprefixed-entry",
            Self::MissingToken => "missing-token",
            Self::DanglingToken => "dangling-token",
            Self::SharedToken => "shared-token",
            Self::MissingExternalId => "missing-external-id",
            Self::DanglingExternalId => "dangling-external-id",
            Self::CorruptRecord => "corrupt-record",
            Self::MisplacedRecord => "misplaced-record",
            Self::UnknownStatus => "unknown-status",
            Self::WrongType => "wrong-type",
        }
    }
}

/// What a step has looked at and found.
#[derive(Default)]
pub struct Report {
    /// Requests, batches, timeline entries, deliveries.
    pub records: [u64; 4],
    /// Entries of indexes, of either kind.
    pub entries: u64,
    counts: BTreeMap<Kind, (u64, u64)>,
    places: Vec<(Kind, String, String)>,
    more: u64,
}

impl Report {
    /// Takes note of one finding: the key that is wrong, and the id of the record it is about.
    pub fn note(&mut self, kind: Kind, key: &[u8], id: &[u8], repaired: bool) {
        let (found, mended) = self.counts.entry(kind).or_default();
        *found += 1;
        if repaired {
            *mended += 1;
        } else if self.places.len() < NAMED {
            self.places.push((kind, lossy(key), lossy(id)));
        } else {
            self.more += 1;
        }
    }

    /// As JSON, with the place where the next step begins.
    pub fn finish(self, phase: &str, next: Option<&str>) -> Outcome {
        let mut json = Vec::new();
        let [requests, batches, entries, deliveries] = self.records;
        let mut head = format!("{{\"phase\":\"{phase}\",\"seen\":{{\"requests\":{requests},");
        // A String takes whatever it is given.
        let _ = write!(
            head,
            "\"batches\":{batches},\"timelineEntries\":{entries},\"deliveries\":{deliveries},\
             \"indexEntries\":{}}},\"more\":{},\"findings\":[",
            self.entries, self.more
        );
        json.extend_from_slice(head.as_bytes());
        for (kind, (found, repaired)) in &self.counts {
            let finding = format!("[\"{}\",{found},{repaired}]", kind.name());
            push_element(&mut json, finding.as_bytes());
        }
        json.extend_from_slice(b"],\"unrepaired\":[");
        for (kind, key, id) in &self.places {
            let place = [quoted(kind.name()), quoted(key), quoted(id)].join(&b',');
            push_element(&mut json, &[&b"["[..], &place, b"]"].concat());
        }
        json.extend_from_slice(b"],\"next\":");
        match next {
            Some(next) => json.extend_from_slice(&quoted(next)),
            None => json.extend_from_slice(b"null"),
        }
        json.push(b'}');
        Outcome::Document(json)
    }
}
