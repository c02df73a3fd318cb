//! Human requests, one at a time: create, get, find, resolve.

use std::sync::Arc;

use redis::Value;

use super::decision::{Decision, MARKER_LIFE, Undone, commit, fingerprint, is_resolved};
use super::keys::Keys;
use super::record::Record;
use super::reply::{Answer, array, bytes, filled, over, refused, unexpected};
use super::{reply, scripts};
use crate::connection::{CommandWriter, Operation, Outcome, Step};
use crate::error::Error;

/// How often a record may change under a read and a write of ours before we give up.
pub const ATTEMPTS: u32 = 64;

/// Stores a new request.
pub struct Create {
    /// The store's keys.
    pub keys: Arc<Keys>,
    /// The request's id.
    pub id: String,
    /// The resume token.
    pub token: String,
    /// The namespace under which it is indexed.
    pub namespace: String,
    /// The record, as it is stored.
    pub json: String,
    /// When it was created, in milliseconds.
    pub created_at: f64,
    /// Whether it belongs to a batch.
    pub is_batch_item: bool,
    /// The batch and the place in it, where both are given.
    pub batch: Option<(String, f64)>,
    /// A token owner that turned out to be no obstacle, and its record's fingerprint.
    judged: (Vec<u8>, String),
    attempts: u32,
}

impl Create {
    /// The operation that stores `json` under `id`.
    #[must_use]
    #[expect(
        clippy::too_many_arguments,
        reason = "they are the fields of the operation"
    )]
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
        record.text("status").as_deref() == Some("pending") && is_batch_item == self.is_batch_item
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
                (b"exists", [stored]) if self.is_same(stored) => over(Outcome::Done),
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
}

/// Reads a request by its id.
pub struct Get {
    /// The store's keys.
    pub keys: Arc<Keys>,
    /// The request's id.
    pub id: String,
    undone: Option<Undone>,
}

impl Get {
    /// The operation that reads the request `id`.
    #[must_use]
    pub fn new(keys: Arc<Keys>, id: String) -> Self {
        Self {
            keys,
            id,
            undone: None,
        }
    }
}

impl Operation for Get {
    fn write(&mut self, out: &mut CommandWriter<'_>, _resend: bool) {
        if let Some(undone) = &self.undone {
            return undone.write(out, &self.keys, &self.id);
        }
        let resolved = self.keys.status("resolved");
        // The witness first: a decision between the two commands must not look undone.
        out.command([&b"ZSCORE"[..], &resolved, self.id.as_bytes()].into_iter());
        let (record, marker) = (
            self.keys.request(&self.id),
            self.keys.resolve_marker(&self.id),
        );
        out.command([&b"MGET"[..], &record, &marker].into_iter());
    }

    fn read(&mut self, replies: Vec<Value>) -> Step {
        if let Some(undone) = self.undone.take() {
            // Restored or not, now or by somebody else: this is what the request is.
            return over(Outcome::Document(undone.mended));
        }
        let mut replies = match reply::accepted(replies) {
            Ok(replies) => replies.into_iter(),
            Err(error) => return refused(error),
        };
        let is_listed = replies.next().and_then(bytes).is_some();
        let Some(values) = replies.next().and_then(array) else {
            return unexpected("MGET");
        };
        let mut values = values.into_iter();
        let (record, marker) = (
            values.next().and_then(filled),
            values.next().and_then(filled),
        );
        let Some(record) = record else {
            return over(Outcome::Nothing);
        };
        if is_listed || marker.is_some() {
            if let Some(undone) = Undone::read(&record, &marker.unwrap_or_default()) {
                if undone.restorable {
                    self.undone = Some(undone);
                    return Step::Continue;
                }
                return over(Outcome::Document(undone.mended));
            }
        }
        over(Outcome::Document(record))
    }

    fn is_read(&self) -> bool {
        true
    }
}

/// Reads the request that an index points to.
pub struct Find {
    keys: Arc<Keys>,
    index: Vec<u8>,
    undone: Option<(String, Undone)>,
}

impl Find {
    /// The operation that reads the owner of a resume token.
    #[must_use]
    pub fn by_token(keys: Arc<Keys>, token: &str) -> Self {
        let index = keys.token(token);
        Self {
            keys,
            index,
            undone: None,
        }
    }

    /// The operation that reads the request with an external id.
    #[must_use]
    pub fn by_external_id(keys: Arc<Keys>, external_id: &str) -> Self {
        let index = keys.external_id(external_id);
        Self {
            keys,
            index,
            undone: None,
        }
    }
}

impl Operation for Find {
    fn write(&mut self, out: &mut CommandWriter<'_>, _resend: bool) {
        match &self.undone {
            Some((id, undone)) => undone.write(out, &self.keys, id),
            None => out.script(&scripts::FIND, &[&self.index], &[self.keys.prefix()]),
        }
    }

