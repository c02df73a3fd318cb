//! A server that cannot serve now: it loads its data, a script blocks it, it is a replica, or a
//! cluster is about to give its keys to another node.
//!
//! What it refused is made again after a pause, one call at a time and in order, until it, or
//! the server that has taken its place, serves again.

use std::time::Duration;

use tokio::time::Instant;

use super::Calls;

/// The server says that it cannot serve now.
pub(super) struct Hindrance {
    since: Instant,
    pauses: u32,
    /// Nothing is sent before this moment.
    until: Option<Instant>,
}

impl Hindrance {
    fn new(since: Instant) -> Self {
        Self {
            since,
            pauses: 0,
            until: None,
        }
    }

    /// Makes the next pause, unless one is under way: 10 ms, then twice as long each time, up to
    /// 160 ms.
    fn pause(&mut self, now: Instant) {
        if self.until.is_none() {
            self.until = Some(now + Duration::from_millis(10 << self.pauses.min(4)));
            self.pauses += 1;
        }
    }
}

impl Calls {
    /// Until when nothing is sent.
    pub(in crate::connection) fn pause(&self) -> Option<Instant> {
        self.hindrance.as_ref()?.until
    }

    pub(super) fn end_pause(&mut self, now: Instant) {
        if let Some(hindrance) = &mut self.hindrance {
            hindrance.until = hindrance.until.filter(|&until| until > now);
        }
    }

    /// Whether a call that the server refused for now is made again. If so, after a pause; the
    /// first redirection is followed at once.
    ///
    /// Where no `commandTimeout` ends the wait, the server's words are the answer after
    /// `maxLoadingRetryTime`.
    pub(super) fn waits_longer(&mut self, redirected: bool) -> bool {
        let now = Instant::now();
        let is_first = self.hindrance.is_none();
        let hindrance = self.hindrance.get_or_insert_with(|| Hindrance::new(now));
        let limit = hindrance.since + self.terms.hindrance;
        let waits = self.terms.command_timeout.is_some() || now < limit;
        if waits && !(redirected && is_first) {
            hindrance.pause(now);
        }
        waits
    }

    /// The server serves: all may go again.
    pub(super) fn unhinder(&mut self) {
        if self.hindrance.take().is_some() {
            self.barrier.take_if(|barrier| !barrier.stops_clocks);
        }
    }
}
