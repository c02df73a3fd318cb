//! Creating a human request: its record and its place in every index, or nothing.

use std::sync::Arc;

use redis::Value;

use super::decision::{fingerprint, is_pending};
use super::keys::Keys;
use super::record::{Record, same_members};
use super::reply::{ATTEMPTS, Answer, lossy, over, refused, unexpected};
use super::scripts;
use crate::connection::{CommandWriter, Operation, Outcome, Remark, Step};
use crate::error::Error;

/// Stores a new request.
pub struct Create {
    keys: Arc<Keys>,
    id: String,
    token: String,
    namespace: String,
    json: String,
    created_at: f64,
    /// Whether it belongs to a batch.
    is_batch_item: bool,
    /// The batch and the place in it, where both are given.
    batch: Option<(String, f64)>,
    /// A token owner that turned out to be no obstacle, and its record's fingerprint.
    judged: (Vec<u8>, String),
    attempts: u32,
    replayed: bool,
}

impl Create {
    /// The operation that stores `json` under `id`.
    #[must_use]
    pub fn new(
        keys: Arc<Keys>,
        id: String,
        token: String,
        namespace: String,
        json: String,
        created_at: f64,
        is_batch_item: bool,
        batch: Option<(String, f64)>,
    ) -> Self {
        let judged = (Vec::new(), String::new());
        Self {
            keys,
            id,
            token,
            namespace,
            json,
            created_at,
            is_batch_item,
            batch,
            judged,
            attempts: 0,
            replayed: false,
        }
    }

    /// What makes a request the same request: everything that the caller gave.
    const IDENTITY: [&'static str; 8] = [
        "token",
        "channel",
        "namespace",
        "message",
        "actions",
        "context",
        "batchId",
        "batchIndex",
    ];

    fn is_same(&self, stored: &[u8]) -> bool {
        same_members(stored, self.json.as_bytes(), &Self::IDENTITY)
    }

    /// Whether the owner of our token is alive and of our kind.
    fn is_rival(&self, owner: &[u8]) -> bool {
        let Some(record) = Record::parse(owner) else {
            return false;
        };
        let is_batch_item = record.raw("batchId").is_some_and(|raw| raw != b"null");
        is_pending(&record) && is_batch_item == self.is_batch_item
    }
}

impl Operation for Create {
    fn write(&mut self, out: &mut CommandWriter<'_>, _resend: bool) {
        let keys = &self.keys;
        let mut declared = vec![
            keys.request(&self.id),
            keys.token(&self.token),
            keys.all(),
            keys.status("pending"),
            keys.status("resolved"),
            keys.namespace(&self.namespace),
            keys.namespace_status(&self.namespace, "pending"),
            keys.namespace_status(&self.namespace, "resolved"),
            keys.resolve_marker(&self.id),
        ];
        let mut batch_index = String::new();
        if let Some((batch_id, index)) = &self.batch {
            declared.push(keys.batch_items(batch_id));
            batch_index = index.to_string();
        }
        let declared: Vec<&[u8]> = declared.iter().map(Vec::as_slice).collect();
        out.script(
            &scripts::CREATE,
            &declared,
            &[
                self.json.as_bytes(),
                self.id.as_bytes(),
                self.created_at.to_string().as_bytes(),
                keys.prefix(),
                batch_index.as_bytes(),
                if self.is_batch_item { b"1" } else { b"0" },
                &self.judged.0,
                self.judged.1.as_bytes(),
            ],
        );
    }

    fn read(&mut self, replies: Vec<Value>) -> Step {
        let answer = match Answer::read(replies) {
            Ok(answer) => answer,
            Err(error) => return refused(error),
        };
        match answer {
            Answer::Code(1) => over(Outcome::Done),
            Answer::Word(word, rest) => match (word.as_slice(), rest.as_slice()) {
                (b"exists", [stored]) if self.is_same(stored) => {
                    self.replayed = true;
                    over(Outcome::Done)
                }
                (b"exists", _) => refused(Error::RequestExists(self.id.clone())),
                (b"taken", [owner]) => refused(Error::TokenTaken(lossy(owner))),
                (b"judge", [owner, record]) if self.is_rival(record) => {
                    refused(Error::TokenTaken(lossy(owner)))
                }
                (b"judge", [owner, record]) => {
                    self.attempts += 1;
                    if self.attempts > ATTEMPTS {
                        return refused(Error::Contended(self.id.clone()));
                    }
                    self.judged = (owner.clone(), fingerprint(record));
                    Step::Hold
                }
                _ => unexpected("create"),
            },
            _ => unexpected("create"),
        }
    }

    fn is_read(&self) -> bool {
        false
    }

    fn remarks(&mut self) -> Vec<Remark> {
        Remark::replayed(self.replayed)
    }
}
