//! The first half of a walk: the next ids of its index.

use redis::Value;

use super::{Behind, Order, Walk};
use crate::connection::CommandWriter;
use crate::error::Error;
use crate::store::reply::{accepted, array, bytes};
use crate::store::scripts;

/// An id whose record has not been read yet.
pub(super) struct Ahead {
    pub(super) id: Vec<u8>,
    /// How many bytes its record has, where it was measured.
    pub(super) size: Option<usize>,
}

impl Walk {
    /// Writes the command that reads the next `count` ids.
    pub(super) fn write_ids(&self, out: &mut CommandWriter<'_>, count: usize) {
        let measures = self.sizes.measures();
        let newest = self.order == Order::Newest;
        if self.behind.is_none() && !measures {
            let command: &[u8] = if newest { b"ZREVRANGE" } else { b"ZRANGE" };
            let stop = (count - 1).to_string();
            let range = [command, &self.index, b"0", stop.as_bytes(), b"WITHSCORES"];
            return out.command(range.into_iter());
        }
        let (is_behind, id, score): (&[u8], &[u8], &[u8]) = match &self.behind {
            Some(Behind { id, score }) => (b"1", id, score.as_deref().unwrap_or_default()),
            None => (b"0", b"", b""),
        };
        out.script(
            &scripts::PAGE,
            &[&self.index],
            &[
                if newest { b"newest" } else { b"oldest" },
                count.to_string().as_bytes(),
                is_behind,
                id,
                score,
                if measures { &self.record_prefix } else { b"" },
            ],
        );
    }

    /// Reads the reply, and goes on behind the last of its ids from now on.
    pub(super) fn read_ids(&mut self, replies: Vec<Value>) -> Result<Vec<Ahead>, Error> {
        let reply = accepted(replies)?.pop().unwrap_or(Value::Nil);
        let Some(values) = array(reply) else {
            // The script's word for a position that is not there.
            let lost = self.lost.clone();
            return Err(lost.unwrap_or(Error::UnexpectedReply("page")));
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
        let mut ids = Vec::new();
        while let (Some(id), Some(score)) = (entries.next(), entries.next()) {
            ids.push(Ahead {
                id: id.clone(),
                size: sizes.next().flatten(),
            });
            self.behind = Some(Behind {
                id,
                score: Some(score),
            });
        }
        Ok(ids)
    }
}
