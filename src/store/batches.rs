//! Batches: several requests that are asked together.

use std::sync::Arc;

use super::documents::{Fetch, Insert};
use super::keys::Keys;
use super::page::PageJson;
use super::walk::{Item, Order, Sizes, Visitor, Walk, WalkOver};
use crate::connection::Outcome;
use crate::error::Error;

/// Stores a new batch.
#[must_use]
pub fn create(keys: &Keys, id: String, json: String) -> Insert {
    let identity = &["channel", "message", "actions", "context"];
    Insert::new(keys.batch(&id), json, identity, Error::BatchExists(id))
}

/// Reads a batch.
#[must_use]
pub fn get(keys: &Keys, id: &str) -> Fetch {
    Fetch::new(keys.batch(id))
}

/// Reads the requests of a batch by their place in it. A hole is left out; a corrupt record
/// fails the call, because callers use the result by position.
#[must_use]
pub fn list(keys: &Keys, sizes: Arc<Sizes>, batch_id: String) -> WalkOver<Items> {
    let walk = Walk::requests(keys, sizes, keys.batch_items(&batch_id), Order::Oldest);
    WalkOver::new(
        walk,
        Items {
            batch_id,
            json: PageJson::empty(),
        },
    )
}

/// Collects the requests of a batch.
pub struct Items {
    batch_id: String,
    json: PageJson,
}

impl Visitor for Items {
    fn wanted(&self) -> usize {
        usize::MAX
    }

    fn see(&mut self, item: Item<'_>) -> Result<(), Error> {
        let Some(record) = item.record else {
            return Err(Error::Corrupt {
                kind: "human request",
                id: item.id.to_owned(),
            });
        };
        if record
            .text("batchId")
            .is_none_or(|batch_id| batch_id == self.batch_id)
        {
            self.json.push(item.json);
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
