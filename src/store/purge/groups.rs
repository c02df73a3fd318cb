//! What a name stands for that others go by: a request, or a batch, that is going to be deleted.

use super::Step;
use super::candidate::Candidate;
use crate::error::Error;
use crate::store::dialogue::Command;
use crate::store::reply::{accepted, array, bytes};

/// Larger batches are left alone until most of their items have gone.
const ITEMS: usize = 500;

/// The request of this name, if it is going to be deleted.
pub async fn going_request(step: &Step, id: &str) -> Result<Option<Candidate>, Error> {
    let mut found = resolved(step, &[id.to_owned()]).await?;
    Ok(found.pop())
}

/// The items of a batch, if there are any and all of them are going to be deleted.
pub async fn going_items(step: &Step, batch_id: &str) -> Result<Option<Vec<String>>, Error> {
    let last = ITEMS.to_string();
    let items = step.keys.batch_items(batch_id);
    let request = Command::new(&[b"ZRANGE", &items, b"0", last.as_bytes()]);
    let Some(ids) = one(step, request).await?.and_then(array) else {
        return Ok(None);
    };
    let count = ids.len();
    let ids: Vec<String> = ids
        .into_iter()
        .filter_map(|id| String::from_utf8(bytes(id)?).ok())
        .collect();
    let is_going = count > 0 && count <= ITEMS && resolved(step, &ids).await?.len() == count;
    Ok(is_going.then_some(ids))
}

/// Those of these requests that the index of resolved ones has and that are old enough.
async fn resolved(step: &Step, ids: &[String]) -> Result<Vec<Candidate>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let index = step.keys.status("resolved");
    let names = ids.iter().map(String::as_bytes);
    let request: Vec<&[u8]> = [&b"ZMSCORE"[..], &index].into_iter().chain(names).collect();
    let scores = one(step, Command::new(&request)).await?.and_then(array);
    let listed: Vec<String> = ids
        .iter()
        .zip(scores.unwrap_or_default())
        .filter(|(_, score)| *score != redis::Value::Nil)
        .map(|(id, _)| id.clone())
        .collect();
    step.candidates(&listed).await
}

async fn one(step: &Step, request: Command) -> Result<Option<redis::Value>, Error> {
    Ok(accepted(step.talk.ask(vec![request]).await.values)?.pop())
}
