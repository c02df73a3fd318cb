//! External ids: what a channel calls the message that it has sent. Requests, batches and
//! notify deliveries have them, and are found by them.

use std::borrow::Cow;
use std::sync::Arc;

use redis::Value;

use super::decision::{Undone, fingerprint, restored};
use super::json::{quoted, text};
use super::keys::Keys;
use super::record::{BATCH_ORDER, DELIVERY_ORDER, REQUEST_ORDER, Record};
use super::reply::{ATTEMPTS, Answer, over, refused, unexpected};
use super::scripts;
use crate::connection::{CommandWriter, Operation, Outcome, Remark, Step};
use crate::error::Error;

/// What an external id is put into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A human request.
    Request,
    /// A batch.
    Batch,
    /// A notify delivery, which has one external id and no plugins.
    Delivery,
}

impl Subject {
    /// Where its record is.
    pub(super) fn record(self, keys: &Keys, id: &str) -> Vec<u8> {
        match self {
            Self::Request => keys.request(id),
            Self::Batch => keys.batch(id),
            Self::Delivery => keys.delivery(id),
        }
    }

    /// Where one of its external ids leads to it.
    pub(super) fn index(self, keys: &Keys, external_id: &str) -> Vec<u8> {
        match self {
            Self::Request => keys.external_id(external_id),
            Self::Batch => keys.batch_external_id(external_id),
            Self::Delivery => keys.delivery_external_id(external_id),
        }
    }

    fn name(self) -> &'static [u8] {
        match self {
            Self::Request => b"request",
            Self::Batch => b"batch",
            Self::Delivery => b"delivery",
        }
    }

    fn order(self) -> &'static [&'static str] {
        match self {
            Self::Request => REQUEST_ORDER,
            Self::Batch => BATCH_ORDER,
            Self::Delivery => DELIVERY_ORDER,
        }
    }

    fn unknown(self, id: &str) -> Error {
        match self {
            Self::Request => Error::UnknownRequest(id.to_owned()),
            Self::Batch => Error::UnknownBatch(id.to_owned()),
            Self::Delivery => Error::UnknownDelivery(id.to_owned()),
        }
    }

    fn corrupt(self, id: &str) -> Error {
        let kind = match self {
            Self::Request => "human request",
            Self::Batch => "batch",
            Self::Delivery => "notify delivery",
        };
        Error::Corrupt {
            kind,
            id: id.to_owned(),
        }
    }
}

/// An external id as the caller gave it.
#[derive(Clone)]
pub struct ExternalId {
    /// What the index key is built from.
    pub key: String,
    /// What the record stores, as JSON. Nothing where JSON has no such value: then nothing is
    /// stored, and the operation only says whether the record exists.
    pub json: Option<String>,
}

/// Puts an external id into a record and into the index.
pub struct SetExternalId {
    keys: Arc<Keys>,
    subject: Subject,
    id: String,
    external_id: ExternalId,
    /// The plugin's id as JSON; `None`: the record's channel.
    plugin: Option<Vec<u8>>,
    stage: Stage,
    attempts: u32,
    remark: Option<Remark>,
}

enum Stage {
    /// In one step, if the record is in today's shape.
    Direct,
    /// The record is in another shape: Rust has spliced the external id into it.
    Swap {
        before: Vec<u8>,
        after: Vec<u8>,
        is_new: bool,
    },
    /// A JavaScript replica has undone the record's decision: that comes first.
    Restore(Undone),
}

impl SetExternalId {
    /// The operation that puts `external_id` into the record `id`.
    #[must_use]
    pub fn new(
        keys: Arc<Keys>,
        subject: Subject,
        id: String,
        external_id: ExternalId,
        plugin_id: Option<&str>,
    ) -> Self {
        Self {
            keys,
            subject,
            id,
            external_id,
            plugin: plugin_id.map(quoted),
            stage: Stage::Direct,
            attempts: 0,
            remark: None,
        }
    }

    fn value(&self) -> &[u8] {
        self.external_id
            .json
            .as_deref()
            .unwrap_or_default()
            .as_bytes()
    }

