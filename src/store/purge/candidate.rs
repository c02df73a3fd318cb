//! Which requests are old enough to go, and what their records say that belongs to them.

use crate::store::date;
use crate::store::decision::{Decision, is_pending, namespace_of, score_of};
use crate::store::external_ids::{external_ids_of, property_name};
use crate::store::record::Record;

/// A resolved request, or one that was resolved and put back to pending by a JavaScript replica.
pub struct Candidate {
    /// Its id.
    pub id: String,
    /// Its record.
    pub stored: Vec<u8>,
    /// Whether its record says pending: then a marker says otherwise.
    pub says_pending: bool,
    /// The namespace under which it is indexed.
    pub namespace: String,
    /// Its resume token, where it has one.
    pub token: Option<String>,
    /// Its external ids.
    pub external_ids: Vec<String>,
    /// The batch that it belongs to.
    pub batch_id: Option<String>,
}

impl Candidate {
    /// Reads a record from the index of resolved requests; `None` where it was not certainly
    /// resolved before that many milliseconds.
    #[must_use]
    pub fn read(id: &str, stored: &[u8], marker: Option<&[u8]>, before: i64) -> Option<Self> {
        let record = Record::parse(stored)?;
        let says_pending = is_pending(&record);
        let resolved_at = if says_pending {
            let resolved_at = date::parse(Decision::from_marker(marker?)?.resolved_at);
            // Created after the decision, it is a new request under an old id: JavaScript's
            // `create` overwrites, and leaves the marker.
            resolved_at.filter(|time| score_of(&record) < *time)
        } else if record.text("status").as_deref() == Some("resolved") {
            record
                .text("resolvedAt")
                .and_then(|text| date::parse(&text))
        } else {
            None
        };
        if resolved_at? >= before {
            return None;
        }
        Some(Self {
            id: id.to_owned(),
            stored: stored.to_vec(),
            says_pending,
            namespace: namespace_of(&record).into_owned(),
            token: record.raw("token").map(property_name),
            external_ids: external_ids(&record),
            batch_id: record
                .raw("batchId")
                .filter(|raw| *raw != b"null")
                .map(property_name),
        })
    }
}

/// The external ids of a request, a batch or a delivery, each once, as index keys have them.
#[must_use]
pub fn external_ids(record: &Record<'_>) -> Vec<String> {
    external_ids_of(record, |raw| Some(property_name(raw)))
}
