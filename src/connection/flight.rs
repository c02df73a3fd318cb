//! What is on the wire: attempts in the order in which they were sent, each waiting for replies.

use std::collections::VecDeque;
use std::task::{Context, Poll};

use redis::Value;

use super::carried::Carried;
use super::output::Output;
use super::reply::refusal;
use super::shortcut::Sent;
use super::wire::Wire;
use crate::error::Error;

/// The attempts of one connection that are not answered, and their bytes that have not left.
#[derive(Default)]
pub(super) struct Flight {
    output: Output,
    sent: VecDeque<Attempt>,
}

struct Attempt {
    /// `None`: nobody waits any more; the replies are swallowed to stay in step.
    call: Option<Carried>,
    /// The place of its first byte in the output.
    start: u64,
    /// Replies to come.
    missing: usize,
    replies: Vec<Value>,
}

impl Flight {
    /// Writes the present step of `call`. A call that cannot be written is given back with the
    /// reason.
    pub(super) fn send(&mut self, mut call: Carried) -> Result<(), Box<(Carried, Error)>> {
        let start = self.output.end();
        match call.write(self.output.bytes()) {
            Ok(missing) => {
                let replies = Vec::new();
                let call = Some(call);
                self.sent.push_back(Attempt {
                    call,
                    start,
                    missing,
                    replies,
                });
                Ok(())
            }
            Err(error) => Err(Box::new((call, error))),
        }
    }

    /// Takes over a call that has been sent already.
    pub(super) fn adopt(&mut self, call: Carried, sent: &Sent) {
        let start = self.output.end();
        self.output.adopt(&sent.bytes, sent.taken);
        self.sent.push_back(Attempt {
            call: Some(call),
            start,
            missing: sent.commands,
            replies: Vec::new(),
        });
    }

    /// Asks for a sign of life, on behalf of nobody.
    pub(super) fn ping(&mut self) {
        let start = self.output.end();
        self.output
            .bytes()
            .extend_from_slice(b"*1\r\n$4\r\nPING\r\n");
        self.sent.push_back(Attempt {
            call: None,
            start,
            missing: 1,
            replies: Vec::new(),
        });
    }

    /// Whether every attempt has been answered.
    pub(super) fn is_empty(&self) -> bool {
        self.sent.is_empty()
    }

    /// Bytes that the socket has not taken.
    pub(super) fn backlog(&self) -> usize {
        self.output.backlog()
    }

    pub(super) fn poll_write(
        &mut self,
        wire: &mut Wire,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Error>> {
        self.output.poll_write(wire, context)
    }

    /// Takes the next reply off the wire. With the last one of an attempt comes its call, unless
    /// nobody waits for it.
    pub(super) fn answer(&mut self, reply: Value) -> Result<Option<(Carried, Vec<Value>)>, Error> {
        let Some(attempt) = self.sent.front_mut() else {
            return Err(unasked(&reply));
        };
        attempt.missing -= 1;
        if attempt.call.is_some() {
            attempt.replies.reserve_exact(1 + attempt.missing);
            attempt.replies.push(reply);
        }
        if attempt.missing > 0 {
            return Ok(None);
        }
        let answered = self.sent.pop_front();
        Ok(answered.and_then(|attempt| Some((attempt.call?, attempt.replies))))
    }

    /// Takes back the attempts of which no byte has left, in their order.
    pub(super) fn withdraw(&mut self) -> impl DoubleEndedIterator<Item = Carried> + use<> {
        let written = self.output.written();
        let left = self.sent.partition_point(|attempt| attempt.start < written);
        let unsent = self.sent.split_off(left);
        if let Some(first) = unsent.front() {
            self.output.truncate(first.start);
        }
        unsent.into_iter().filter_map(|attempt| attempt.call)
    }

    /// Takes the calls that `chosen` picks off attempts that have left; their replies will be
    /// swallowed.
    pub(super) fn abandon(&mut self, mut chosen: impl FnMut(&Carried) -> bool) -> Vec<Carried> {
        let attempts = self.sent.iter_mut();
        attempts
            .filter_map(|attempt| attempt.call.take_if(|call| chosen(call)))
            .collect()
    }

    /// The calls on the wire.
    pub(super) fn calls(&self) -> impl Iterator<Item = &Carried> {
        self.sent.iter().filter_map(|attempt| attempt.call.as_ref())
    }

    /// Ends the connection's part: gives back all calls in their order, each with whether a byte
    /// of its attempt has left.
    pub(super) fn land(&mut self) -> impl DoubleEndedIterator<Item = (Carried, bool)> + use<> {
        let written = self.output.written();
        let flight = std::mem::take(self);
        let attempts = flight.sent.into_iter();
        attempts.filter_map(move |attempt| Some((attempt.call?, attempt.start < written)))
    }
}

/// What a reply that nobody asked for says about the connection: a server that hangs up on a
/// client tells it why.
fn unasked(reply: &Value) -> Error {
    refusal(reply).map_or(Error::UnexpectedReply("nothing"), Error::server)
}
