//! Comparing records and indexes, and mending what has one right answer.
//!
//! One operation is one bounded step; the caller goes on with what the step returned. The walk is
//! a `SCAN` of the store's keys: records are compared with every index that they name, index
//! entries with the records that they lead to. Nothing is kept from step to step but the cursors,
//! so that a store of any size needs the same memory.
//!
//! What a step reads is already old when it is compared. So every finding is made, and mended, by
//! a script that looks once more: at the very record from which it was concluded what the indexes
//! must be, and at these indexes. A writer that was quicker is right.

mod check;
mod contests;
mod decisions;
mod documents;
mod indexes;
mod layout;
mod leftovers;
mod place;
mod report;
mod requests;
mod text;

use std::sync::Arc;

use redis::Value;

use self::indexes::Entry;
use self::layout::Text;
use self::place::{Phase, Place};
use self::report::{Kind, Report};
use super::chunks::tolerant;
use super::dialogue::{Command, Dialogue, Talk};
use super::external_ids::Subject;
use super::keys::Keys;
use super::maintenance;
use super::scan::scan;
use crate::connection::{Operation, Outcome};
use crate::error::Error;

/// How many keys the server looks at in one command.
const KEYS: usize = 500;
/// How many such commands a step makes while other keys than the store's fill the database.
const SCANS: usize = 16;
/// How many records are in memory at a time.
const RECORDS: usize = 128;
/// How many sorted sets a step reads from.
const INDEXES: usize = 16;

/// One bounded step of a verification, from where the step before it has ended. `unprefixed`: the
/// store's prefix without the client's `keyPrefix`, where there is one.
#[must_use]
pub fn step(
    keys: Arc<Keys>,
    repair: bool,
    unprefixed: Option<Vec<u8>>,
    from: Option<String>,
) -> impl Operation {
    Dialogue::beside(move |talk| async move {
        let step = Step { keys, talk, repair };
        step.run(unprefixed.map(Keys::new), from.as_deref()).await
    })
}

/// Whether keys without the prefix are none of this user's business, or in another slot of a
/// cluster, where the JavaScript version could not write them either.
fn is_out_of_reach(error: &Error) -> bool {
    matches!(error.code(), "NOPERM" | "CROSSSLOT")
}

/// What a step works with.
struct Step {
    keys: Arc<Keys>,
    talk: Talk,
    repair: bool,
}

impl Step {
    async fn run(&self, unprefixed: Option<Keys>, from: Option<&str>) -> Result<Outcome, Error> {
        if from.is_none() {
            maintenance::load(&self.talk, &[&maintenance::MEND]).await;
        }
        let mut place = Place::read(from.unwrap_or_default());
        let mut report = Report::default();
        match (place.phase, &unprefixed) {
            (Phase::Store, _) => self.store(&mut place, &mut report).await?,
            (Phase::Leftovers, Some(unprefixed)) => {
                match self.unprefixed(unprefixed, &mut place, &mut report).await {
                    Err(error) if is_out_of_reach(&error) => place.end(),
                    done => done?,
                }
            }
            (Phase::Leftovers, None) => place.end(),
        }
        let phase = place.phase;
        if place.is_over() && phase == Phase::Store && unprefixed.is_some() {
            place = Place::start(Phase::Leftovers);
        }
        let next = (!place.is_over()).then(|| place.to_string());
        Ok(report.finish(phase.name(), next.as_deref()))
    }

    /// Looks at what is next in the store: entries of indexes that were met, or further keys.
    async fn store(&self, place: &mut Place, report: &mut Report) -> Result<(), Error> {
        let prefix = [self.keys.prefix(), b":"].concat();
        let wanted = place.take_indexes(INDEXES);
        if wanted.is_empty() {
            let found = self.scan(place, &prefix).await?;
            return self.look_at(found, &prefix, place, report).await;
        }
        let mut entries = Vec::new();
        for ((key, _), (ids, cursor)) in wanted.iter().zip(self.members(&wanted).await?) {
            if let Some(index) = layout::index(&key[prefix.len()..]) {
                entries.extend(ids.into_iter().map(|id| Entry {
                    key: key.clone(),
                    index: index.clone(),
                    id,
                }));
            }
            place.put_back(key, cursor);
        }
        for entries in entries.chunks(RECORDS) {
            self.index_entries(entries, report).await?;
        }
        Ok(())
    }

