//! Reading human requests, one at a time: by id, by resume token, by external id.

use std::sync::Arc;

use redis::Value;

use super::decision::{Undone, restored};
use super::keys::Keys;
use super::reply::{self, Answer, array, bytes, filled, lossy, over, refused, unexpected};
use super::scripts;
use crate::connection::{CommandWriter, Operation, Outcome, Remark, Step};

/// Reads a request by its id.
pub struct Get {
    keys: Arc<Keys>,
    id: String,
    undone: Option<Undone>,
    remark: Option<Remark>,
}

impl Get {
    /// The operation that reads the request `id`.
    #[must_use]
    pub fn new(keys: Arc<Keys>, id: String) -> Self {
        Self {
            keys,
            id,
            undone: None,
            remark: None,
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
            self.remark = restored(&self.id, &replies);
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
        let is_witnessed = is_listed || marker.is_some();
        match is_witnessed
            .then(|| Undone::read(&record, &marker.unwrap_or_default()))
            .flatten()
        {
            None => over(Outcome::Document(record)),
            Some(undone) if undone.restorable => {
                self.undone = Some(undone);
                Step::Continue
            }
            Some(undone) => over(Outcome::Document(undone.mended)),
        }
    }

    fn is_read(&self) -> bool {
        true
    }

    fn remarks(&mut self) -> Vec<Remark> {
        self.remark.take().into_iter().collect()
    }
}

/// Reads the request that an index points to.
pub struct Find {
    keys: Arc<Keys>,
    index: Vec<u8>,
    undone: Option<(String, Undone)>,
    remark: Option<Remark>,
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
            remark: None,
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
            remark: None,
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
            self.remark = restored(&id, &replies);
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

    fn remarks(&mut self) -> Vec<Remark> {
        self.remark.take().into_iter().collect()
    }
}
