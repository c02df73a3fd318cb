//! The second half of a walk: the records of its ids, and the decisions among them that
//! JavaScript replicas have undone.

use redis::Value;

use super::{Walk, Witness};
use crate::connection::CommandWriter;
use crate::error::Error;
use crate::store::decision::{Undone, is_pending};
use crate::store::record::Record;
use crate::store::reply::{accepted, array, bytes, filled};

/// What is stored under some ids of a walk, in their order; `None` where nothing is.
pub(super) struct Records {
    stored: Vec<Option<Vec<u8>>>,
    /// Whether somebody knows each of them to be decided. Empty: nobody knows of any.
    witnessed: Vec<bool>,
}

/// A stored text with what it reads as, which is nothing where it is corrupt.
pub(super) type Seen<'a> = Option<(&'a [u8], Option<Record<'a>>)>;

impl Records {
    /// The same, read.
    pub(super) fn seen(&self) -> Vec<Seen<'_>> {
        let stored = self.stored.iter().map(Option::as_deref);
        stored
            .map(|json| json.map(|json| (json, Record::parse(json))))
            .collect()
    }

    /// The places of the records that say pending and were decided all the same.
    pub(super) fn undone(&self, seen: &[Seen<'_>]) -> Vec<usize> {
        let is_undone = |at: &usize| match &seen[*at] {
            Some((_, Some(record))) => is_pending(record),
            _ => false,
        };
        let witnessed = self.witnessed.iter().enumerate();
        witnessed
            .filter_map(|(at, witnessed)| witnessed.then_some(at))
            .filter(is_undone)
            .collect()
    }
}

impl Walk {
    /// Writes the commands that read the records of `ids`.
    pub(super) fn write_records<'a>(
        &'a self,
        out: &mut CommandWriter<'_>,
        ids: impl Iterator<Item = &'a [u8]> + Clone,
    ) {
        if let Witness::Index(resolved) = &self.witness {
            // The witness first: a decision between the two commands must not look undone.
            let args: Vec<&[u8]> = [&b"ZMSCORE"[..], resolved]
                .into_iter()
                .chain(ids.clone())
                .collect();
            out.command(args.into_iter());
        }
        write_mget(out, ids.map(|id| [&self.record_prefix, id].concat()));
    }

    /// Reads the records of `count` ids.
    pub(super) fn read_records(&self, replies: Vec<Value>, count: usize) -> Result<Records, Error> {
        let mut replies = accepted(replies)?;
        let stored = replies.pop().and_then(array);
        let Some(stored) = stored.filter(|stored| stored.len() == count) else {
            return Err(Error::UnexpectedReply("MGET"));
        };
        let stored: Vec<Option<Vec<u8>>> = stored.into_iter().map(filled).collect();
        if let Some(largest) = stored.iter().flatten().map(Vec::len).max() {
            self.sizes.observe(largest);
        }
        let witnessed = match self.witness {
            Witness::Nobody => Vec::new(),
            Witness::Walk => vec![true; count],
            Witness::Index(_) => {
                let scores = replies.pop().and_then(array).unwrap_or_default();
                let scores = scores.into_iter().take(count);
                scores.map(|score| bytes(score).is_some()).collect()
            }
        };
        Ok(Records { stored, witnessed })
    }

    /// Writes the command that reads the markers of `ids`.
    pub(super) fn write_markers<'a>(
        &self,
        out: &mut CommandWriter<'_>,
        ids: impl Iterator<Item = &'a [u8]>,
    ) {
        write_mget(out, ids.map(|id| [&self.marker_prefix, id].concat()));
    }

    /// Reads the markers of the records at the places `undone`, which are as they ought to be
    /// afterwards.
    pub(super) fn read_markers(
        replies: Vec<Value>,
        records: &mut Records,
        undone: &[usize],
    ) -> Result<(), Error> {
        let markers = accepted(replies)?.pop().and_then(array);
        let mut markers = markers.unwrap_or_default().into_iter().map(filled);
        for at in undone {
            let marker = markers.next().flatten().unwrap_or_default();
            let stored = &mut records.stored[*at];
            let mended = stored
                .as_deref()
                .and_then(|stored| Undone::read(stored, &marker));
            if let Some(mended) = mended {
                *stored = Some(mended.mended);
            }
        }
        Ok(())
    }
}

fn write_mget(out: &mut CommandWriter<'_>, keys: impl Iterator<Item = Vec<u8>>) {
    let keys: Vec<Vec<u8>> = keys.collect();
    let args: Vec<&[u8]> = std::iter::once(&b"MGET"[..])
        .chain(keys.iter().map(Vec::as_slice))
        .collect();
    out.command(args.into_iter());
}
