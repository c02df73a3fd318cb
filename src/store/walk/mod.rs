//! Walking an index: ids first, then their records, in chunks that hold the server briefly.
//!
//! Index entries whose record is gone, corrupt or of another opinion cost a look and nothing
//! else: the walk goes on behind them until its visitor has enough or the index ends.

use std::sync::Arc;

use super::keys::Keys;
use super::record::Record;
use crate::connection::Outcome;
use crate::error::Error;

mod bounds;
mod ids;
mod over;
mod records;

pub use bounds::Sizes;
pub use over::WalkOver;

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
    /// Cuts off what may go ahead of the rest, if that is enough to be worth it.
    fn cut(&mut self) -> Option<Vec<u8>>;
    /// What came of it; of what was cut off, the rest.
    fn finish(&mut self) -> Outcome;
}
