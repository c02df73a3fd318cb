//! Walking an index: ids first, then their records, in chunks that hold the server briefly.
//!
//! Index entries whose record is gone, corrupt or of another opinion cost a look and nothing
//! else: the walk goes on behind them until its visitor has enough or the index ends.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use redis::Value;

use super::decision::{Undone, is_pending};
use super::keys::Keys;
use super::record::{Record, quote_into};
use super::reply::{accepted, array, bytes, filled, over, refused, unexpected};
use super::scripts;
use crate::connection::{CommandWriter, Operation, Outcome, Step};
use crate::error::Error;

/// Most ids that one command reads.
const IDS: usize = 10_001;
/// Fewest ids that a walk reads after it met entries that did not count.
const MORE_IDS: usize = 64;
/// Most records that one command reads: a page of 1,000, and the one that says whether more remain.
const RECORDS: usize = 1_001;
/// Most bytes of records that one command reads, unless a single record is larger.
const BYTES: usize = 4 << 20;
/// From this size on, records are measured before they are read.
const LARGE: usize = 32 << 10;

/// How large the records of a store are, as far as this process has seen them: what chunks are
/// planned with where measuring first would cost more than it saves.
#[derive(Debug, Default)]
pub struct Sizes {
    largest: AtomicUsize,
}

impl Sizes {
    /// Takes note of the largest of some records.
    pub fn observe(&self, size: usize) {
        let known = self.largest.load(Ordering::Relaxed);
        self.largest
            .store(size.max(known - known / 8), Ordering::Relaxed);
    }

    fn largest(&self) -> usize {
        self.largest.load(Ordering::Relaxed)
    }
}

/// The direction of a walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// From the highest score down.
    Newest,
    /// From the lowest score up.
    Oldest,
}

/// A position in an index: behind this entry.
#[derive(Debug, Clone)]
pub struct Behind {
    /// The entry's id.
    pub id: Vec<u8>,
    /// Its score, for when the index does not have the id (any more).
    pub score: Option<Vec<u8>>,
}

/// Who knows that a record which says pending was decided all the same.
enum Witness {
    /// Nobody: these records have no decisions.
    Nobody,
    /// This index, of all resolved requests.
    Index(Vec<u8>),
    /// The walk itself: its index holds resolved requests only.
    Walk,
}

/// The way through one index.
pub struct Walk {
    index: Vec<u8>,
    order: Order,
    record_prefix: Vec<u8>,
    marker_prefix: Vec<u8>,
    witness: Witness,
    sizes: Arc<Sizes>,
    behind: Option<Behind>,
    lost: Option<Error>,
}

impl Walk {
    /// A walk over records that are what they say, stored under `record_prefix` and their id.
    #[must_use]
    pub fn plain(record_prefix: Vec<u8>, sizes: Arc<Sizes>, index: Vec<u8>, order: Order) -> Self {
        let (marker_prefix, witness) = (Vec::new(), Witness::Nobody);
        Self {
            index,
            order,
            record_prefix,
            marker_prefix,
            witness,
            sizes,
            behind: None,
            lost: None,
        }
    }

    /// A walk over requests.
    #[must_use]
    pub fn requests(keys: &Keys, sizes: Arc<Sizes>, index: Vec<u8>, order: Order) -> Self {
        Self {
            marker_prefix: keys.resolve_marker(""),
            witness: Witness::Index(keys.status("resolved")),
            ..Self::plain(keys.request(""), sizes, index, order)
        }
    }

    /// A walk whose index holds resolved requests only.
    #[must_use]
    pub fn of_resolved(self) -> Self {
        Self {
            witness: Witness::Walk,
            ..self
        }
    }

    /// A walk from a position on; `lost` is the error for a position that cannot be found.
    #[must_use]
    pub fn behind(self, behind: Behind, lost: Error) -> Self {
        Self {
            behind: Some(behind),
            lost: Some(lost),
            ..self
        }
    }
}

