//! Entries of indexes: each leads to a record that says so.

use super::Step;
use super::check::{Check, run};
use super::layout::{Index, Text};
use super::report::{Kind, Report};
use super::text::{member, namespace};
use crate::error::Error;
use crate::store::chunks::{records, tolerant};
use crate::store::dialogue::Command;
use crate::store::keys::Keys;
use crate::store::record::Record;
use crate::store::reply::filled;

/// An entry of an index, with the index's key.
pub struct Entry {
    pub key: Vec<u8>,
    pub index: Index,
    pub id: Vec<u8>,
}

impl Entry {
    fn record_key(&self, keys: &Keys) -> Vec<u8> {
        let prefix = match self.index {
            Index::Thread(_) => keys.entry(""),
            _ => keys.request(""),
        };
        [&prefix, &self.id[..]].concat()
    }

    /// Whether a record belongs into this index. The status indexes of its own namespace are
    /// looked at together with the record.
    fn fits(&self, record: &Record<'_>) -> bool {
        let is = |name: &str, expected: &[u8]| {
            member(record, name).is_none_or(|own| own.as_bytes() == expected)
        };
        match &self.index {
            Index::Requests => true,
            Index::Batch(id) => is("batchId", id) && record.raw("batchId").is_some(),
            Index::Thread(id) => is("threadId", id),
            Index::Namespace(name) => namespace(record).is_none_or(|own| {
                let rest = name.strip_prefix(own.as_bytes());
                rest.is_some_and(|rest| {
                    matches!(rest, b"" | b":status:pending" | b":status:resolved")
                })
            }),
        }
    }
}

impl Step {
    /// Looks at entries of indexes.
    pub(super) async fn index_entries(
        &self,
        entries: &[Entry],
        report: &mut Report,
    ) -> Result<(), Error> {
        report.entries += entries.len() as u64;
        let (plain, named): (Vec<&Entry>, Vec<&Entry>) = entries
            .iter()
            .partition(|entry| entry.index == Index::Requests);
        let mut checks = Vec::new();
        let orphan = |entry: &Entry, key: Vec<u8>| {
            let check = Check::new(&entry.id).while_same(key, None);
            check.no_entry(entry.key.clone(), Kind::OrphanEntry)
        };

        let sizes = plain
            .iter()
            .map(|entry| Command::new(&[b"STRLEN", &entry.record_key(&self.keys)]));
        let sizes = tolerant(self.talk.ask(sizes.collect()).await.values)?;
        for (entry, size) in plain.iter().zip(sizes) {
            if size == redis::Value::Int(0) {
                checks.push(orphan(entry, entry.record_key(&self.keys)));
            }
        }

        let keys = named.iter().map(|entry| entry.record_key(&self.keys));
        let keys: Vec<Vec<u8>> = keys.collect();
        let stored = records(&self.talk, &keys).await?;
        for ((entry, key), stored) in named.iter().zip(keys).zip(stored) {
            let Some(stored) = stored else {
                checks.push(orphan(entry, key));
                continue;
            };
            let Some(record) = Record::parse(&stored) else {
                continue;
            };
            if !entry.fits(&record) {
                let check = Check::new(&entry.id).while_same(key, Some(&stored));
                checks.push(check.no_entry(entry.key.clone(), Kind::ForeignEntry));
            }
        }
        run(self, checks, report).await
    }

    /// Looks at strings that lead to records: resume tokens and external ids, by their keys.
    pub(super) async fn pointers(
        &self,
        pointers: &[(Vec<u8>, Text)],
        report: &mut Report,
    ) -> Result<(), Error> {
        report.entries += pointers.len() as u64;
        let request = pointers.iter().map(|(key, _)| Command::new(&[b"GET", key]));
        let owners = tolerant(self.talk.ask(request.collect()).await.values)?;
        let found: Vec<(&Vec<u8>, &Text, Vec<u8>)> = pointers
            .iter()
            .zip(owners)
            .filter_map(|((key, text), owner)| Some((key, text, filled(owner)?)))
            .collect();
        let key_of = |text: &Text, owner: &[u8]| {
            let prefix = match text {
                Text::ExternalId(subject) => subject.record(&self.keys, ""),
                _ => self.keys.request(""),
            };
            [&prefix, owner].concat()
        };
        let keys = found.iter().map(|(_, text, owner)| key_of(text, owner));
        let keys: Vec<Vec<u8>> = keys.collect();
        let stored = records(&self.talk, &keys).await?;
        let mut checks = Vec::new();
        for (((key, text, owner), record_key), stored) in found.into_iter().zip(keys).zip(stored) {
            let check = Check::new(&owner).while_same(record_key, stored.as_deref());
            match (text, stored) {
                (Text::Token(token), stored) => {
                    let record = stored.as_deref().map(Record::parse);
                    let denies = match record {
                        None => true,
                        // Who knows what a corrupt record's token was.
                        Some(None) => false,
                        Some(Some(record)) => {
                            member(&record, "token").is_some_and(|own| own.as_bytes() != *token)
                        }
                    };
                    if denies {
                        let shown = self.keys.token("…");
                        checks.push(
                            check
                                .unpoints(key.clone(), Kind::DanglingToken)
                                .shown_as(shown),
                        );
                    }
                }
                // An external id that the record has replaced still leads to it.
                (_, None) => checks.push(check.unpoints(key.clone(), Kind::DanglingExternalId)),
                (_, Some(_)) => {}
            }
        }
        run(self, checks, report).await
    }
}
