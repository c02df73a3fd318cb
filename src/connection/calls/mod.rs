//! All calls of a link that are not settled, and the rules by which they take turns.
//!
//! A call waits in the queue, flies, and is settled; or it comes back to its place in the queue
//! for another sending or another step. At most one call at a time is a barrier: nothing behind
//! it is sent until it is over.

use std::sync::Arc;

use socket2::Socket;
use tokio::time::Instant;

use self::hindrance::Hindrance;
use self::reactions::Reactions;
use self::terms::Terms;
use super::alarm::Alarm;
use super::flight::Flight;
use super::host::Host;
use super::inbox::{Arrival, Inbox};
use super::link::Close;
use super::queue::Queue;
use super::settings::{Node, Settings};
use super::shortcut::Shortcut;

mod answers;
mod deadlines;
mod hindrance;
mod losses;
mod reactions;
mod sending;
mod terms;

/// The calls of a link from their submission to their end.
pub(super) struct Calls {
    host: Arc<dyn Host>,
    inbox: Arc<Inbox>,
    batch: Vec<Arrival>,
    next_order: u64,
    queue: Queue,
    flight: Flight,
    barrier: Option<Barrier>,
    hindrance: Option<Hindrance>,
    /// Refusals of which the client is asked what they mean.
    reactions: Reactions,
    /// Nothing more is sent on the present connection, which is left once all is answered.
    leaving: Option<Leave>,
    terms: Terms,
    /// New calls are not to wait for the connection that others wait for.
    offline: bool,
    closing: Option<Close>,
    alarm: Alarm,
    /// No deadline passes before this moment.
    next_deadline: Option<Instant>,
    /// When a call has taken the shortcut, since this was last asked.
    shortcut_taken: Option<Instant>,
}

/// Why a connection that works is left for another one.
#[derive(Debug)]
pub(super) enum Leave {
    /// Another server may have taken the place of this one.
    Anew,
    /// The cluster has named the node that serves the calls.
    To(Node),
}

/// The call behind which nothing is sent.
#[derive(Clone, Copy)]
struct Barrier {
    order: u64,
    /// Whether the clocks of the calls behind it stand still: so for a gate and for a write of
    /// several steps, not for a call that tries out whether the server serves again.
    stops_clocks: bool,
}

impl Calls {
    pub(super) fn new(host: Arc<dyn Host>, inbox: Arc<Inbox>) -> Self {
        Self {
            host,
            inbox,
            batch: Vec::new(),
            next_order: 0,
            queue: Queue::default(),
            flight: Flight::default(),
            barrier: None,
            hindrance: None,
            reactions: Reactions::default(),
            leaving: None,
            terms: Terms::default(),
            offline: false,
            closing: None,
            alarm: Alarm::default(),
            next_deadline: None,
            shortcut_taken: None,
        }
    }

    /// Goes by these settings from now on.
    pub(super) fn adopt(&mut self, settings: &Settings) {
        self.terms = Terms::of(settings);
        self.next_deadline = Some(Instant::now());
    }

    /// Whether no call waits for anything.
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.reactions.is_empty() && self.flight.calls().next().is_none()
    }

    /// Whether the server owes answers.
    pub(super) fn is_owed(&self) -> bool {
        !self.flight.is_empty()
    }

    /// When a call was sent behind the task's back, since this was last asked.
    pub(super) fn shortcut_taken(&mut self) -> Option<Instant> {
        self.shortcut_taken.take()
    }

    /// Whether a call that comes now could be sent at once, and nothing else is to be done.
    pub(super) fn is_idle(&self) -> bool {
        self.is_empty()
            && !self.is_owed()
            && self.flight.backlog() == 0
            && self.barrier.is_none()
            && self.hindrance.is_none()
            && self.leaving.is_none()
            && self.closing.is_none()
    }

    /// Lets the next call write into `socket` itself; `watched`: the task wakes up in time to see
    /// to it that a silent server is given up.
    pub(super) fn offer(&self, socket: &Arc<Socket>, watched: bool) {
        self.inbox.offer(Shortcut {
            socket: Arc::clone(socket),
            wakes: !watched || self.terms.command_timeout.is_some(),
        });
    }

    /// Asks the server for a sign of life.
    pub(super) fn ping(&mut self) {
        self.flight.ping();
    }

    /// Why the connection is to be left, once the server owes nothing any more.
    pub(super) fn leave(&mut self) -> Option<Leave> {
        if self.is_owed() {
            return None;
        }
        self.leaving.take()
    }

    /// Whether the link is closed and owes nothing to anybody but rejections.
    pub(super) fn is_over(&self) -> bool {
        match self.closing {
            Some(Close::Now) => true,
            Some(Close::Graceful) => self.is_empty(),
            None => false,
        }
    }
}
