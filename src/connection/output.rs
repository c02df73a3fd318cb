//! The bytes on their way out, addressed by their place in all that the connection has sent.

use std::task::{Context, Poll, ready};

use super::wire::Wire;
use crate::error::Error;

/// Memory that is kept when everything has left.
const USUAL: usize = 256 * 1024;

/// What has been written and not yet been handed to the socket.
#[derive(Default)]
pub(super) struct Output {
    bytes: Vec<u8>,
    /// How many of `bytes` the socket has taken.
    taken: usize,
    /// The place of the first of `bytes`.
    base: u64,
    /// Bytes were taken after the last flush.
    unflushed: bool,
}

impl Output {
    /// Where the next byte goes in.
    pub(super) fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// The place of the next byte.
    pub(super) fn end(&self) -> u64 {
        self.base + self.bytes.len() as u64
    }

    /// The place of the first byte that the socket has not taken.
    pub(super) fn written(&self) -> u64 {
        self.base + self.taken as u64
    }

    /// How many bytes the socket has not taken.
    pub(super) fn backlog(&self) -> usize {
        self.bytes.len() - self.taken
    }

    /// Takes back everything from `place` on, none of which the socket has taken.
    pub(super) fn truncate(&mut self, place: u64) {
        debug_assert!(place >= self.written());
        let end = usize::try_from(place - self.base).unwrap_or(usize::MAX);
        self.bytes.truncate(end);
    }

    /// Goes on with bytes of which the socket has taken the first ones, when there are no others.
    pub(super) fn adopt(&mut self, bytes: &[u8], taken: usize) {
        debug_assert!(self.bytes.is_empty());
        self.bytes.extend_from_slice(bytes);
        self.taken = taken;
    }

    /// Hands over as much as the socket takes.
    pub(super) fn poll_write(
        &mut self,
        wire: &mut Wire,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Error>> {
        while self.backlog() > 0 {
            let count = ready!(wire.poll_write(context, &self.bytes[self.taken..]))?;
            self.taken += count;
            self.unflushed = true;
            if self.taken > USUAL {
                self.forget_taken();
            }
        }
        self.forget_taken();
        if self.unflushed {
            ready!(wire.poll_flush(context))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    fn forget_taken(&mut self) {
        self.bytes.drain(..self.taken);
        self.base += self.taken as u64;
        self.taken = 0;
        if self.bytes.is_empty() && self.bytes.capacity() > USUAL {
            self.bytes = Vec::new();
        }
    }
}
