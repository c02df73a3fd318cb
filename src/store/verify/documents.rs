//! Batches, notify deliveries and timeline entries: what is found by their names, and their places
//! in threads.

use super::Step;
use super::check::{Check, run};
use super::report::{Kind, Report};
use super::text::{external_ids, is_of, member};
use crate::error::Error;
use crate::store::chunks::extracts;
use crate::store::date;
use crate::store::external_ids::Subject;
use crate::store::record::Record;

impl Step {
    /// Looks at the batches or deliveries with these ids.
    pub(super) async fn named(
        &self,
        subject: Subject,
        ids: &[Vec<u8>],
        report: &mut Report,
    ) -> Result<(), Error> {
        let prefix = subject.record(&self.keys, "");
        report.records[if subject == Subject::Batch { 1 } else { 3 }] += ids.len() as u64;
        let check = |check: Check, record: &Record<'_>| {
            let names = external_ids(record).into_iter();
            Some(names.fold(check, |check, external_id| {
                let index = subject.index(&self.keys, &external_id);
                check.external_id(index, &external_id, &prefix)
            }))
        };
        let checks = self.checks(&prefix, ids, check, report).await?;
        run(self, checks, report).await
    }

    /// Looks at the timeline entries with these ids.
    pub(super) async fn entries(&self, ids: &[Vec<u8>], report: &mut Report) -> Result<(), Error> {
        report.records[2] += ids.len() as u64;
        let check = |check: Check, record: &Record<'_>| {
            let thread = self.keys.thread(&member(record, "threadId")?);
            let time = record.text("createdAt");
            Some(match time.and_then(|text| date::parse(&text)) {
                Some(time) => check.entry(thread, &time.to_string()),
                // A date that only V8 reads has its place from whoever appended the entry.
                None => check.entry_wanted(thread),
            })
        };
        let checks = self
            .checks(&self.keys.entry(""), ids, check, report)
            .await?;
        run(self, checks, report).await
    }

    /// What `facts` adds to the checks of the records with these ids. What is no object, or has another
    /// id, is taken note of instead.
    async fn checks(
        &self,
        prefix: &[u8],
        ids: &[Vec<u8>],
        facts: impl Fn(Check, &Record<'_>) -> Option<Check>,
        report: &mut Report,
    ) -> Result<Vec<Check>, Error> {
        let keys: Vec<Vec<u8>> = ids.iter().map(|id| [prefix, &id[..]].concat()).collect();
        let seen = extracts(&self.talk, &keys, |at, stored| {
            match Record::parse(&stored) {
                None => report.note(Kind::CorruptRecord, &keys[at], &ids[at], false),
                Some(record) if !is_of(&record, &ids[at]) => {
                    report.note(Kind::MisplacedRecord, &keys[at], &ids[at], false);
                }
                Some(record) => {
                    let check = Check::new(&ids[at]).while_same(keys[at].clone(), Some(&stored));
                    return facts(check, &record);
                }
            }
            None
        });
        Ok(seen.await?.into_iter().flatten().flatten().collect())
    }
}
