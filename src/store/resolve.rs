//! Deciding a human request: exactly one call wins.

use std::sync::Arc;

use redis::Value;

use super::decision::{Decision, MARKER_LIFE, Undone, commit, is_pending, restored};
use super::keys::Keys;
use super::record::Record;
use super::reply::{ATTEMPTS, Answer, over, refused, unexpected};
use super::scripts;
use crate::connection::{CommandWriter, Operation, Outcome, Remark, Step};
use crate::error::Error;

/// Decides a request.
pub struct Resolve {
    keys: Arc<Keys>,
    id: String,
    nonce: String,
    resolved_at: String,
    result: String,
    stage: ResolveStage,
    attempts: u32,
    remark: Option<Remark>,
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
            remark: None,
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
            Answer::Code(2) => {
                self.remark = Some(Remark::Replayed);
                return over(Outcome::Done);
            }
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
                if !is_pending(&record) {
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
        if let ResolveStage::Restore(_) = self.stage {
            self.remark = restored(&self.id, &replies);
        }
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

    fn remarks(&mut self) -> Vec<Remark> {
        self.remark.take().into_iter().collect()
    }
}
