//! What belongs to requests beyond their records: batches and threads, found by their names.

use redis::Value;

use super::Step;
use super::candidate::{Candidate, external_ids};
use crate::error::Error;
use crate::store::chunks::{extracts, tolerant};
use crate::store::dialogue::Command;
use crate::store::external_ids::property_name;
use crate::store::maintenance;
use crate::store::record::Record;
use crate::store::reply::{array, bytes};
use crate::store::seal::seal;

/// Most entries of a thread that one step deletes.
const ENTRIES: usize = 32;

/// A timeline entry that goes with its thread.
struct Entry {
    id: Vec<u8>,
    /// What its record is known by; empty where there is none, and `-` where it is another thread's.
    seal: String,
}

/// What goes with one request.
#[derive(Default)]
pub struct Belongings {
    batch_seal: String,
    batch_external_ids: Vec<String>,
    entries: Vec<Entry>,
    batch_entries: Vec<Entry>,
}

impl Belongings {
    /// Finds what goes with each of these requests.
    pub async fn of(step: &Step, candidates: &[Candidate]) -> Result<Vec<Self>, Error> {
        let keys = &step.keys;
        let batch_id = |candidate: &Candidate| candidate.batch_id.clone();
        let batch_ids: Vec<String> = candidates.iter().filter_map(batch_id).collect();
        let batch_keys: Vec<Vec<u8>> = batch_ids.iter().map(|id| keys.batch(id)).collect();
        // A corrupt batch stays: nobody can say what its external ids are.
        let batches = extracts(&step.talk, &batch_keys, |_, stored| {
            let record = Record::parse(&stored)?;
            Some((seal(&stored), external_ids(&record)))
        });
        let mut batches = batches.await?.into_iter();
        let names = candidates.iter().map(|candidate| candidate.id.clone());
        let mut threads = threads(step, names.collect()).await?.into_iter();
        let mut batch_threads = self::threads(step, batch_ids).await?.into_iter();

        let mut belongings = Vec::with_capacity(candidates.len());
        for candidate in candidates {
            let mut own = Self {
                entries: threads.next().unwrap_or_default(),
                ..Self::default()
            };
            if candidate.batch_id.is_some() {
                own.batch_entries = batch_threads.next().unwrap_or_default();
                let batch = batches.next().flatten().flatten();
                (own.batch_seal, own.batch_external_ids) = batch.unwrap_or_default();
            }
            belongings.push(own);
        }
        Ok(belongings)
    }

    /// The script that deletes the request with all this.
    pub fn purge(&self, step: &Step, candidate: &Candidate) -> Command {
        let keys = &step.keys;
        let Candidate { id, namespace, .. } = candidate;
        let mut declared = vec![
            keys.request(id),
            keys.all(),
            keys.status("resolved"),
            keys.status("pending"),
            keys.namespace(namespace),
            keys.namespace_status(namespace, "resolved"),
            keys.namespace_status(namespace, "pending"),
            keys.resolve_marker(id),
            keys.token(candidate.token.as_deref().unwrap_or_default()),
            keys.thread(id),
        ];
        let batch_id = candidate.batch_id.as_deref();
        if let Some(batch_id) = batch_id {
            declared.extend([
                keys.batch_items(batch_id),
                keys.batch(batch_id),
                keys.thread(batch_id),
            ]);
        }
        declared.extend(candidate.external_ids.iter().map(|id| keys.external_id(id)));
        let batch_names = self.batch_external_ids.iter();
        declared.extend(batch_names.map(|id| keys.batch_external_id(id)));
        let mut args = vec![
            id.clone().into(),
            candidate.seal.clone().into(),
            flag(candidate.says_pending),
            flag(batch_id.is_some()),
            batch_id.unwrap_or_default().into(),
            self.batch_seal.clone().into(),
            count(candidate.external_ids.len()),
            count(self.batch_external_ids.len()),
            count(self.entries.len()),
            count(self.batch_entries.len()),
        ];
        for Entry { id, seal } in self.entries.iter().chain(&self.batch_entries) {
            declared.push([&keys.entry(""), id.as_slice()].concat());
            args.extend([id.clone(), seal.clone().into()]);
        }
        Command::Script(&maintenance::PURGE, declared, args)
    }
}

/// The oldest entries of the threads with these names. Where the key is no thread, none.
async fn threads(step: &Step, names: Vec<String>) -> Result<Vec<Vec<Entry>>, Error> {
    let last = (ENTRIES - 1).to_string();
    let request = names.iter().map(|name| {
        let thread = step.keys.thread(name);
        Command::new(&[b"ZRANGE", &thread, b"0", last.as_bytes()])
    });
    let replies = tolerant(step.talk.ask(request.collect()).await.values)?;
    let ids: Vec<Vec<Vec<u8>>> = replies
        .into_iter()
        .map(|reply| array(reply).unwrap_or_default())
        .map(|ids: Vec<Value>| ids.into_iter().filter_map(bytes).collect())
        .collect();
    let entry = step.keys.entry("");
    let (mut keys, mut owners) = (Vec::new(), Vec::new());
    for (name, ids) in names.iter().zip(&ids) {
        keys.extend(ids.iter().map(|id| [&entry, &id[..]].concat()));
        owners.extend(ids.iter().map(|_| name));
    }
    let seals = extracts(&step.talk, &keys, |at, stored| {
        if is_of(&stored, owners[at]) {
            seal(&stored)
        } else {
            "-".to_owned()
        }
    });
    let mut seals = seals.await?.into_iter();
    let threads = ids.into_iter().map(|ids| {
        ids.into_iter()
            .zip(seals.by_ref())
            .map(|(id, seal)| Entry {
                id,
                seal: seal.unwrap_or_default(),
            })
            .collect()
    });
    Ok(threads.collect())
}

/// Whether an entry is of this thread. One that cannot be read is what its thread says it is.
fn is_of(stored: &[u8], thread: &str) -> bool {
    let record = Record::parse(stored);
    let named = record.and_then(|record| record.raw("threadId").map(property_name));
    named.is_none_or(|name| name == thread)
}

fn flag(set: bool) -> Vec<u8> {
    if set { b"1".to_vec() } else { b"0".to_vec() }
}

fn count(count: usize) -> Vec<u8> {
    count.to_string().into_bytes()
}
