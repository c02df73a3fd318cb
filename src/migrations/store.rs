//! What every migration does with a store: ask, run scripts, read what records say.

use std::sync::Arc;

use redis::Value;

use super::scripts;
use crate::connection::Script;
use crate::error::Error;
use crate::store::chunks::{planned, together};
use crate::store::decision::{is_namespace, score_of};
use crate::store::dialogue::{Command, Talk};
use crate::store::keys::Keys;
use crate::store::record::Record;

/// Most ids that one command carries.
pub const IDS: usize = 500;

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
        let replies = self.talk.ask(request).await.accepted()?;
        Ok(replies.values)
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
        let mut facts = Vec::with_capacity(ids.len());
        for chunk in planned(&sizes) {
            let keys = chunk.iter().map(|at| key_of(&ids[*at]));
            let records = together(&self.talk, keys).await?;
            let records = chunk.iter().zip(records);
            facts.extend(records.filter_map(|(at, json)| Facts::read(&ids[*at], &json?)));
        }
        Ok(facts)
    }
}

/// The strings among these values.
pub fn strings(values: Vec<Value>) -> Vec<Vec<u8>> {
    let strings = values.into_iter().filter_map(|value| match value {
        Value::BulkString(bytes) => Some(bytes),
        _ => None,
    });
    strings.collect()
}