    /// The same for the indexes that the JavaScript version wrote without the `keyPrefix`.
    async fn unprefixed(
        &self,
        unprefixed: &Keys,
        place: &mut Place,
        report: &mut Report,
    ) -> Result<(), Error> {
        let wanted = place.take_indexes(INDEXES);
        if wanted.is_empty() {
            let found = self.scan(place, &unprefixed.namespace("")).await?;
            let statuses = [&b":status:pending"[..], b":status:resolved"];
            let found = found
                .into_iter()
                .filter(|key| statuses.iter().any(|status| key.ends_with(status)));
            found.for_each(|key| place.add_index(key));
            return Ok(());
        }
        let mut entries = Vec::new();
        for ((key, _), (ids, cursor)) in wanted.iter().zip(self.members(&wanted).await?) {
            entries.extend(ids.into_iter().map(|id| (key.clone(), id)));
            place.put_back(key, cursor);
        }
        self.leftovers(unprefixed, entries, report).await
    }

    /// The next keys with this prefix.
    async fn scan(&self, place: &mut Place, prefix: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
        let mut found = Vec::new();
        for _ in 0..SCANS {
            let (next, keys) = scan(&self.talk, place.cursor(), prefix, KEYS).await?;
            found.extend(keys);
            place.move_to(next);
            if place.is_scanned() || found.len() >= KEYS / 2 {
                break;
            }
        }
        Ok(found)
    }

    /// Looks at keys of the store: records and pointers now, indexes in the next steps.
    async fn look_at(
        &self,
        found: Vec<Vec<u8>>,
        prefix: &[u8],
        place: &mut Place,
        report: &mut Report,
    ) -> Result<(), Error> {
        let types = found.iter().map(|key| Command::new(&[b"TYPE", key]));
        let types = tolerant(self.talk.ask(types.collect()).await.values)?;
        let (mut requests, mut batches, mut deliveries) = (Vec::new(), Vec::new(), Vec::new());
        let (mut entries, mut pointers) = (Vec::new(), Vec::new());
        for (key, kind) in found.into_iter().zip(types) {
            let name = &key[prefix.len()..];
            let kind = match kind {
                Value::SimpleString(kind) => kind,
                _ => String::new(),
            };
            match (kind.as_str(), layout::text(name), layout::index(name)) {
                ("string", Some(Text::Record(Subject::Request, id)), _) => requests.push(id),
                ("string", Some(Text::Record(Subject::Batch, id)), _) => batches.push(id),
                ("string", Some(Text::Record(Subject::Delivery, id)), _) => deliveries.push(id),
                ("string", Some(Text::Entry(id)), _) => entries.push(id),
                ("string", Some(pointer), _) => pointers.push((key, pointer)),
                ("zset", _, Some(_)) => place.add_index(key),
                ("none" | "", _, _) => {}
                _ if layout::is_known(name) => self.mistyped(&key, report),
                _ => {}
            }
        }
        for ids in requests.chunks(RECORDS) {
            self.requests(ids, report).await?;
        }
        for ids in batches.chunks(RECORDS) {
            self.named(Subject::Batch, ids, report).await?;
        }
        for ids in deliveries.chunks(RECORDS) {
            self.named(Subject::Delivery, ids, report).await?;
        }
        for ids in entries.chunks(RECORDS) {
            self.entries(ids, report).await?;
        }
        for pointers in pointers.chunks(RECORDS) {
            self.pointers(pointers, report).await?;
        }
        Ok(())
    }

    fn mistyped(&self, key: &[u8], report: &mut Report) {
        let tokens = self.keys.token("");
        let shown = if key.starts_with(&tokens) {
            self.keys.token("…")
        } else {
            key.to_vec()
        };
        report.note(Kind::WrongType, &shown, b"", false);
    }
}