    fn read(&mut self, replies: Vec<Value>) -> Step {
        if let Some((id, undone)) = self.undone.take() {
            return over(Outcome::Found {
                id,
                json: undone.mended,
            });
        }
        match Answer::read(replies) {
            Err(error) => refused(error),
            Ok(Answer::Nil) => over(Outcome::Nothing),
            Ok(Answer::Word(id, mut rest)) if !rest.is_empty() => {
                let (id, json) = (lossy(&id), rest.swap_remove(0));
                let undone = rest.first().and_then(|marker| Undone::read(&json, marker));
                match undone {
                    None => over(Outcome::Found { id, json }),
                    Some(undone) if undone.restorable => {
                        self.undone = Some((id, undone));
                        Step::Continue
                    }
                    Some(undone) => over(Outcome::Found {
                        id,
                        json: undone.mended,
                    }),
                }
            }
            Ok(_) => unexpected("find"),
        }
    }

    fn is_read(&self) -> bool {
        true
    }
}

/// Decides a request.
pub struct Resolve {
    keys: Arc<Keys>,
    id: String,
    nonce: String,
    resolved_at: String,
    result: String,
    stage: ResolveStage,
    attempts: u32,
}

enum ResolveStage {
    /// In one step, if the record is in today's shape.
    Direct,
    /// The record is in another shape: Rust has spliced the decision into it.
    Commit { before: Vec<u8>, after: Vec<u8> },
    /// Somebody else has won, and a JavaScript replica has undone it.
    Restore(Undone),
}

impl Resolve {
    /// The operation that decides `id`. The nonce, 32 characters, names this very call: it
    /// tells a second sending of the call from a second call.
    #[must_use]
    pub fn new(
        keys: Arc<Keys>,
        id: String,
        nonce: String,
        resolved_at: String,
        result: String,
    ) -> Self {
        Self {
            keys,
            id,
            nonce,
            resolved_at,
            result,
            stage: ResolveStage::Direct,
            attempts: 0,
        }
    }

    fn decision(&self) -> Decision<'_> {
        Decision {
            resolved_at: &self.resolved_at,
            result: self.result.as_bytes(),
        }
    }

    fn read_direct(&mut self, answer: Answer) -> Step {
        let (word, rest) = match answer {
            Answer::Code(1) => return over(Outcome::Done),
            Answer::Code(0) => return refused(Error::UnknownRequest(self.id.clone())),
            Answer::Word(word, rest) => (word, rest),
            _ => return unexpected("resolve"),
        };
        match (word.as_slice(), rest.as_slice()) {
            (b"decided", [record, marker]) => match Undone::read(record, marker) {
                Some(undone) if undone.restorable => {
                    self.stage = ResolveStage::Restore(undone);
                    Step::Hold
                }
                _ => refused(Error::AlreadyResolved(self.id.clone())),
            },
            (b"shape", [before]) => {
                let Some(record) = Record::parse(before) else {
                    return refused(Error::Corrupt {
                        kind: "human request",
                        id: self.id.clone(),
                    });
                };
                if is_resolved(&record) {
                    return refused(Error::AlreadyResolved(self.id.clone()));
                }
                let after = self.decision().splice(&record);
                self.stage = ResolveStage::Commit {
                    before: before.clone(),
                    after,
                };
                Step::Hold
            }
            _ => unexpected("resolve"),
        }
    }
}

impl Operation for Resolve {
    fn write(&mut self, out: &mut CommandWriter<'_>, _resend: bool) {
        match &self.stage {
            ResolveStage::Direct => out.script(
                &scripts::RESOLVE,
                &[
                    &self.keys.request(&self.id),
                    &self.keys.status("pending"),
                    &self.keys.status("resolved"),
                    &self.keys.resolve_marker(&self.id),
                ],
                &[
                    self.id.as_bytes(),
                    self.nonce.as_bytes(),
                    self.resolved_at.as_bytes(),
                    self.result.as_bytes(),
                    self.keys.prefix(),
                    MARKER_LIFE,
                ],
            ),
            ResolveStage::Commit { before, after } => {
                let marker = self.decision().marker(&self.nonce);
                commit(out, &self.keys, &self.id, before, after, &marker);
            }
            ResolveStage::Restore(undone) => undone.write(out, &self.keys, &self.id),
        }
    }

    fn read(&mut self, replies: Vec<Value>) -> Step {
        let answer = match Answer::read(replies) {
            Ok(answer) => answer,
            Err(error) => return refused(error),
        };
        match self.stage {
            ResolveStage::Direct => self.read_direct(answer),
            ResolveStage::Restore(_) => refused(Error::AlreadyResolved(self.id.clone())),
            ResolveStage::Commit { .. } => match answer {
                Answer::Code(1) => over(Outcome::Done),
                // Changed since: begin again. If it was this very call, the marker says so.
                Answer::Code(0) if self.attempts < ATTEMPTS => {
                    self.attempts += 1;
                    self.stage = ResolveStage::Direct;
                    Step::Hold
                }
                Answer::Code(0) => refused(Error::Contended(self.id.clone())),
                _ => unexpected("resolve"),
            },
        }
    }

    fn is_read(&self) -> bool {
        false
    }
}

/// Whether two records have the same JSON text in these members.
pub fn same_members(stored: &[u8], given: &[u8], names: &[&str]) -> bool {
    let (Some(stored), Some(given)) = (Record::parse(stored), Record::parse(given)) else {
        return false;
    };
    names.iter().all(|name| stored.raw(name) == given.raw(name))
}

/// An id out of a reply. Ids are UTF-8; what a foreign writer left is shown as far as it goes.
fn lossy(id: &[u8]) -> String {
    String::from_utf8_lossy(id).into_owned()
}
