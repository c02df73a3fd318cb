//! The inbox: pages of requests, newest first, and how many there are.

use std::sync::Arc;

use redis::Value;

use super::decision::namespace_of;
use super::keys::Keys;
use super::page::PageJson;
use super::reply::{only, over, refused, unexpected};
use super::walk::{Behind, Item, Order, Sizes, Visitor, Walk, WalkOver};
use crate::connection::{CommandWriter, Operation, Outcome, Step};
use crate::error::Error;

/// Which requests are asked for.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// `pending` or `resolved`; `None`: both.
    pub status: Option<String>,
    /// A namespace; `None`: all.
    pub namespace: Option<String>,
}

impl Filter {
    fn index(&self, keys: &Keys) -> Vec<u8> {
        match (&self.namespace, &self.status) {
            (None, None) => keys.all(),
            (None, Some(status)) => keys.status(status),
            (Some(namespace), None) => keys.namespace(namespace),
            (Some(namespace), Some(status)) => keys.namespace_status(namespace, status),
        }
    }
}

/// The end of the page before: where to go on.
#[derive(Debug, Clone)]
pub struct Cursor {
    /// The cursor as the caller gave it.
    pub text: String,
    /// The id in it.
    pub id: String,
    /// The date in it, in milliseconds, if it is one.
    pub created_at: Option<f64>,
}

/// Reads a page of at most `limit` requests.
#[must_use]
pub fn list(
    keys: &Keys,
    sizes: Arc<Sizes>,
    filter: Filter,
    limit: usize,
    cursor: Option<Cursor>,
) -> WalkOver<Page> {
    let index = filter.index(keys);
    let mut walk = Walk::requests(keys, sizes, index, Order::Newest);
    if filter.status.as_deref() == Some("resolved") {
        walk = walk.of_resolved();
    }
    if let Some(cursor) = cursor {
        let score = cursor
            .created_at
            .map(|score| score.to_string().into_bytes());
        walk = walk.behind(
            Behind {
                id: cursor.id.into_bytes(),
                score,
            },
            Error::InvalidCursor(cursor.text),
        );
    }
    let page = Page {
        filter,
        limit,
        taken: 0,
        last: String::new(),
        more: false,
        json: PageJson::empty(),
    };
    WalkOver::new(walk, page)
}

/// Collects one page, and looks whether an older readable request remains.
pub struct Page {
    filter: Filter,
    limit: usize,
    taken: usize,
    last: String,
    more: bool,
    json: PageJson,
}

impl Visitor for Page {
    fn wanted(&self) -> usize {
        if self.more {
            0
        } else {
            self.limit + 1 - self.taken
        }
    }

    fn see(&mut self, item: Item<'_>) -> Result<(), Error> {
        let Some(record) = item.record else {
            self.json.leave_out(item.key());
            return Ok(());
        };
        let agrees = self
            .filter
            .status
            .as_ref()
            .is_none_or(|status| record.text("status").as_deref() == Some(status))
            && self
                .filter
                .namespace
                .as_ref()
                .is_none_or(|namespace| namespace_of(record) == namespace.as_str());
        if !agrees {
            return Ok(());
        }
        if self.taken == self.limit {
            self.more = true;
        } else {
            self.json.push(item.json);
            self.taken += 1;
            item.id.clone_into(&mut self.last);
        }
        Ok(())
    }

    fn cut(&mut self) -> Option<Vec<u8>> {
        self.json.cut()
    }

    fn finish(&mut self) -> Outcome {
        self.json.finish(self.more.then_some(self.last.as_str()))
    }
}

/// Counts requests.
pub struct Count {
    index: Vec<u8>,
}

impl Count {
    /// The operation that counts the requests of `filter`.
    #[must_use]
    pub fn new(keys: &Keys, filter: &Filter) -> Self {
        Self {
            index: filter.index(keys),
        }
    }
}

impl Operation for Count {
    fn write(&mut self, out: &mut CommandWriter<'_>, _resend: bool) {
        out.command([&b"ZCARD"[..], &self.index].into_iter());
    }

    fn read(&mut self, replies: Vec<Value>) -> Step {
        match only(replies) {
            Err(error) => refused(error),
            Ok(Value::Int(count)) => over(Outcome::Count(u64::try_from(count).unwrap_or(0))),
            Ok(_) => unexpected("ZCARD"),
        }
    }

    fn is_read(&self) -> bool {
        true
    }
}
