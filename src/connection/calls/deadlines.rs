//! `commandTimeout`: whose clock runs, and what happens when it runs out.
//!
//! The clock of a call starts with its submission and with each further step. It stands still
//! while the call waits behind a gate or behind a write of several steps.

use std::task::Context;

use tokio::time::Instant;

use super::{Barrier, Calls};
use crate::connection::carried::Carried;
use crate::error::Error;

impl Calls {
    /// Takes in new calls, hears what the client says of refusals, and rejects calls whose time is
    /// up. The task is woken for the next of these.
    pub(in crate::connection) fn tend(&mut self, context: &mut Context<'_>) {
        self.react(context);
        loop {
            self.closing = self.inbox.take(context, &mut self.batch);
            if self.batch.is_empty() {
                break;
            }
            self.accept(Instant::now());
        }
        loop {
            let next = [self.pause(), self.next_deadline]
                .into_iter()
                .flatten()
                .min();
            if self.alarm.poll(context, next).is_pending() {
                break;
            }
            let now = Instant::now();
            self.end_pause(now);
            if self.next_deadline.is_some_and(|deadline| deadline <= now) {
                self.expire(now);
            }
        }
    }

    /// Rejects the calls whose time is up at `now`, and finds out when the next one's is.
    fn expire(&mut self, now: Instant) {
        self.next_deadline = None;
        let Some(limit) = self.terms.command_timeout else {
            return;
        };
        let due = |call: &Carried| call.since + limit <= now;
        if self.flight.calls().any(due) {
            // What has not left yet never will, and its rejection can say so.
            self.take_back_unsent();
        }
        for call in self.flight.abandon(due) {
            self.time_out(call, true);
        }
        loop {
            let barrier = self.barrier;
            let overdue = self.queue.extract(|call| due(call) && runs(barrier, call));
            if overdue.is_empty() {
                break;
            }
            // One of them may have been the barrier, which frees others to run out of time.
            for call in overdue {
                self.time_out(call, false);
            }
        }
        let barrier = self.barrier;
        let queued = self.queue.iter().filter(|call| runs(barrier, call));
        let running = queued.chain(self.flight.calls());
        self.next_deadline = running.map(|call| call.since + limit).min();
    }

    fn time_out(&mut self, call: Carried, sent: bool) {
        let ambiguous = call.ambiguous(sent);
        self.lift(call.order, false);
        self.report(call, Err(Error::CommandTimedOut { ambiguous }));
    }

    /// Lets the calls behind `order` go, if that was the barrier. Their clocks start anew where
    /// the barrier moved on; a server that answers nothing does not get the time twice.
    pub(super) fn lift(&mut self, order: u64, answered: bool) {
        let Some(barrier) = self.barrier.take_if(|barrier| barrier.order == order) else {
            return;
        };
        if barrier.stops_clocks && answered {
            let now = Instant::now();
            for call in self.queue.iter_mut().filter(|call| call.order > order) {
                call.since = now;
            }
        }
        self.next_deadline = self.terms.command_timeout.map(|_| Instant::now());
    }
}

/// Whether the clock of a queued call runs.
fn runs(barrier: Option<Barrier>, call: &Carried) -> bool {
    !barrier.is_some_and(|barrier| barrier.stops_clocks && call.order > barrier.order)
}
