//! Requests: each has its place in every index that its record names, and in no other.

use super::Step;
use super::check::{Check, Finding, findings};
use super::report::{Kind, Report};
use super::text::{external_ids, is_of, member, namespace};
use crate::error::Error;
use crate::store::chunks::{records, tolerant};
use crate::store::date;
use crate::store::decision::{is_namespace, is_pending, score_of};
use crate::store::dialogue::Command;
use crate::store::record::Record;
use crate::store::reply::{bytes, filled};

/// One request and what the store says about it besides.
pub(super) struct Seen {
    pub id: String,
    pub stored: Vec<u8>,
    pub is_listed: bool,
    pub marker: Option<Vec<u8>>,
}

/// The first facts of each check: all, status, other status, and the three of a namespace.
const STATUS: usize = 1;
const OTHER_STATUS: usize = 2;
const NAMESPACE: usize = 3;
const NAMESPACE_STATUS: usize = 4;

impl Step {
    /// Looks at the requests with these ids.
    pub(super) async fn requests(&self, ids: &[Vec<u8>], report: &mut Report) -> Result<(), Error> {
        report.records[0] += ids.len() as u64;
        let mut whole = Vec::new();
        for seen in self.see(ids, report).await? {
            let is_witnessed = seen.is_listed || seen.marker.is_some();
            let record = Record::parse(&seen.stored);
            if is_witnessed && record.as_ref().is_some_and(is_pending) {
                whole.extend(self.undone(seen, report).await?);
            } else {
                whole.push(seen);
            }
        }
        let (mut checks, mut has_namespace) = (Vec::new(), Vec::new());
        for seen in &whole {
            if let Some(record) = Record::parse(&seen.stored) {
                checks.push(self.check(seen, &record));
                has_namespace.push(namespace(&record).is_some_and(|name| is_namespace(&name)));
            }
        }
        let found = findings(self, &checks, self.repair).await?;
        for ((check, found), has_namespace) in checks.iter().zip(found).zip(has_namespace) {
            if let Some(found) = found {
                note(check, &found, has_namespace, self.repair, report);
                self.contested(check, &found, report).await?;
            }
        }
        Ok(())
    }

    /// Reads requests, the witnesses of their decisions first. Those that are no requests, or not
    /// the ones that their keys say, are taken note of and left out.
    async fn see(&self, ids: &[Vec<u8>], report: &mut Report) -> Result<Vec<Seen>, Error> {
        let keys = &self.keys;
        let resolved = keys.status("resolved");
        let marker = keys.resolve_marker("");
        let request = ids.iter().flat_map(|id| {
            [
                Command::new(&[b"ZSCORE", &resolved, id]),
                Command::new(&[b"GET", &[&marker, &id[..]].concat()]),
            ]
        });
        let mut witnesses = tolerant(self.talk.ask(request.collect()).await.values)?.into_iter();
        let key_of = |id: &Vec<u8>| [&keys.request(""), &id[..]].concat();
        let request_keys: Vec<Vec<u8>> = ids.iter().map(key_of).collect();
        let stored = records(&self.talk, &request_keys).await?;
        let mut seen = Vec::with_capacity(ids.len());
        for ((id, key), stored) in ids.iter().zip(&request_keys).zip(stored) {
            let is_listed = witnesses.next().and_then(bytes).is_some();
            let marker = witnesses.next().and_then(filled);
            // Deleted since: nothing is wrong with it.
            let Some(stored) = stored else {
                continue;
            };
            let kind = match Record::parse(&stored) {
                None => Kind::CorruptRecord,
                Some(record) if !is_of(&record, id) => Kind::MisplacedRecord,
                Some(record)
                    if !matches!(
                        record.text("status").as_deref(),
                        Some("pending" | "resolved")
                    ) =>
                {
                    Kind::UnknownStatus
                }
                Some(_) => {
                    seen.extend(String::from_utf8(id.clone()).ok().map(|id| Seen {
                        id,
                        stored,
                        is_listed,
                        marker,
                    }));
                    continue;
                }
            };
            report.note(kind, key, id, false);
        }
        Ok(seen)
    }

    /// What must be so for a request whose record is sound.
    fn check(&self, seen: &Seen, record: &Record<'_>) -> Check {
        let (keys, id) = (&self.keys, seen.id.as_str());
        let (status, other, phantom) = if is_pending(record) {
            ("pending", "resolved", Kind::PhantomResolved)
        } else {
            ("resolved", "pending", Kind::PhantomPending)
        };
        let mut check = Check::new(id.as_bytes()).while_same(keys.request(id), Some(&seen.stored));
        if status == "pending" {
            check = check
                .while_unlisted(keys.status("resolved"))
                .while_blank(keys.resolve_marker(id));
        }
        // What has no date may stand anywhere, and is put where the migrations put it.
        let is_dated = record
            .text("createdAt")
            .is_some_and(|text| date::parse(&text).is_some());
        let score = score_of(record).to_string();
        let place = |check: Check, key| {
            if is_dated {
                check.entry(key, &score)
            } else {
                check.entry_anywhere(key, &score)
            }
        };
        check = place(check, keys.all());
        check = place(check, keys.status(status));
        check = check.no_entry(keys.status(other), phantom);
        if let Some(namespace) = namespace(record).filter(|name| is_namespace(name)) {
            check = place(check, keys.namespace(&namespace));
            check = place(check, keys.namespace_status(&namespace, status));
            check = check.no_entry(keys.namespace_status(&namespace, other), phantom);
        }
        if let Some(batch_id) = member(record, "batchId")
            && let Some(index) = member(record, "batchIndex")
            && index.parse::<f64>().is_ok_and(f64::is_finite)
        {
            check = check.entry(keys.batch_items(&batch_id), &index);
        }
        let requests = keys.request("");
        if let Some(token) = member(record, "token") {
            check = check
                .token(keys.token(&token), &token, &requests)
                .shown_as(keys.token("…"));
        }
        for external_id in external_ids(record) {
            let key = keys.external_id(&external_id);
            check = check.external_id(key, &external_id, &requests);
        }
        check
    }
}

/// Takes note of what was found about one request.
fn note(
    check: &Check,
    found: &[Finding],
    has_namespace: bool,
    repaired: bool,
    report: &mut Report,
) {
    let is_missing = |at: usize| found.get(at) == Some(&Finding::Missing);
    let mut places = vec![0, STATUS];
    if has_namespace {
        places.extend([NAMESPACE, NAMESPACE_STATUS]);
    }
    let is_unindexed = places.iter().all(|at| is_missing(*at));
    if is_unindexed {
        check.note_as(report, Kind::Unindexed, 0, repaired);
    }
    for (at, finding) in found.iter().enumerate() {
        if is_unindexed && places.contains(&at) {
            continue;
        }
        if at == OTHER_STATUS && *finding == Finding::TooMuch && !is_missing(STATUS) {
            check.note_as(report, Kind::BothStatuses, at, repaired);
        } else {
            check.note(report, at, *finding, repaired);
        }
    }
}
