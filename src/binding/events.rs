//! What the runtime thread has to say to JavaScript, and the values in which it says it.

use super::error::report;
use super::text::Text;
use crate::connection::Outcome;
use crate::error::Error;

/// What happened.
pub enum Event {
    /// A call is over.
    Settled { ticket: u32, result: Settled },
    /// The connection asks its client something.
    Question {
        client: u32,
        question: u32,
        text: Vec<u8>,
    },
    /// A stream has something for its socket.
    Stream {
        client: u32,
        stream: u32,
        event: StreamEvent,
    },
    /// Something has become of a connection. JSON, as the next.
    Change { client: u32, text: Vec<u8> },
    /// Something has happened to a call that is not over.
    Remark { ticket: u32, text: Vec<u8> },
    /// A part of the result of a call that is not over.
    Ahead { ticket: u32, text: Text },
}

/// How a call has ended.
pub enum Settled {
    Done,
    Nothing,
    /// A JSON text, and the id of the record that an index has led to.
    Document(Text, Option<String>),
    Count(u64),
    /// A report for `js/errors.js`.
    Error(Vec<u8>),
}

impl From<Result<Outcome, Error>> for Settled {
    fn from(result: Result<Outcome, Error>) -> Self {
        match result {
            Ok(Outcome::Done) => Self::Done,
            Ok(Outcome::Nothing) => Self::Nothing,
            Ok(Outcome::Document(json)) => Self::Document(Text::of_json(json), None),
            Ok(Outcome::Found { id, json }) => Self::Document(Text::of_json(json), Some(id)),
            Ok(Outcome::Count(count)) => Self::Count(count),
            Err(error) => Self::Error(report(&error)),
        }
    }
}

/// What the socket of a stream is to do.
pub enum StreamEvent {
    Write(Vec<u8>),
    Resume,
    Close,
}

/// A value for JavaScript. Events travel as four of them: kind, number, and two more.
pub enum Item {
    Nothing,
    Number(f64),
    Text(Vec<u8>),
    Json(Text),
    Bytes(Vec<u8>),
}

impl Event {
    /// How many bytes JavaScript will have of it, more or less.
    pub fn size(&self) -> usize {
        match self {
            Self::Settled { result, .. } => match result {
                Settled::Document(text, _) => text.size(),
                _ => 0,
            },
            Self::Question { text, .. } | Self::Change { text, .. } | Self::Remark { text, .. } => {
                text.len()
            }
            Self::Ahead { text, .. } => text.size(),
            Self::Stream { event, .. } => match event {
                StreamEvent::Write(bytes) => bytes.len(),
                _ => 0,
            },
        }
    }

    /// As `js/bridge.js` reads it.
    pub fn items(self) -> [Item; 4] {
        let number = |number: u32| Item::Number(number.into());
        match self {
            Self::Settled { ticket, result } => {
                let (kind, first, second) = match result {
                    Settled::Done => (0.0, Item::Nothing, Item::Nothing),
                    Settled::Nothing => (1.0, Item::Nothing, Item::Nothing),
                    Settled::Document(text, id) => {
                        let id = id.map_or(Item::Nothing, |id| Item::Text(id.into_bytes()));
                        (2.0, Item::Json(text), id)
                    }
                    #[expect(clippy::cast_precision_loss, reason = "no index holds 2^53 requests")]
                    Settled::Count(count) => (3.0, Item::Number(count as f64), Item::Nothing),
                    Settled::Error(report) => (4.0, Item::Text(report), Item::Nothing),
                };
                [Item::Number(kind), number(ticket), first, second]
            }
            Self::Question {
                client,
                question,
                text,
            } => [
                Item::Number(5.0),
                number(client),
                number(question),
                Item::Text(text),
            ],
            Self::Stream {
                client,
                stream,
                event,
            } => {
                let (kind, bytes) = match event {
                    StreamEvent::Write(bytes) => (6.0, Item::Bytes(bytes)),
                    StreamEvent::Resume => (7.0, Item::Nothing),
                    StreamEvent::Close => (8.0, Item::Nothing),
                };
                [Item::Number(kind), number(client), number(stream), bytes]
            }
            Self::Change { client, text } => [
                Item::Number(9.0),
                number(client),
                Item::Text(text),
                Item::Nothing,
            ],
            Self::Remark { ticket, text } => [
                Item::Number(10.0),
                number(ticket),
                Item::Text(text),
                Item::Nothing,
            ],
            Self::Ahead { ticket, text } => [
                Item::Number(11.0),
                number(ticket),
                Item::Json(text),
                Item::Nothing,
            ],
        }
    }
}
