//! Timelines: what happened in a thread, entry by entry.

use std::sync::Arc;

use redis::Value;

use super::keys::Keys;
use super::page::PageJson;
use super::reply::{Answer, over, refused, unexpected};
use super::scripts;
use super::walk::{Item, Order, Sizes, Visitor, Walk, WalkOver};
use crate::connection::{CommandWriter, Operation, Outcome, Remark, Step};
use crate::error::Error;

/// Appends an entry to a thread.
pub struct Append {
    keys: Arc<Keys>,
    id: String,
    thread_id: String,
    json: String,
    created_at: f64,
    replayed: bool,
}

impl Append {
    /// The operation that appends `json`, created at that many milliseconds.
    #[must_use]
    pub fn new(
        keys: Arc<Keys>,
        id: String,
        thread_id: String,
        json: String,
        created_at: f64,
    ) -> Self {
        Self {
            keys,
            id,
            thread_id,
            json,
            created_at,
            replayed: false,
        }
    }
}

impl Operation for Append {
    fn write(&mut self, out: &mut CommandWriter<'_>, _resend: bool) {
        out.script(
            &scripts::APPEND_TIMELINE,
            &[
                &self.keys.entry(&self.id),
                &self.keys.thread(&self.thread_id),
            ],
            &[
                self.json.as_bytes(),
                self.id.as_bytes(),
                self.created_at.to_string().as_bytes(),
            ],
        );
    }

    fn read(&mut self, replies: Vec<Value>) -> Step {
        match Answer::read(replies) {
            Err(error) => refused(error),
            Ok(Answer::Code(code @ (1 | 2))) => {
                self.replayed = code == 2;
                over(Outcome::Done)
            }
            Ok(Answer::Word(word, _)) if word == b"exists" => {
                refused(Error::EntryExists(self.id.clone()))
            }
            Ok(_) => unexpected("appendTimeline"),
        }
    }

    fn is_read(&self) -> bool {
        false
    }

    fn remarks(&mut self) -> Vec<Remark> {
        Remark::replayed(self.replayed)
    }
}

/// Reads the entries of a thread, oldest first. Corrupt ones are left out, and named.
#[must_use]
pub fn read(keys: &Keys, sizes: Arc<Sizes>, thread_id: String) -> WalkOver<Entries> {
    let walk = Walk::plain(
        keys.entry(""),
        sizes,
        keys.thread(&thread_id),
        Order::Oldest,
    );
    WalkOver::new(
        walk,
        Entries {
            thread_id,
            json: PageJson::empty(),
        },
    )
}

/// Collects the entries of a thread.
pub struct Entries {
    thread_id: String,
    json: PageJson,
}

impl Visitor for Entries {
    fn wanted(&self) -> usize {
        usize::MAX
    }

    fn see(&mut self, item: Item<'_>) -> Result<(), Error> {
        match item.record {
            None => self.json.leave_out(item.key()),
            Some(record)
                if record
                    .text("threadId")
                    .is_none_or(|id| id == self.thread_id) =>
            {
                self.json.push(item.json);
            }
            // Written again under the same id, into another thread.
            Some(_) => {}
        }
        Ok(())
    }

    fn cut(&mut self) -> Option<Vec<u8>> {
        self.json.cut()
    }

    fn finish(&mut self) -> Outcome {
        self.json.finish(None)
    }
}
