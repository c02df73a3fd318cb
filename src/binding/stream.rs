//! Streams whose socket is in JavaScript: the caller's own connector has opened it, and its bytes
//! are carried across. For whatever way to the server cannot be said natively.
//!
//! Bytes to the socket leave as events, and JavaScript says how many of them the socket took.
//! Bytes from the socket come through [`stream_received`], which says when JavaScript has to
//! pause the socket; an event lets it go on.

#![expect(
    clippy::needless_pass_by_value,
    reason = "napi hands owned values over"
)]

use std::collections::{HashMap, VecDeque};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use napi::bindgen_prelude::{External, Uint8Array};
use napi_derive::napi;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::events::{Event, StreamEvent};
use super::link::NativeLink;
use super::outbox::Outbox;
use crate::connection::Stream;
use crate::fault;

/// How many bytes may be on their way in one direction: sent and not yet taken by the socket, or
/// received and not yet read.
const WINDOW: usize = 1024 * 1024;

/// The streams of one client, by number.
pub struct Streams {
    client: u32,
    outbox: Arc<Outbox>,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    opened: u32,
    pipes: HashMap<u32, Arc<Mutex<Pipe>>>,
}

/// What the two threads share of a stream.
#[derive(Default)]
struct Pipe {
    /// Received, and not yet read.
    unread: VecDeque<u8>,
    /// The socket has been paused until something is read.
    paused: bool,
    /// How many bytes were sent that the socket has not taken yet.
    untaken: usize,
    /// The socket has ended: by itself, or with an error.
    end: Option<Result<(), io::ErrorKind>>,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

/// Our end of a stream. Dropping it destroys the socket.
pub struct CarriedStream {
    number: u32,
    streams: Arc<Streams>,
    pipe: Arc<Mutex<Pipe>>,
}

impl Streams {
    /// Room for the streams of the client that JavaScript calls `client`.
    pub fn new(client: u32, outbox: Arc<Outbox>) -> Self {
        Self {
            client,
            outbox,
            open: Mutex::default(),
        }
    }

    /// A new stream, for which JavaScript is to open a socket.
    pub fn open(self: &Arc<Self>) -> CarriedStream {
        let pipe = Arc::default();
        let mut open = lock(&self.open);
        open.opened = open.opened.wrapping_add(1);
        let number = open.opened;
        open.pipes.insert(number, Arc::clone(&pipe));
        CarriedStream {
            number,
            streams: Arc::clone(self),
            pipe,
        }
    }

    fn tell(&self, stream: u32, event: StreamEvent) {
        self.outbox.push(Event::Stream {
            client: self.client,
            stream,
            event,
        });
    }

    /// The stream, unless it has been dropped.
    fn pipe(&self, stream: u32) -> Option<Arc<Mutex<Pipe>>> {
        lock(&self.open).pipes.get(&stream).cloned()
    }
}

impl CarriedStream {
    /// The number by which the JavaScript side knows it.
    pub fn number(&self) -> u32 {
        self.number
    }
}

impl Drop for CarriedStream {
    fn drop(&mut self) {
        lock(&self.streams.open).pipes.remove(&self.number);
        self.streams.tell(self.number, StreamEvent::Close);
    }
}

impl Stream for CarriedStream {}

impl AsyncRead for CarriedStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        room: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut pipe = lock(&self.pipe);
        if pipe.unread.is_empty() {
            let Some(end) = pipe.end else {
                pipe.reader = Some(context.waker().clone());
                return Poll::Pending;
            };
            return Poll::Ready(end.map_err(io::Error::from));
        }
        let (bytes, _) = pipe.unread.as_slices();
        let count = bytes.len().min(room.remaining());
        room.put_slice(&bytes[..count]);
        pipe.unread.drain(..count);
        let resumes = pipe.paused && pipe.unread.len() < WINDOW / 2;
        if resumes {
            pipe.paused = false;
        }
        drop(pipe);
        if resumes {
            self.streams.tell(self.number, StreamEvent::Resume);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for CarriedStream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut pipe = lock(&self.pipe);
        if let Some(end) = pipe.end {
            let kind = end.err().unwrap_or(io::ErrorKind::BrokenPipe);
            return Poll::Ready(Err(kind.into()));
        }
        let count = bytes.len().min(WINDOW - pipe.untaken);
        if count == 0 && !bytes.is_empty() {
            pipe.writer = Some(context.waker().clone());
            return Poll::Pending;
        }
        pipe.untaken += count;
        drop(pipe);
        let bytes = bytes[..count].to_vec();
        self.streams.tell(self.number, StreamEvent::Write(bytes));
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Takes bytes from the socket of a stream. Says whether it may go on; otherwise it is to be
/// paused until the stream says so.
#[napi(catch_unwind)]
pub fn stream_received(link: &External<NativeLink>, stream: u32, bytes: Uint8Array) -> bool {
    fault::point("stream_received");
    let Some(pipe) = link.streams().pipe(stream) else {
        return true;
    };
    let mut pipe = lock(&pipe);
    pipe.unread.extend(bytes.as_ref());
    pipe.paused = pipe.unread.len() >= WINDOW;
    let goes_on = !pipe.paused;
    wake(pipe, |pipe| pipe.reader.take());
    goes_on
}

/// The socket of a stream has taken bytes that were written to it.
#[napi(catch_unwind)]
pub fn stream_took(link: &External<NativeLink>, stream: u32, count: u32) {
    fault::point("stream_took");
    if let Some(pipe) = link.streams().pipe(stream) {
        let mut pipe = lock(&pipe);
        pipe.untaken = pipe.untaken.saturating_sub(count as usize);
        wake(pipe, |pipe| pipe.writer.take());
    }
}

/// The socket of a stream has ended: with the code of an error, or because the peer closed it.
#[napi(catch_unwind)]
pub fn stream_ended(link: &External<NativeLink>, stream: u32, code: Option<String>) {
    fault::point("stream_ended");
    if let Some(pipe) = link.streams().pipe(stream) {
        let end = code.map_or(Ok(()), |code| Err(kind_of(&code)));
        let mut state = lock(&pipe);
        state.end.get_or_insert(end);
        wake(state, |pipe| pipe.reader.take());
        wake(lock(&pipe), |pipe| pipe.writer.take());
    }
}

fn wake(mut pipe: MutexGuard<'_, Pipe>, whom: impl FnOnce(&mut Pipe) -> Option<Waker>) {
    let waker = whom(&mut pipe);
    drop(pipe);
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// What Node names by `code`, as far as the connection tells such failures apart.
fn kind_of(code: &str) -> io::ErrorKind {
    match code {
        "EPIPE" => io::ErrorKind::BrokenPipe,
        "ETIMEDOUT" => io::ErrorKind::TimedOut,
        "EHOSTUNREACH" => io::ErrorKind::HostUnreachable,
        "ENETUNREACH" => io::ErrorKind::NetworkUnreachable,
        _ => io::ErrorKind::ConnectionReset,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
