//! Which requests are old enough to go, and what their records say that belongs to them.

use crate::store::date;
use crate::store::decision::{Decision, is_pending, namespace_of, score_of};
use crate::store::external_ids::{external_ids_of, property_name};
use crate::store::record::Record;
use crate::store::seal::seal;

/// A request that may have been resolved before some date.
pub struct Candidate {
    /// Its id.
    pub id: String,
    /// What its record is known by.
    pub seal: String,
    /// When it was decided, in milliseconds; `None` where its record says pending, as after a
    /// JavaScript replica has put it back: then the winner's mark may know.
    pub decided: Option<i64>,
    /// Whether its record says pending.
    pub says_pending: bool,
    /// The namespace under which it is indexed.
    pub namespace: String,
    /// Its resume token, where it has one.
    pub token: Option<String>,
    /// Its external ids.
    pub external_ids: Vec<String>,
    /// The batch that it belongs to.
    pub batch_id: Option<String>,
    created: i64,
}

impl Candidate {
    /// Reads a record from the index of resolved requests; `None` where nobody can say when it was
    /// resolved.
    #[must_use]
    pub fn read(id: &str, stored: &[u8]) -> Option<Self> {
        let record = Record::parse(stored)?;
        let says_pending = is_pending(&record);
        let decided = match record.text("status").as_deref() {
            Some("pending") => None,
            Some("resolved") => Some(date::parse(&record.text("resolvedAt")?)?),
            _ => return None,
        };
        Some(Self {
            id: id.to_owned(),
            seal: seal(stored),
            decided,
            says_pending,
            namespace: namespace_of(&record).into_owned(),
            token: record.raw("token").map(property_name),
            external_ids: external_ids(&record),
            batch_id: record
                .raw("batchId")
                .filter(|raw| *raw != b"null")
                .map(property_name),
            created: score_of(&record),
        })
    }

    /// Learns from the winner's mark when a request was decided whose record says pending. Created
    /// after the decision, it is a new request under an old id: JavaScript's `create` overwrites, and
    /// leaves the mark.
    pub fn learn(&mut self, marker: &[u8]) {
        let decided = Decision::from_marker(marker).and_then(|made| date::parse(made.resolved_at));
        self.decided = decided.filter(|time| self.created < *time);
    }
}

/// The external ids of a request, a batch or a delivery, each once, as index keys have them.
#[must_use]
pub fn external_ids(record: &Record<'_>) -> Vec<String> {
    external_ids_of(record, |raw| Some(property_name(raw)))
}
