//! What a connection carries: operations, and the gate that they pass.

use std::fmt;
use std::sync::Arc;

use redis::Value;

use super::command::CommandWriter;
use super::notice::Remark;
use crate::error::Error;

/// What an operation came to.
#[derive(Clone, PartialEq)]
pub enum Outcome {
    /// It is done and has no result.
    Done,
    /// What was asked for does not exist.
    Nothing,
    /// One JSON text.
    Document(Vec<u8>),
    /// The record that an index led to.
    Found {
        /// Its id.
        id: String,
        /// Its JSON text.
        json: Vec<u8>,
    },
    /// A number.
    Count(u64),
}

/// A record shows its size: what is in it is nobody's business.
impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => f.write_str("Done"),
            Self::Nothing => f.write_str("Nothing"),
            Self::Document(json) => write!(f, "Document({} bytes)", json.len()),
            Self::Found { id, json } => write!(f, "Found({id:?}, {} bytes)", json.len()),
            Self::Count(count) => write!(f, "Count({count})"),
        }
    }
}

/// What comes after a reply.
#[derive(Debug)]
pub enum Step {
    /// The operation is over.
    Over(Result<Outcome, Error>),
    /// A read goes on with its next command; calls behind it go on as well.
    Continue,
    /// A write goes on with its next command; calls behind it wait until it is over,
    /// and reads that are already under way behind it are made anew.
    Hold,
}

/// One operation on its way through the connection: it writes commands and reads replies,
/// and never waits itself.
pub trait Operation: Send {
    /// Writes the command or commands of the present step. `resend` says that an earlier
    /// sending of this very step may have been executed: the bytes that identify the call
    /// must be those of the first sending.
    fn write(&mut self, out: &mut CommandWriter<'_>, resend: bool);

    /// Takes the replies of the present step, one for each command. No reply here is a
    /// `NOSCRIPT`: the connection has sent the text by then.
    fn read(&mut self, replies: Vec<Value>) -> Step;

    /// Whether it changes nothing, so that it can be made anew at will.
    fn is_read(&self) -> bool;

    /// Parts of its result that may go to the host ahead of the rest, in their order: asked after each
    /// reply. The outcome is what is left of the result.
    fn ahead(&mut self) -> Vec<Vec<u8>> {
        Vec::new()
    }

    /// What it has come upon since this was last asked: asked after each reply. An empty list costs
    /// nothing, and nearly all are.
    fn remarks(&mut self) -> Vec<Remark> {
        Vec::new()
    }
}

/// What must be open before a call may pass: the schema of a store.
pub trait Gate: Send + Sync {
    /// Whether calls pass at once.
    fn is_open(&self) -> bool;
    /// The operation whose success opens the gate. It runs alone.
    fn opening(&self) -> Box<dyn Operation>;
}

/// A call: an operation, and the ticket under which the host settles it.
pub struct Call {
    /// Names the call to the [`Host`](super::Host).
    pub ticket: u32,
    /// What must be open first.
    pub gate: Option<Arc<dyn Gate>>,
    /// What is to be done.
    pub operation: Box<dyn Operation>,
}
