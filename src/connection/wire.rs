//! An open connection as the rest sees it: bytes go out, replies come in.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use redis::Value;
use socket2::Socket;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::host::Transport;
use super::reply::{self, Frame};
use crate::error::Error;

/// What the input buffer starts with and returns to after a large reply.
const USUAL: usize = 16 * 1024;
/// With less room than this it is not worth while to read.
const LITTLE: usize = 4 * 1024;
/// Beyond this, memory is given back once the reply that needed it has been read.
const MUCH: usize = 1024 * 1024;

/// The two directions of an open connection.
pub(super) struct Wire {
    transport: Transport,
    /// Initialised throughout; what has arrived and is not yet read lies in `start..end`.
    input: Vec<u8>,
    start: usize,
    end: usize,
    frame: Frame,
    /// Something has arrived since this was last asked.
    heard: bool,
    /// The way into the socket for calls that find the connection idle.
    socket: Option<Arc<Socket>>,
}

impl Wire {
    pub(super) fn new(transport: Transport) -> Self {
        Self {
            socket: transport.socket().map(Arc::new),
            transport,
            input: vec![0; USUAL],
            start: 0,
            end: 0,
            frame: Frame::new(),
            heard: false,
        }
    }

    /// A second handle of the socket, where it is a plain one.
    pub(super) fn socket(&self) -> Option<&Arc<Socket>> {
        self.socket.as_ref()
    }

    /// Whether anything has arrived since the last time this was asked.
    pub(super) fn has_heard(&mut self) -> bool {
        std::mem::take(&mut self.heard)
    }

    /// Hands bytes to the socket; says how many it took.
    pub(super) fn poll_write(
        &mut self,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize, Error>> {
        let written = ready!(Pin::new(&mut self.transport).poll_write(context, bytes));
        Poll::Ready(match written {
            Ok(0) => Err(lost("write", &io::ErrorKind::BrokenPipe.into())),
            Ok(count) => Ok(count),
            Err(error) => Err(lost("write", &error)),
        })
    }

    /// Pushes out what a layer between us and the socket may hold back.
    pub(super) fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let flushed = ready!(Pin::new(&mut self.transport).poll_flush(context));
        Poll::Ready(flushed.map_err(|error| lost("write", &error)))
    }

    /// The next reply. An error says that the connection is over.
    pub(super) fn poll_reply(&mut self, context: &mut Context<'_>) -> Poll<Result<Value, Error>> {
        loop {
            if self.start < self.end
                && let Some(length) = self.frame.complete(&self.input[self.start..self.end])?
            {
                let reply = reply::parse(&self.input[self.start..self.start + length]);
                self.start += length;
                self.frame = Frame::new();
                return Poll::Ready(reply);
            }
            self.make_room();
            let mut room = ReadBuf::new(&mut self.input[self.end..]);
            let read = ready!(Pin::new(&mut self.transport).poll_read(context, &mut room));
            let count = room.filled().len();
            match read {
                Ok(()) if count == 0 => return Poll::Ready(Err(closed_by_peer())),
                Ok(()) => {
                    self.end += count;
                    self.heard = true;
                }
                Err(error) => return Poll::Ready(Err(lost("read", &error))),
            }
        }
    }

    /// Sends `bytes` and collects their `expected` replies. With the error that ended it early,
    /// if one did, come the replies that were there before: they may say why.
    pub(super) async fn exchange(
        &mut self,
        bytes: &[u8],
        expected: usize,
    ) -> (Vec<Value>, Option<Error>) {
        let mut failure = self.send(bytes).await.err();
        let mut replies = Vec::with_capacity(expected);
        while replies.len() < expected {
            match poll_fn(|context| self.poll_reply(context)).await {
                Ok(reply) => replies.push(reply),
                Err(error) => {
                    failure.get_or_insert(error);
                    break;
                }
            }
        }
        (replies, failure)
    }

    async fn send(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        while !bytes.is_empty() {
            let count = poll_fn(|context| self.poll_write(context, bytes)).await?;
            bytes = &bytes[count..];
        }
        poll_fn(|context| self.poll_flush(context)).await
    }

    /// Makes sure that something can be read: by moving what is there to the front, by growing,
    /// and by giving back what a large reply has needed.
    fn make_room(&mut self) {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            if self.input.len() > MUCH {
                self.input = vec![0; USUAL];
            }
        } else if self.input.len() - self.end < LITTLE {
            self.input.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
            if self.end > self.input.len() / 2 {
                self.input.resize(self.input.len() * 2, 0);
            }
        }
    }
}

/// A failure of an open connection, worded as Node words it.
fn lost(call: &'static str, error: &io::Error) -> Error {
    // A stream that knows better says so.
    if let Some(known) = error.get_ref().and_then(|inner| inner.downcast_ref()) {
        return Error::clone(known);
    }
    let code = match error.kind() {
        io::ErrorKind::BrokenPipe => "EPIPE",
        io::ErrorKind::TimedOut => "ETIMEDOUT",
        io::ErrorKind::HostUnreachable => "EHOSTUNREACH",
        io::ErrorKind::NetworkUnreachable => "ENETUNREACH",
        _ => "ECONNRESET",
    };
    Error::Connect {
        code: code.into(),
        text: format!("{call} {code}"),
    }
}

fn closed_by_peer() -> Error {
    Error::Connect {
        code: "ECONNRESET".into(),
        text: "The server closed the connection".to_owned(),
    }
}
