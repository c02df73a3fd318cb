//! Documents that stand alone, such as batches and notify deliveries: stored once, read by id.

use redis::Value;

use super::record::same_members;
use super::reply::{filled, only, over, refused};
use super::scripts;
use crate::connection::{CommandWriter, Operation, Outcome, Remark, Step};
use crate::error::Error;

/// Stores a document under an id that is free.
pub struct Insert {
    key: Vec<u8>,
    json: String,
    /// The members that make a document the same document.
    identity: &'static [&'static str],
    exists: Error,
    replayed: bool,
}

impl Insert {
    /// The operation that stores `json`; `exists` is the error for an id that another one has.
    #[must_use]
    pub fn new(
        key: Vec<u8>,
        json: String,
        identity: &'static [&'static str],
        exists: Error,
    ) -> Self {
        Self {
            key,
            json,
            identity,
            exists,
            replayed: false,
        }
    }
}

impl Operation for Insert {
    fn write(&mut self, out: &mut CommandWriter<'_>, _resend: bool) {
        out.script(&scripts::INSERT, &[&self.key], &[self.json.as_bytes()]);
    }

    fn read(&mut self, replies: Vec<Value>) -> Step {
        match only(replies).map(filled) {
            Err(error) => refused(error),
            Ok(None) => over(Outcome::Done),
            Ok(Some(stored)) if same_members(&stored, self.json.as_bytes(), self.identity) => {
                self.replayed = true;
                over(Outcome::Done)
            }
            Ok(Some(_)) => refused(self.exists.clone()),
        }
    }

    fn is_read(&self) -> bool {
        false
    }

    fn remarks(&mut self) -> Vec<Remark> {
        Remark::replayed(self.replayed)
    }
}

/// Reads a document by its key.
pub struct Fetch {
    key: Vec<u8>,
}

impl Fetch {
    /// The operation that reads the document under `key`.
    #[must_use]
    pub fn new(key: Vec<u8>) -> Self {
        Self { key }
    }
}

impl Operation for Fetch {
    fn write(&mut self, out: &mut CommandWriter<'_>, _resend: bool) {
        out.command([&b"GET"[..], &self.key].into_iter());
    }

    fn read(&mut self, replies: Vec<Value>) -> Step {
        match only(replies).map(filled) {
            Err(error) => refused(error),
            Ok(None) => over(Outcome::Nothing),
            Ok(Some(json)) => over(Outcome::Document(json)),
        }
    }

    fn is_read(&self) -> bool {
        true
    }
}