/// One entry on the way.
pub struct Item<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its record.
    pub json: &'a [u8],
    /// The same, read; `None` where it is corrupt.
    pub record: Option<&'a Record<'a>>,
    prefix: &'a [u8],
}

impl Item<'_> {
    /// The record's key, to be shown.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}{}", String::from_utf8_lossy(self.prefix), self.id)
    }
}

/// What is done with the entries of a walk.
pub trait Visitor: Send {
    /// How many more entries are wanted at most; 0 ends the walk.
    fn wanted(&self) -> usize;
    /// Sees one entry whose record is there.
    fn see(&mut self, item: Item<'_>) -> Result<(), Error>;
    /// What came of it.
    fn finish(&mut self) -> Outcome;
}

/// A walk with its visitor: an operation.
pub struct WalkOver<V> {
    walk: Walk,
    visitor: V,
    stage: Stage,
    /// Ids that have been read and whose records have not, with their sizes where measured.
    ahead: VecDeque<(Vec<u8>, Option<usize>)>,
    asked: usize,
    ended: bool,
}

enum Stage {
    Ids,
    /// The records of the first so many ids ahead.
    Records(usize),
    /// The markers of requests that were undone, by their place among these records.
    Markers {
        records: Vec<Option<Vec<u8>>>,
        undone: Vec<usize>,
    },
}

impl<V: Visitor> WalkOver<V> {
    /// The operation that shows the walk's entries to `visitor`.
    #[must_use]
    pub fn new(walk: Walk, visitor: V) -> Self {
        Self {
            walk,
            visitor,
            stage: Stage::Ids,
            ahead: VecDeque::new(),
            asked: 0,
            ended: false,
        }
    }

    fn measures(&self) -> bool {
        let largest = self.walk.sizes.largest();
        largest == 0 || largest > LARGE
    }

    fn ask(&mut self) {
        let wanted = self.visitor.wanted();
        let wanted = if self.asked == 0 {
            wanted
        } else {
            wanted.max(MORE_IDS).max(self.asked.saturating_mul(2))
        };
        self.asked = wanted.min(if self.measures() { RECORDS } else { IDS });
        self.stage = Stage::Ids;
    }

    fn write_ids(&self, out: &mut CommandWriter<'_>) {
        let measures = self.measures();
        let newest = self.walk.order == Order::Newest;
        if self.walk.behind.is_none() && !measures {
            let command: &[u8] = if newest { b"ZREVRANGE" } else { b"ZRANGE" };
            let stop = (self.asked - 1).to_string();
            return out.command(
                [
                    command,
                    &self.walk.index,
                    b"0",
                    stop.as_bytes(),
                    b"WITHSCORES",
                ]
                .into_iter(),
            );
        }
        let (id, score) = self
            .walk
            .behind
            .as_ref()
            .map_or((&b""[..], &b""[..]), |behind| {
                (&behind.id, behind.score.as_deref().unwrap_or_default())
            });
        out.script(
            &scripts::PAGE,
            &[&self.walk.index],
            &[
                if newest { b"newest" } else { b"oldest" },
                self.asked.to_string().as_bytes(),
                if self.walk.behind.is_some() {
                    b"1"
                } else {
                    b"0"
                },
                id,
                score,
                if measures {
                    &self.walk.record_prefix
                } else {
                    b""
                },
            ],
        );
    }

    fn read_ids(&mut self, replies: Vec<Value>) -> Step {
        let reply = match accepted(replies) {
            Ok(mut replies) => replies.pop().unwrap_or(Value::Nil),
            Err(error) => return refused(error),
        };
        let Some(values) = array(reply) else {
            // The script's word for a position that is not there.
            return refused(
                self.walk
                    .lost
                    .clone()
                    .unwrap_or(Error::UnexpectedReply("page")),
            );
        };
        let (entries, sizes) = match values.first() {
            Some(Value::Array(_)) => {
                let mut parts = values
                    .into_iter()
                    .map(|part| array(part).unwrap_or_default());
                (
                    parts.next().unwrap_or_default(),
                    parts.next().unwrap_or_default(),
                )
            }
            _ => (values, Vec::new()),
        };
        let mut sizes = sizes.into_iter().map(|size| match size {
            Value::Int(size) => usize::try_from(size).ok(),
            _ => None,
        });
        let mut entries = entries.into_iter().filter_map(bytes);
        let mut count = 0;
        while let (Some(id), Some(score)) = (entries.next(), entries.next()) {
            count += 1;
            self.ahead.push_back((id.clone(), sizes.next().flatten()));
            self.walk.behind = Some(Behind {
                id,
                score: Some(score),
            });
        }
        self.ended = count < self.asked;
        self.go_on()
    }

