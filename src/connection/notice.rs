//! What those who watch are told, besides how calls end: what becomes of the connection, and what
//! happens to calls on their way. Codes and ids, nothing that a user has written.

use serde::Serialize;

/// What has become of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "camelCase")]
pub enum Change<'a> {
    /// It is open and carries calls.
    Ready,
    /// It works, and is left for another one: the server's role or the owner of the keys has changed.
    Left,
    /// It was ready and broke.
    Lost {
        /// Why, as [`Error::code`](crate::error::Error::code) says it.
        code: &'a str,
    },
    /// It could not be opened.
    Failed {
        /// Why.
        code: &'a str,
    },
}

/// What has happened to a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "remark", rename_all = "camelCase")]
pub enum Remark {
    /// It is sent again.
    Retried {
        /// Why: of the lost connection, or of the server's refusal.
        code: String,
        /// Its connection was lost, so that an earlier sending may have been executed.
        lost: bool,
    },
    /// A write has met its own effect: it was done before.
    Replayed,
    /// A decision that was undone stands in its record again.
    Restored {
        /// The request.
        id: String,
    },
    /// A migration has begun, gone on, or ended.
    Migration {
        /// Its name in the ledger.
        migration: &'static str,
        /// How far it is.
        progress: Progress,
        /// Index entries that it has treated.
        done: u64,
        /// How many there were when it began.
        total: u64,
    },
}

impl Remark {
    /// [`Remark::Replayed`], if that is what has happened.
    #[must_use]
    pub fn replayed(is_so: bool) -> Vec<Self> {
        is_so.then_some(Self::Replayed).into_iter().collect()
    }
}

/// How far a migration is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Progress {
    /// It has begun.
    Started,
    /// It has treated some more entries.
    Running,
    /// The ledger has it, by our hand or by another replica's.
    Finished,
}
