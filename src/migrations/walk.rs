//! Walking through an index in pages, while others use it.

use redis::Value;

use super::store::{IDS, Store, strings};
use crate::error::Error;
use crate::store::dialogue::Command;

/// How many ids a scan is asked for: it may return some more, which would need a second chunk.
const SCANNED: usize = IDS - 20;
/// Most bytes of ids that one command carries, unless a single id is larger.
const ID_BYTES: usize = 256 << 10;

/// How the members of an index are enumerated.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// A plain set. Members that come or go meanwhile may be missed.
    Set,
    /// A sorted set that may lose entries. Entries that come or go meanwhile may be missed.
    Entries,
    /// A sorted set that loses no entries, by rank: those that come meanwhile shift others back,
    /// so that some are met twice and none is missed but the newcomers.
    Ranks,
}

/// A walk through the ids of an index.
pub struct Walk<'a> {
    store: &'a Store,
    key: Vec<u8>,
    way: Way,
    /// Where to go on: a cursor of the server's, or a rank.
    at: u64,
    over: bool,
}

impl<'a> Walk<'a> {
    /// A walk from the beginning.
    pub fn new(store: &'a Store, key: Vec<u8>, way: Way) -> Self {
        Self {
            store,
            key,
            way,
            at: 0,
            over: false,
        }
    }

    /// How many entries have been met, on a walk by rank.
    pub fn rank(&self) -> u64 {
        self.at
    }

    /// Whether the last page was, when it was read, the last one.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// The next ids, in chunks that a command may carry. A walk by rank may go on behind its end,
    /// where newcomers are.
    pub async fn page(&mut self) -> Result<Vec<Vec<Vec<u8>>>, Error> {
        let ids = match self.way {
            Way::Ranks => self.range().await?,
            Way::Set => self.scan(b"SSCAN", 1).await?,
            Way::Entries => self.scan(b"ZSCAN", 2).await?,
        };
        Ok(chunks(ids))
    }

    async fn range(&mut self) -> Result<Vec<Vec<u8>>, Error> {
        let stop = self.at + IDS as u64 - 1;
        let (start, stop) = (self.at.to_string(), stop.to_string());
        let request = Command::new(&[b"ZRANGE", &self.key, start.as_bytes(), stop.as_bytes()]);
        let ids = match self.store.ask(vec![request]).await?.into_iter().next() {
            Some(Value::Array(ids)) => strings(ids),
            _ => return Err(Error::UnexpectedReply("ZRANGE")),
        };
        self.at += ids.len() as u64;
        self.over = ids.len() < IDS;
        Ok(ids)
    }

    async fn scan(&mut self, command: &[u8], step: usize) -> Result<Vec<Vec<u8>>, Error> {
        loop {
            let (cursor, count) = (self.at.to_string(), SCANNED.to_string());
            let request = [
                command,
                &self.key,
                cursor.as_bytes(),
                b"COUNT",
                count.as_bytes(),
            ];
            let replies = self.store.talk.ask(vec![Command::new(&request)]).await;
            if let [Value::ServerError(error)] = &replies.values[..]
                && error.code() == "WRONGTYPE"
            {
                // Somebody has replaced the index, and the next script will say so.
                self.over = true;
                return Ok(Vec::new());
            }
            let replies = replies.accepted()?;
            if replies.resent && self.at != 0 {
                // A cursor means nothing to another server, or to the same one after a restart.
                self.at = 0;
                continue;
            }
            let mut reply = match replies.values.into_iter().next() {
                Some(Value::Array(reply)) => reply.into_iter(),
                _ => return Err(Error::UnexpectedReply("SSCAN")),
            };
            let (Some(Value::BulkString(cursor)), Some(Value::Array(members))) =
                (reply.next(), reply.next())
            else {
                return Err(Error::UnexpectedReply("SSCAN"));
            };
            let cursor = std::str::from_utf8(&cursor)
                .ok()
                .and_then(|cursor| cursor.parse().ok());
            self.at = cursor.ok_or(Error::UnexpectedReply("SSCAN"))?;
            self.over = self.at == 0;
            return Ok(strings(members).into_iter().step_by(step).collect());
        }
    }
}

/// Ids in chunks that a command may carry. A scan may return more than it was asked for.
fn chunks(ids: Vec<Vec<u8>>) -> Vec<Vec<Vec<u8>>> {
    let (mut chunks, mut bytes) = (Vec::<Vec<Vec<u8>>>::new(), 0);
    for id in ids {
        bytes += id.len();
        match chunks.last_mut() {
            Some(chunk) if chunk.len() < IDS && bytes <= ID_BYTES => chunk.push(id),
            _ => {
                bytes = id.len();
                chunks.push(vec![id]);
            }
        }
    }
    chunks
}