    /// The next step, once what was read has been seen.
    fn go_on(&mut self) -> Step {
        if self.visitor.wanted() == 0 || (self.ahead.is_empty() && self.ended) {
            return over(self.visitor.finish());
        }
        if self.ahead.is_empty() {
            self.ask();
        } else {
            self.stage = Stage::Records(self.chunk());
        }
        Step::Continue
    }

    /// How many of the ids ahead fit into one command.
    fn chunk(&self) -> usize {
        let guess = self.walk.sizes.largest().max(1);
        let mut total = 0;
        let fitting = self.ahead.iter().take(RECORDS).take_while(|(_, size)| {
            total += size.unwrap_or(guess);
            total <= BYTES
        });
        fitting.count().max(1)
    }

    fn write_records(&self, out: &mut CommandWriter<'_>, count: usize) {
        let ids = || self.ahead.iter().take(count).map(|(id, _)| id.as_slice());
        if let Witness::Index(resolved) = &self.walk.witness {
            // The witness first: a decision between the two commands must not look undone.
            let args: Vec<&[u8]> = [&b"ZMSCORE"[..], resolved]
                .into_iter()
                .chain(ids())
                .collect();
            out.command(args.into_iter());
        }
        let keys: Vec<Vec<u8>> = ids()
            .map(|id| [&self.walk.record_prefix, id].concat())
            .collect();
        write_mget(out, &keys);
    }

    fn read_records(&mut self, replies: Vec<Value>, count: usize) -> Step {
        let mut replies = match accepted(replies) {
            Ok(replies) => replies,
            Err(error) => return refused(error),
        };
        let Some(records) = replies
            .pop()
            .and_then(array)
            .filter(|records| records.len() == count)
        else {
            return unexpected("MGET");
        };
        let records: Vec<Option<Vec<u8>>> = records.into_iter().map(filled).collect();
        if let Some(largest) = records.iter().flatten().map(Vec::len).max() {
            self.walk.sizes.observe(largest);
        }
        let witnessed: Vec<bool> = match self.walk.witness {
            Witness::Nobody => Vec::new(),
            Witness::Walk => vec![true; count],
            Witness::Index(_) => {
                let scores = replies.pop().and_then(array).unwrap_or_default();
                scores
                    .into_iter()
                    .map(|score| bytes(score).is_some())
                    .collect()
            }
        };
        let parsed: Vec<Option<Record<'_>>> = records
            .iter()
            .map(|json| json.as_deref().and_then(Record::parse))
            .collect();
        let undone: Vec<usize> = (0..count)
            .filter(|at| witnessed.get(*at) == Some(&true))
            .filter(|at| {
                parsed[*at]
                    .as_ref()
                    .is_some_and(|record| is_pending(record))
            })
            .collect();
        if !undone.is_empty() {
            self.stage = Stage::Markers { records, undone };
            return Step::Continue;
        }
        let seen = show(
            &mut self.visitor,
            &self.walk.record_prefix,
            &self.ahead,
            &records,
            &parsed,
        );
        self.seen(count, seen)
    }

    fn write_markers(&self, out: &mut CommandWriter<'_>, undone: &[usize]) {
        let keys: Vec<Vec<u8>> = undone
            .iter()
            .map(|at| [&self.walk.marker_prefix, &self.ahead[*at].0[..]].concat())
            .collect();
        write_mget(out, &keys);
    }

