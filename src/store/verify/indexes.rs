//! Entries of indexes: each leads to a record that says so.

use super::Step;
use super::check::{Check, run};
use super::layout::{Index, Text};
use super::report::{Kind, Report};
use super::text::{member, namespace};
use crate::error::Error;
use crate::store::chunks::{extracts, tolerant};
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
        let foreign = extracts(&self.talk, &keys, |at, stored| {
            let record = Record::parse(&stored)?;
            let is_foreign = !named[at].fits(&record);
            is_foreign.then(|| {
                let check = Check::new(&named[at].id).while_same(keys[at].clone(), Some(&stored));
                check.no_entry(named[at].key.clone(), Kind::ForeignEntry)
            })
        });
        for (at, foreign) in foreign.await?.into_iter().enumerate() {
            checks.extend(foreign.unwrap_or_else(|| Some(orphan(named[at], keys[at].clone()))));
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
        let denials = extracts(&self.talk, &keys, |at, stored| match found[at].1 {
            // Who knows what a corrupt record's token was.
            Text::Token(token) => Record::parse(&stored)
                .and_then(|record| Some(member(&record, "token")?.as_bytes() != *token))
                .unwrap_or(false)
                .then(|| Check::new(&found[at].2).while_same(keys[at].clone(), Some(&stored))),
            // An external id that the record has replaced still leads to it.
            _ => None,
        });
        let mut checks = Vec::new();
        for (at, denial) in denials.await?.into_iter().enumerate() {
            let (key, text, owner) = &found[at];
            let gone = || Some(Check::new(owner).while_same(keys[at].clone(), None));
            let check = denial.unwrap_or_else(gone);
            checks.extend(check.map(|check| {
                match text {
                    Text::Token(_) => check
                        .unpoints((*key).clone(), Kind::DanglingToken)
                        .shown_as(self.keys.token("…")),
                    _ => check.unpoints((*key).clone(), Kind::DanglingExternalId),
                }
            }));
        }
        run(self, checks, report).await
    }
}
