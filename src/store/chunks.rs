//! Reading many records in commands that hold the server briefly.

use redis::Value;

use super::dialogue::{Command, Talk};
use super::reply::{accepted, array, filled};
use crate::error::Error;

/// Most bytes of records that one command reads, unless a single record is larger.
const BYTES: usize = 1 << 20;

/// What `extract` makes of the strings under these keys, however many and large: no more of them are
/// in memory at a time than one command reads. `None` for what is missing, empty or of another type.
pub async fn extracts<T>(
    talk: &Talk,
    keys: &[Vec<u8>],
    mut extract: impl FnMut(usize, Vec<u8>) -> T,
) -> Result<Vec<Option<T>>, Error> {
    let mut found = Vec::new();
    found.resize_with(keys.len(), || None);
    let measure = keys.iter().map(|key| Command::new(&[b"STRLEN", key]));
    let sizes = tolerant(talk.ask(measure.collect()).await.values)?;
    for chunk in planned(&sizes) {
        let wanted = chunk.iter().map(|at| keys[*at].clone());
        let values = together(talk, wanted).await?;
        for (at, value) in chunk.into_iter().zip(values) {
            found[at] = value.map(|value| extract(at, value));
        }
    }
    Ok(found)
}

/// The string under this key, if there is one that is not empty.
pub async fn record(talk: &Talk, key: Vec<u8>) -> Result<Option<Vec<u8>>, Error> {
    let found = together(talk, std::iter::once(key)).await?;
    Ok(found.into_iter().next().flatten())
}

/// The strings under these keys, by one command. What is no string reads as missing.
pub async fn together(
    talk: &Talk,
    keys: impl Iterator<Item = Vec<u8>>,
) -> Result<Vec<Option<Vec<u8>>>, Error> {
    let request = [b"MGET".to_vec()].into_iter().chain(keys).collect();
    let replies = accepted(talk.ask(vec![Command::Plain(request)]).await.values)?;
    let values = replies.into_iter().next().and_then(array);
    let values = values.ok_or(Error::UnexpectedReply("MGET"))?;
    Ok(values.into_iter().map(filled).collect())
}

/// The places of the records that are there, by their sizes, in chunks that one command may read.
pub fn planned(sizes: &[Value]) -> Vec<Vec<usize>> {
    let (mut chunks, mut total) = (Vec::<Vec<usize>>::new(), 0_usize);
    for (at, size) in sizes.iter().enumerate() {
        let Value::Int(size @ 1..) = size else {
            continue;
        };
        let size = usize::try_from(*size).unwrap_or(usize::MAX);
        total = total.saturating_add(size);
        match chunks.last_mut() {
            Some(chunk) if total <= BYTES => chunk.push(at),
            _ => {
                total = size;
                chunks.push(vec![at]);
            }
        }
    }
    chunks
}

/// The replies, of which some may say that a key has another type; any other refusal is an error.
pub fn tolerant(replies: Vec<Value>) -> Result<Vec<Value>, Error> {
    replies
        .into_iter()
        .map(|reply| match reply {
            Value::ServerError(error) if error.code() == "WRONGTYPE" => Ok(Value::Nil),
            Value::ServerError(error) => Err(Error::server(&error)),
            value => Ok(value),
        })
        .collect()
}
