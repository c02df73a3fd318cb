//! A walk as one operation: ids, their records, markers where decisions were undone, and so on
//! until the visitor has enough.

use std::collections::VecDeque;

use redis::Value;

use super::ids::Ahead;
use super::records::{Records, Seen};
use super::{Item, Visitor, Walk};
use crate::connection::{CommandWriter, Operation, Step};
use crate::store::reply::{over, refused};

/// Fewest ids that a walk reads after it met entries that did not count.
const MORE_IDS: usize = 64;

/// A walk with its visitor.
pub struct WalkOver<V> {
    walk: Walk,
    visitor: V,
    stage: Stage,
    ahead: VecDeque<Ahead>,
    asked: usize,
    ended: bool,
    /// What has been cut off and has not gone ahead yet.
    pieces: Vec<Vec<u8>>,
    /// How many bytes have gone ahead.
    advanced: usize,
    finished: bool,
}

enum Stage {
    Ids,
    /// The records of the first so many ids ahead.
    Records(usize),
    /// The markers of the requests at these places among the records, which were undone.
    Markers {
        records: Records,
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
            pieces: Vec::new(),
            advanced: 0,
            finished: false,
        }
    }

    fn ask(&mut self) {
        let wanted = self.visitor.wanted();
        let wanted = if self.asked == 0 {
            wanted
        } else {
            wanted.max(MORE_IDS).max(self.asked.saturating_mul(2))
        };
        self.asked = wanted.min(self.walk.sizes.ids());
        self.stage = Stage::Ids;
    }

    /// The next step, once what was read has been seen.
    fn go_on(&mut self) -> Step {
        if self.visitor.wanted() == 0 || (self.ahead.is_empty() && self.ended) {
            self.finished = true;
            return over(self.visitor.finish());
        }
        self.pieces.extend(self.visitor.cut());
        if self.ahead.is_empty() {
            self.ask();
        } else {
            let sizes = self.ahead.iter().map(|ahead| ahead.size);
            self.stage = Stage::Records(self.walk.sizes.fitting(sizes));
        }
        Step::Continue
    }

    fn read_ids(&mut self, replies: Vec<Value>) -> Step {
        match self.walk.read_ids(replies) {
            Err(error) => refused(error),
            Ok(ids) => {
                self.ended = ids.len() < self.asked;
                self.ahead.extend(ids);
                self.go_on()
            }
        }
    }

    fn read_records(&mut self, replies: Vec<Value>, count: usize) -> Step {
        let records = match self.walk.read_records(replies, count) {
            Err(error) => return refused(error),
            Ok(records) => records,
        };
        let seen = records.seen();
        let undone = records.undone(&seen);
        if undone.is_empty() {
            return self.show(&seen);
        }
        drop(seen);
        self.stage = Stage::Markers { records, undone };
        Step::Continue
    }

    fn read_markers(
        &mut self,
        replies: Vec<Value>,
        mut records: Records,
        undone: &[usize],
    ) -> Step {
        match Walk::read_markers(replies, &mut records, undone) {
            Err(error) => refused(error),
            Ok(()) => self.show(&records.seen()),
        }
    }

    /// Shows records to the visitor until it has enough.
    fn show(&mut self, records: &[Seen<'_>]) -> Step {
        for (seen, Ahead { id, .. }) in records.iter().zip(&self.ahead) {
            if self.visitor.wanted() == 0 {
                break;
            }
            if let Some((json, record)) = seen {
                let shown = self.visitor.see(Item {
                    id: &String::from_utf8_lossy(id),
                    json,
                    record: record.as_ref(),
                    prefix: &self.walk.record_prefix,
                });
                if let Err(error) = shown {
                    return refused(error);
                }
            }
        }
        self.ahead.drain(..records.len());
        self.go_on()
    }
}

impl<V: Visitor> Operation for WalkOver<V> {
    fn write(&mut self, out: &mut CommandWriter<'_>, _resend: bool) {
        if self.asked == 0 {
            self.ask();
        }
        let ids = self.ahead.iter().map(|ahead| ahead.id.as_slice());
        match &self.stage {
            Stage::Ids => self.walk.write_ids(out, self.asked),
            Stage::Records(count) => self.walk.write_records(out, ids.take(*count)),
            Stage::Markers { undone, .. } => {
                let ids = undone.iter().map(|at| self.ahead[*at].id.as_slice());
                self.walk.write_markers(out, ids);
            }
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

    fn ahead(&mut self) -> Vec<Vec<u8>> {
        if !self.finished {
            let size = self.pieces.iter().map(Vec::len).sum();
            if !self.walk.sizes.advance(self.advanced, size) {
                return Vec::new();
            }
            self.advanced += size;
        }
        std::mem::take(&mut self.pieces)
    }
}

impl<V> Drop for WalkOver<V> {
    fn drop(&mut self) {
        self.walk.sizes.withdraw(self.advanced);
    }
}