    /// The record with the external id in it, and whether the record did not have it yet.
    fn splice(&self, before: &[u8]) -> Option<(Vec<u8>, bool)> {
        let record = Record::parse(before)?;
        let value = self.value();
        let single = record.raw("externalId");
        if self.subject == Subject::Delivery {
            let after = record.with(&[("externalId", value)], self.subject.order());
            return Some((after, single != Some(value)));
        }
        let channel = record.raw("channel");
        let key = self
            .plugin
            .as_deref()
            .or(channel)
            .unwrap_or(b"\"undefined\"");
        let ids = record
            .raw("externalIds")
            .filter(|raw| raw.starts_with(b"{"))
            .unwrap_or(b"{}");
        let ids = Record::parse(ids)?;
        let is_new = single != Some(value) && ids.values().all(|known| known != value);
        let name = property_name(key);
        let ids = ids.with(&[(&name, value)], &[]);
        let mut changes: Vec<(&str, &[u8])> = vec![("externalIds", &ids)];
        if channel.is_some_and(|channel| property_name(channel) == name) {
            changes.insert(0, ("externalId", value));
        }
        Some((record.with(&changes, self.subject.order()), is_new))
    }

    fn read_direct(&mut self, answer: Answer) -> Step {
        let (word, rest) = match answer {
            Answer::Code(1) => return over(Outcome::Done),
            Answer::Code(2) => {
                self.remark = Some(Remark::Replayed);
                return over(Outcome::Done);
            }
            Answer::Code(0) => return refused(self.subject.unknown(&self.id)),
            Answer::Word(word, rest) => (word, rest),
            Answer::Nil | Answer::Code(_) => return unexpected("setExternalId"),
        };
        self.attempts += 1;
        if self.attempts > ATTEMPTS {
            return refused(Error::Contended(self.id.clone()));
        }
        match (word.as_slice(), rest.as_slice()) {
            (b"shape", [before]) => match self.splice(before) {
                Some((after, is_new)) => {
                    self.stage = Stage::Swap {
                        before: before.clone(),
                        after,
                        is_new,
                    };
                    Step::Hold
                }
                None => refused(self.subject.corrupt(&self.id)),
            },
            (b"undone", [record, marker]) => match Undone::read(record, marker) {
                Some(undone) if undone.restorable => {
                    self.stage = Stage::Restore(undone);
                    Step::Hold
                }
                _ => unexpected("setExternalId"),
            },
            _ => unexpected("setExternalId"),
        }
    }
}

impl Operation for SetExternalId {
    fn write(&mut self, out: &mut CommandWriter<'_>, _resend: bool) {
        let (before, after, is_new): (String, &[u8], bool) = match &self.stage {
            Stage::Restore(undone) => return undone.write(out, &self.keys, &self.id),
            Stage::Direct => (String::new(), b"", false),
            Stage::Swap {
                before,
                after,
                is_new,
            } => (fingerprint(before), after, *is_new),
        };
        out.script(
            &scripts::SET_EXTERNAL_ID,
            &[
                &self.subject.record(&self.keys, &self.id),
                &self.subject.index(&self.keys, &self.external_id.key),
                &self.keys.resolve_marker(&self.id),
            ],
            &[
                self.id.as_bytes(),
                self.value(),
                self.plugin.as_deref().unwrap_or_default(),
                self.subject.name(),
                before.as_bytes(),
                after,
                if is_new { b"1" } else { b"0" },
            ],
        );
    }

    fn read(&mut self, replies: Vec<Value>) -> Step {
        if let Stage::Restore(_) = self.stage {
            self.remark = restored(&self.id, &replies);
        }
        let answer = match Answer::read(replies) {
            Ok(answer) => answer,
            Err(error) => return refused(error),
        };
        if matches!(self.stage, Stage::Restore(_)) {
            self.stage = Stage::Direct;
            return Step::Hold;
        }
        self.read_direct(answer)
    }

    fn is_read(&self) -> bool {
        false
    }

    fn remarks(&mut self) -> Vec<Remark> {
        self.remark.take().into_iter().collect()
    }
}

/// The external ids of a record, each once, as `key_of` makes parts of keys of their JSON.
pub(super) fn external_ids_of(
    record: &Record<'_>,
    key_of: impl Fn(&[u8]) -> Option<String>,
) -> Vec<String> {
    let many = record.raw("externalIds").and_then(Record::parse);
    let values = many.iter().flat_map(Record::values);
    let mut ids: Vec<String> = values
        .chain(record.raw("externalId"))
        .filter(|raw| *raw != b"null")
        .filter_map(key_of)
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// The property that a JSON value names when it is used as a key: a string itself, else its text.
pub(super) fn property_name(raw: &[u8]) -> String {
    text(raw).map_or_else(
        || String::from_utf8_lossy(raw).into_owned(),
        Cow::into_owned,
    )
}