    fn read_markers(
        &mut self,
        replies: Vec<Value>,
        mut records: Vec<Option<Vec<u8>>>,
        undone: &[usize],
    ) -> Step {
        let markers = match accepted(replies) {
            Ok(mut replies) => replies.pop().and_then(array).unwrap_or_default(),
            Err(error) => return refused(error),
        };
        let mut markers = markers.into_iter().map(filled);
        for at in undone {
            let marker = markers.next().flatten().unwrap_or_default();
            let mended = records[*at]
                .as_deref()
                .and_then(|stored| Undone::read(stored, &marker));
            if let Some(mended) = mended {
                records[*at] = Some(mended.mended);
            }
        }
        let parsed: Vec<Option<Record<'_>>> = records
            .iter()
            .map(|json| json.as_deref().and_then(Record::parse))
            .collect();
        let seen = show(
            &mut self.visitor,
            &self.walk.record_prefix,
            &self.ahead,
            &records,
            &parsed,
        );
        self.seen(records.len(), seen)
    }

    fn seen(&mut self, count: usize, seen: Result<(), Error>) -> Step {
        if let Err(error) = seen {
            return refused(error);
        }
        self.ahead.drain(..count);
        self.go_on()
    }
}

/// Shows records to a visitor until it has enough.
fn show<V: Visitor>(
    visitor: &mut V,
    prefix: &[u8],
    ids: &VecDeque<(Vec<u8>, Option<usize>)>,
    records: &[Option<Vec<u8>>],
    parsed: &[Option<Record<'_>>],
) -> Result<(), Error> {
    for ((json, record), (id, _)) in records.iter().zip(parsed).zip(ids) {
        if visitor.wanted() == 0 {
            break;
        }
        if let Some(json) = json {
            let id = String::from_utf8_lossy(id);
            visitor.see(Item {
                id: &id,
                json,
                record: record.as_ref(),
                prefix,
            })?;
        }
    }
    Ok(())
}

fn write_mget(out: &mut CommandWriter<'_>, keys: &[Vec<u8>]) {
    let args: Vec<&[u8]> = std::iter::once(&b"MGET"[..])
        .chain(keys.iter().map(Vec::as_slice))
        .collect();
    out.command(args.into_iter());
}

impl<V: Visitor> Operation for WalkOver<V> {
    fn write(&mut self, out: &mut CommandWriter<'_>, _resend: bool) {
        if self.asked == 0 {
            self.ask();
        }
        match &self.stage {
            Stage::Ids => self.write_ids(out),
            Stage::Records(count) => self.write_records(out, *count),
            Stage::Markers { undone, .. } => self.write_markers(out, undone),
        }
    }

    fn read(&mut self, replies: Vec<Value>) -> Step {
        match std::mem::replace(&mut self.stage, Stage::Ids) {
            Stage::Ids => self.read_ids(replies),
            Stage::Records(count) => self.read_records(replies, count),
            Stage::Markers { records, undone } => self.read_markers(replies, records, &undone),
        }
    }

    fn is_read(&self) -> bool {
        true
    }
}

/// Appends an element to a JSON array whose opening bracket stands in `json`.
pub fn push_element(json: &mut Vec<u8>, element: &[u8]) {
    if json.last() != Some(&b'[') {
        json.push(b',');
    }
    json.extend_from_slice(element);
}

/// Ends a page `{"items":[…`: the keys of corrupt records, and the last id if more remain.
pub fn close_page(json: &mut Vec<u8>, corrupt: &[String], next: Option<&str>) {
    json.push(b']');
    if !corrupt.is_empty() {
        json.extend_from_slice(b",\"corrupt\":[");
        for key in corrupt {
            let mut quoted = Vec::new();
            quote_into(&mut quoted, key);
            push_element(json, &quoted);
        }
        json.push(b']');
    }
    if let Some(id) = next {
        json.extend_from_slice(b",\"next\":");
        quote_into(json, id);
    }
    json.push(b'}');
}
