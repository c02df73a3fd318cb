//! What every migration does with a store: ask, walk an index, read what records say.

use std::sync::Arc;

use redis::Value;

use super::dialogue::{Command, Replies, Talk};
use super::scripts;
use crate::connection::Script;
use crate::error::Error;
use crate::store::decision::score_of;
use crate::store::keys::Keys;
use crate::store::record::Record;

/// Most ids that one command carries.
pub const IDS: usize = 500;
/// How many ids a scan is asked for: it may return some more, which would need a second chunk.
const SCANNED: usize = IDS - 20;
/// Most bytes of ids that one command carries, unless a single id is larger.
const ID_BYTES: usize = 256 << 10;
/// Most bytes of records that one command reads, unless a single record is larger.
const RECORD_BYTES: usize = 1 << 20;

/// Why a migration stops before its last step.
pub enum Halt {
    /// Somebody else has ended it: the ledger says so.
    Applied,
    /// It cannot go on.
    Failed(Error),
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// What a script of a migration answers.
pub enum Answer {
    /// A word other than "applied".
    Word(Vec<u8>),
    /// Ids.
    Ids(Vec<Vec<u8>>),
}

impl Answer {
    /// Whether it is this word.
    pub fn is(&self, expected: &str) -> bool {
        matches!(self, Self::Word(word) if word == expected.as_bytes())
    }
}

/// What a record says that indexes are made of.
pub struct Facts {
    /// The id under which an index has it.
    pub id: Vec<u8>,
    /// Its creation in milliseconds, 0 where it is undated.
    pub score: i64,
    /// `pending`, `resolved` or something else.
    pub status: String,
    /// `global` where it has none; `None` where it is no name for a namespace.
    pub namespace: Option<String>,
}

impl Facts {
    /// Reads a record; `None` where it is corrupt.
    fn read(id: &[u8], json: &[u8]) -> Option<Self> {
        let record = Record::parse(json)?;
        let score = score_of(&record);
        let namespace = match record.raw("namespace") {
            None | Some(b"null") => Some("global".to_owned()),
            Some(_) => record
                .text("namespace")
                .filter(|name| is_namespace(name))
                .map(Into::into),
        };
        Some(Self {
            id: id.to_vec(),
            score,
            status: record.text("status").unwrap_or_default().into_owned(),
            namespace,
        })
    }
}

/// Whether a record with this namespace is listed under it: `^[A-Za-z0-9_.-]{1,128}$`.
fn is_namespace(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    (1..=128).contains(&name.len()) && name.bytes().all(allowed)
}

/// A store that is being migrated.
pub struct Store {
    /// Its keys.
    pub keys: Arc<Keys>,
    /// The way to the server.
    pub talk: Talk,
}

impl Store {
    /// Runs commands in one write; an error reply to any of them is an error.
    pub async fn ask(&self, request: Vec<Command>) -> Result<Vec<Value>, Error> {
        accepted(self.talk.ask(request).await).map(|replies| replies.values)
    }

    /// Runs a script of a migration.
    pub async fn run(
        &self,
        script: &'static Script,
        keys: Vec<Vec<u8>>,
        args: Vec<Vec<u8>>,
    ) -> Result<Answer, Halt> {
        let reply = self.ask(vec![Command::Script(script, keys, args)]).await?;
        match reply.into_iter().next() {
            Some(Value::Array(ids)) => Ok(Answer::Ids(strings(ids))),
            Some(Value::BulkString(word)) if word == b"applied" => Err(Halt::Applied),
            Some(Value::BulkString(word)) => Ok(Answer::Word(word)),
            _ => Err(Error::UnexpectedReply("a migration script").into()),
        }
    }

    /// The types of keys, as `TYPE` names them.
    pub async fn types(&self, keys: &[&[u8]]) -> Result<Vec<String>, Error> {
        let request = keys.iter().map(|key| Command::new(&[b"TYPE", key]));
        let replies = self.ask(request.collect()).await?;
        Ok(replies
            .into_iter()
            .map(|reply| match reply {
                Value::SimpleString(kind) => kind,
                Value::BulkString(kind) => String::from_utf8_lossy(&kind).into_owned(),
                _ => String::new(),
            })
            .collect())
    }

    /// What the records of these ids say, a chunk of at most [`IDS`]. Ids whose record is missing
    /// or corrupt are left out.
    pub async fn facts(&self, ids: &[Vec<u8>]) -> Result<Vec<Facts>, Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let record = self.keys.request("");
        let key_of = |id: &Vec<u8>| [record.as_slice(), id].concat();
        let sizes = Command::Script(
            &scripts::SIZES,
            ids.iter().map(key_of).collect(),
            Vec::new(),
        );
        let Some(Value::Array(sizes)) = self.ask(vec![sizes]).await?.pop() else {
            return Err(Error::UnexpectedReply("STRLEN"));
        };
        let mut present = ids.iter().zip(sizes).filter_map(|(id, size)| match size {
            Value::Int(size @ 1..) => Some((id, usize::try_from(size).unwrap_or(usize::MAX))),
            _ => None,
        });
        let mut facts = Vec::with_capacity(ids.len());
        let mut next = present.next();
        while let Some((first, size)) = next {
            let (mut chunk, mut total) = (vec![first], size);
            next = loop {
                match present.next() {
                    Some((id, size)) if total.saturating_add(size) <= RECORD_BYTES => {
                        chunk.push(id);
                        total += size;
                    }
                    other => break other,
                }
            };
            let keys = chunk.iter().map(|id| key_of(id));
            let request = [b"MGET".to_vec()].into_iter().chain(keys).collect();
            let reply = self.ask(vec![Command::Plain(request)]).await?;
            let Some(Value::Array(records)) = reply.into_iter().next() else {
                return Err(Error::UnexpectedReply("MGET"));
            };
            let records = chunk.iter().zip(records);
            facts.extend(records.filter_map(|(id, json)| match json {
                Value::BulkString(json) => Facts::read(id, &json),
                _ => None,
            }));
        }
        Ok(facts)
    }
}

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
            let replies = accepted(replies)?;
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

/// The strings among these values.
pub fn strings(values: Vec<Value>) -> Vec<Vec<u8>> {
    let strings = values.into_iter().filter_map(|value| match value {
        Value::BulkString(bytes) => Some(bytes),
        _ => None,
    });
    strings.collect()
}

fn accepted(replies: Replies) -> Result<Replies, Error> {
    let refusal = replies.values.iter().find_map(|reply| match reply {
        Value::ServerError(error) => Some(Error::server(error)),
        _ => None,
    });
    refusal.map_or(Ok(replies), Err)
}
