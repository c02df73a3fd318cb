//! Reading replies: what each kind of value means to an operation.

use redis::Value;

use crate::connection::{Outcome, Step};
use crate::error::Error;

/// How often a record may change under a read and a write of ours before we give up.
pub const ATTEMPTS: u32 = 64;

/// Ends an operation well.
pub fn over(outcome: Outcome) -> Step {
    Step::Over(Ok(outcome))
}

/// Ends an operation with an error.
pub fn refused(error: Error) -> Step {
    Step::Over(Err(error))
}

/// Ends an operation whose reply no server gives.
pub fn unexpected(command: &'static str) -> Step {
    refused(Error::UnexpectedReply(command))
}

/// The replies, unless the server refused one of the commands.
pub fn accepted(replies: Vec<Value>) -> Result<Vec<Value>, Error> {
    match replies.iter().find_map(|reply| match reply {
        Value::ServerError(error) => Some(Error::server(error)),
        _ => None,
    }) {
        Some(error) => Err(error),
        None => Ok(replies),
    }
}

/// The one reply of an operation with one command.
pub fn only(replies: Vec<Value>) -> Result<Value, Error> {
    Ok(accepted(replies)?.pop().unwrap_or(Value::Nil))
}

/// A string, as bytes.
pub fn bytes(value: Value) -> Option<Vec<u8>> {
    match value {
        Value::BulkString(bytes) => Some(bytes),
        _ => None,
    }
}

/// A string with something in it: an empty record or marker reads as missing.
pub fn filled(value: Value) -> Option<Vec<u8>> {
    bytes(value).filter(|bytes| !bytes.is_empty())
}

/// The elements of an array.
pub fn array(value: Value) -> Option<Vec<Value>> {
    match value {
        Value::Array(values) => Some(values),
        _ => None,
    }
}

/// An id out of a reply. Ids are UTF-8; what a foreign writer left is shown as far as it goes.
pub fn lossy(id: &[u8]) -> String {
    String::from_utf8_lossy(id).into_owned()
}

/// An answer of a script: a code, or an array that starts with a word.
pub enum Answer {
    /// Nothing.
    Nil,
    /// A number.
    Code(i64),
    /// A word, with what follows it.
    Word(Vec<u8>, Vec<Vec<u8>>),
}

impl Answer {
    /// Reads the answer of the one script of an operation.
    pub fn read(replies: Vec<Value>) -> Result<Self, Error> {
        match only(replies)? {
            Value::Nil => Ok(Self::Nil),
            Value::Int(code) => Ok(Self::Code(code)),
            Value::Array(values) => {
                let mut words = values
                    .into_iter()
                    .map(|value| bytes(value).unwrap_or_default());
                let word = words.next().unwrap_or_default();
                Ok(Self::Word(word, words.collect()))
            }
            other => Ok(Self::Word(bytes(other).unwrap_or_default(), Vec::new())),
        }
    }
}
