//! An operation of many steps, written as one async function.
//!
//! A connection asks an [`Operation`] for commands and hands it replies; a migration, or a walk
//! through the whole store, reads better as loops that ask and go on. The function awaits nothing
//! but [`Talk::ask`], so that it can be polled by hand: once for each reply, without a runtime and
//! without ever waiting.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use redis::Value;

use super::reply::accepted;
use crate::connection::{CommandWriter, Operation, Outcome, Remark, Script, Step};
use crate::error::Error;
use crate::fault;

/// One command of a step.
pub enum Command {
    /// A name and its arguments.
    Plain(Vec<Vec<u8>>),
    /// A script with its keys and arguments.
    Script(&'static Script, Vec<Vec<u8>>, Vec<Vec<u8>>),
    /// What another operation writes: one command.
    Written(Box<dyn Fn(&mut CommandWriter<'_>) + Send>),
}

impl Command {
    /// A command with these arguments.
    pub fn new(args: &[&[u8]]) -> Self {
        Self::Plain(args.iter().map(|arg| arg.to_vec()).collect())
    }

    fn write(&self, out: &mut CommandWriter<'_>) {
        match self {
            Self::Plain(args) => out.command(args.iter().map(Vec::as_slice)),
            Self::Script(script, keys, args) => {
                let keys: Vec<&[u8]> = keys.iter().map(Vec::as_slice).collect();
                let args: Vec<&[u8]> = args.iter().map(Vec::as_slice).collect();
                out.script(script, &keys, &args);
            }
            Self::Written(write) => write(out),
        }
    }
}

/// What the server says to the commands of one step.
#[derive(Default)]
pub struct Replies {
    /// A reply for each command; error replies among them.
    pub values: Vec<Value>,
    /// The step was sent more than once: the connection, perhaps the server, is another one.
    pub resent: bool,
}

impl Replies {
    /// The replies, unless the server refused one of the commands.
    pub fn accepted(self) -> Result<Self, Error> {
        let values = accepted(self.values)?;
        Ok(Self { values, ..self })
    }
}

#[derive(Default)]
struct Exchange {
    request: Vec<Command>,
    resent: bool,
    replies: Option<Replies>,
    remarks: Vec<Remark>,
}

/// The function's end of the conversation.
#[derive(Clone)]
pub struct Talk(Arc<Mutex<Exchange>>);

impl Talk {
    /// Sends the commands of one step in one write and waits for the replies. Where there is nothing
    /// to ask there is no step.
    pub async fn ask(&self, request: Vec<Command>) -> Replies {
        if request.is_empty() {
            return Replies::default();
        }
        {
            let mut exchange = self.exchange();
            exchange.request = request;
            exchange.resent = false;
        }
        poll_fn(|_| match self.exchange().replies.take() {
            Some(replies) => Poll::Ready(replies),
            None => Poll::Pending,
        })
        .await
    }

    /// Says something to those who watch, with the next reply.
    pub fn remark(&self, remark: Remark) {
        self.exchange().remarks.push(remark);
    }

    fn exchange(&self) -> MutexGuard<'_, Exchange> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The connection's end of the conversation: the operation that the function is.
pub struct Dialogue {
    talk: Talk,
    course: Pin<Box<dyn Future<Output = Result<Outcome, Error>> + Send>>,
    started: bool,
    is_alone: bool,
}

impl Dialogue {
    /// The operation that goes the course which `start` returns, with nothing behind it on the
    /// way until it is over.
    pub fn alone<C>(start: impl FnOnce(Talk) -> C) -> Self
    where
        C: Future<Output = Result<Outcome, Error>> + Send + 'static,
    {
        Self::new(start, true)
    }

    /// The same for a course each of whose steps stands for itself: other calls go on between
    /// them.
    pub fn beside<C>(start: impl FnOnce(Talk) -> C) -> Self
    where
        C: Future<Output = Result<Outcome, Error>> + Send + 'static,
    {
        Self::new(start, false)
    }

    fn new<C>(start: impl FnOnce(Talk) -> C, is_alone: bool) -> Self
    where
        C: Future<Output = Result<Outcome, Error>> + Send + 'static,
    {
        let talk = Talk(Arc::default());
        let course = Box::pin(start(talk.clone()));
        Self {
            talk,
            course,
            started: false,
            is_alone,
        }
    }

    /// Goes on to the next request, or to the end.
    fn advance(&mut self) -> Step {
        fault::point("dialogue");
        match self
            .course
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            Poll::Ready(result) => Step::Over(result),
            Poll::Pending if self.is_alone => Step::Hold,
            Poll::Pending => Step::Continue,
        }
    }
}

impl Operation for Dialogue {
    fn write(&mut self, out: &mut CommandWriter<'_>, resend: bool) {
        if !self.started {
            self.started = true;
            // To the first step: every course has one.
            self.advance();
        }
        let mut exchange = self.talk.exchange();
        exchange.resent |= resend;
        exchange
            .request
            .iter()
            .for_each(|command| command.write(out));
    }

    fn read(&mut self, replies: Vec<Value>) -> Step {
        {
            let mut exchange = self.talk.exchange();
            exchange.replies = Some(Replies {
                values: replies,
                resent: exchange.resent,
            });
        }
        self.advance()
    }

    fn is_read(&self) -> bool {
        false
    }

    fn remarks(&mut self) -> Vec<Remark> {
        std::mem::take(&mut self.talk.exchange().remarks)
    }
}
