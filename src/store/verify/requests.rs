//! Requests: each has its place in every index that its record names, and in no other.

use redis::Value;

use super::Step;
use super::check::{Check, Finding, findings};
use super::report::{Kind, Report};
use super::text::{external_ids, member, namespace};
use crate::error::Error;
use crate::store::chunks::{extracts, tolerant};
use crate::store::date;
use crate::store::decision::{Decision, is_namespace, is_pending, score_of};
use crate::store::dialogue::Command;
use crate::store::record::Record;
use crate::store::reply::filled;

/// What the store says of a decision besides the record.
pub(super) struct Witnesses {
    /// The index of resolved requests has it.
    pub is_listed: bool,
    /// There is a winner's mark.
    is_marked: bool,
    /// When that says that it was decided.
    decided: Option<String>,
}

/// So much of a winner's mark is read to learn when it was made: nonce and time stand in front.
const MARK_HEAD: &[u8] = b"127";

/// What a record is found to be.
enum Seen {
    /// None, or not the one that its key says.
    Wrong(Kind),
    /// It says pending, and a witness knows better.
    Undone,
    /// It has another decision than the winner's.
    Contradicted,
    /// A sound one, what must be so for it, and whether its namespace can be listed.
    Sound(Check, bool),
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
        // The witnesses first: a decision in between must not look undone.
        let witnesses = self.witnesses(ids).await?;
        let prefix = self.keys.request("");
        let keys: Vec<Vec<u8>> = ids.iter().map(|id| [&prefix, &id[..]].concat()).collect();
        let seen = extracts(&self.talk, &keys, |at, stored| {
            self.see(&ids[at], &stored, Some(&witnesses[at]))
        });
        let seen = seen.await?;
        let mut checks = Vec::new();
        for (at, seen) in seen.into_iter().enumerate() {
            // Deleted since: nothing is wrong with it.
            let Some(seen) = seen else {
                continue;
            };
            let stored = match seen {
                Seen::Undone => self.undone(&ids[at], &witnesses[at], report).await?,
                Seen::Contradicted => self.contradicted(&ids[at], report).await?,
                _ => None,
            };
            match stored.map_or(seen, |stored| self.see(&ids[at], &stored, None)) {
                Seen::Wrong(kind) => report.note(kind, &keys[at], &ids[at], false),
                Seen::Sound(check, has_namespace) => checks.push((check, has_namespace)),
                Seen::Undone | Seen::Contradicted => {}
            }
        }
        let (checks, has_namespace): (Vec<Check>, Vec<bool>) = checks.into_iter().unzip();
        let found = findings(self, &checks, self.repair).await?;
        for ((check, found), has_namespace) in checks.iter().zip(found).zip(has_namespace) {
            if let Some(found) = found {
                note(check, &found, has_namespace, self.repair, report);
                self.contested(check, &found, report).await?;
            }
        }
        Ok(())
    }

    /// What the witnesses say of each of these requests.
    async fn witnesses(&self, ids: &[Vec<u8>]) -> Result<Vec<Witnesses>, Error> {
        let resolved = self.keys.status("resolved");
        let marker = self.keys.resolve_marker("");
        let request = ids.iter().flat_map(|id| {
            [
                Command::new(&[b"ZSCORE", &resolved, id]),
                Command::new(&[b"GETRANGE", &[&marker, &id[..]].concat(), b"0", MARK_HEAD]),
            ]
        });
        let mut replies = tolerant(self.talk.ask(request.collect()).await.values)?.into_iter();
        let mut witnesses = Vec::with_capacity(ids.len());
        while let (Some(score), Some(head)) = (replies.next(), replies.next()) {
            let head = filled(head);
            let decision = head.as_deref().and_then(Decision::from_marker);
            witnesses.push(Witnesses {
                is_listed: score != Value::Nil,
                is_marked: head.is_some(),
                decided: decision.map(|decision| decision.resolved_at.to_owned()),
            });
        }
        Ok(witnesses)
    }

    /// Looks at one record. Without witnesses it is what it says.
    fn see(&self, id: &[u8], stored: &[u8], witnesses: Option<&Witnesses>) -> Seen {
        let Some(record) = Record::parse(stored) else {
            return Seen::Wrong(Kind::CorruptRecord);
        };
        let own = member(&record, "id").filter(|own| own.as_bytes() == id);
        let Some(own) = own else {
            return Seen::Wrong(Kind::MisplacedRecord);
        };
        let is_witnessed = witnesses.is_some_and(|it| it.is_listed || it.is_marked);
        let decided = witnesses.and_then(|it| it.decided.as_deref());
        let is_other = || decided.is_some() && decided != record.text("resolvedAt").as_deref();
        match record.text("status").as_deref() {
            Some("pending") if is_witnessed => Seen::Undone,
            Some("resolved") if is_other() => Seen::Contradicted,
            Some("pending" | "resolved") => {
                let has_namespace = namespace(&record).is_some_and(|name| is_namespace(&name));
                Seen::Sound(self.check(&own, stored, &record), has_namespace)
            }
            _ => Seen::Wrong(Kind::UnknownStatus),
        }
    }

    /// What must be so for a request whose record is sound.
    fn check(&self, id: &str, stored: &[u8], record: &Record<'_>) -> Check {
        let keys = &self.keys;
        let (status, other, phantom) = if is_pending(record) {
            ("pending", "resolved", Kind::PhantomResolved)
        } else {
            ("resolved", "pending", Kind::PhantomPending)
        };
        let mut check = Check::new(id.as_bytes()).while_same(keys.request(id), Some(stored));
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
