//! Batches, notify deliveries and timeline entries: what is found by their names, and their places
//! in threads.

use super::Step;
use super::check::{Check, run};
use super::report::{Kind, Report};
use super::text::{external_ids, is_of, member};
use crate::error::Error;
use crate::store::chunks::records;
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
        let mut checks = Vec::new();
        for (id, key, stored) in self.sound(&prefix, ids, report).await? {
            let Some(record) = Record::parse(&stored) else {
                continue;
            };
            let mut check = Check::new(&id).while_same(key, Some(&stored));
            for external_id in external_ids(&record) {
                let index = subject.index(&self.keys, &external_id);
                check = check.external_id(index, &external_id, &prefix);
            }
            checks.push(check);
        }
        run(self, checks, report).await
    }

    /// Looks at the timeline entries with these ids.
    pub(super) async fn entries(&self, ids: &[Vec<u8>], report: &mut Report) -> Result<(), Error> {
        report.records[2] += ids.len() as u64;
        let mut checks = Vec::new();
        for (id, key, stored) in self.sound(&self.keys.entry(""), ids, report).await? {
            let record = Record::parse(&stored);
            let Some((record, thread_id)) =
                record.and_then(|record| Some((record.clone(), member(&record, "threadId")?)))
            else {
                continue;
            };
            let thread = self.keys.thread(&thread_id);
            let check = Check::new(&id).while_same(key, Some(&stored));
            let time = record.text("createdAt");
            checks.push(match time.and_then(|text| date::parse(&text)) {
                Some(time) => check.entry(thread, &time.to_string()),
                // A date that only V8 reads has its place from whoever appended the entry.
                None => check.entry_wanted(thread),
            });
        }
        run(self, checks, report).await
    }

    /// The records that are objects with these ids, as id, key and text; the others are taken
    /// note of.
    async fn sound(
        &self,
        prefix: &[u8],
        ids: &[Vec<u8>],
        report: &mut Report,
    ) -> Result<Vec<(Vec<u8>, Vec<u8>, Vec<u8>)>, Error> {
        let keys: Vec<Vec<u8>> = ids.iter().map(|id| [prefix, &id[..]].concat()).collect();
        let stored = records(&self.talk, &keys).await?;
        let mut sound = Vec::with_capacity(ids.len());
        for ((id, key), stored) in ids.iter().zip(keys).zip(stored) {
            let Some(stored) = stored else {
                continue;
            };
            match Record::parse(&stored) {
                None => report.note(Kind::CorruptRecord, &key, id, false),
                Some(record) if !is_of(&record, id) => {
                    report.note(Kind::MisplacedRecord, &key, id, false);
                }
                Some(_) => sound.push((id.clone(), key, stored)),
            }
        }
        Ok(sound)
    }
}
