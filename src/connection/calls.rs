//! All calls of a link that are not settled, and the rules by which they take turns.
//!
//! A call waits in the queue, flies, and is settled; or it comes back to its place in the queue
//! for another sending or another step. At most one call at a time is a barrier: nothing behind
//! it is sent until it is over.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use redis::Value;
use tokio::time::Instant;

use super::alarm::Alarm;
use super::carried::Carried;
use super::command::ScriptForm;
use super::flight::Flight;
use super::inbox::Inbox;
use super::link::Close;
use super::operation::{Call, Host, Outcome, Step};
use super::queue::Queue;
use super::settings::Settings;
use super::verdict::{Verdict, judge};
use super::wire::Wire;
use crate::error::Error;

/// Output beyond which no further call is written until the socket has taken some.
const FULL: usize = 1024 * 1024;

/// How long a server may say that it cannot serve now before its words are the answer, where no
/// `commandTimeout` ends the wait. As long as ioredis waits for a server that loads its data.
const HINDRANCE_LIMIT: Duration = Duration::from_secs(10);

/// The calls of a link from their submission to their end.
pub(super) struct Calls {
    host: Arc<dyn Host>,
    inbox: Arc<Inbox>,
    batch: Vec<Call>,
    next_order: u64,
    queue: Queue,
    flight: Flight,
    barrier: Option<Barrier>,
    hindrance: Option<Hindrance>,
    terms: Terms,
    /// Calls are not to wait for the next connection.
    offline: bool,
    closing: Option<Close>,
    alarm: Alarm,
    /// No deadline passes before this moment.
    next_deadline: Option<Instant>,
}

/// What the settings say about the patience of calls.
struct Terms {
    command_timeout: Option<Duration>,
    max_retries: Option<u32>,
    offline_queue: bool,
    auto_resend: bool,
}

/// The call behind which nothing is sent.
#[derive(Clone, Copy)]
struct Barrier {
    order: u64,
    /// Whether the clocks of the calls behind it stand still: so for a gate and for a write of
    /// several steps, not for a call that tries out whether the server serves again.
    stops_clocks: bool,
}

/// The server says that it cannot serve now.
struct Hindrance {
    since: Instant,
    pauses: u32,
    /// Nothing is sent before this moment.
    until: Option<Instant>,
}

impl Hindrance {
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
            terms: Terms {
                command_timeout: None,
                max_retries: None,
                offline_queue: true,
                auto_resend: true,
            },
            offline: false,
            closing: None,
            alarm: Alarm::default(),
            next_deadline: None,
        }
    }

    /// Goes by these settings from now on.
    pub(super) fn adopt(&mut self, settings: &Settings) {
        self.terms = Terms {
            command_timeout: settings.command_timeout.map(Duration::from_millis),
            max_retries: settings.max_retries_per_request,
            offline_queue: settings.enable_offline_queue,
            auto_resend: settings.auto_resend_unfulfilled_commands,
        };
        self.next_deadline = Some(Instant::now());
    }

    /// Whether no call waits for anything.
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.flight.calls().next().is_none()
    }

    /// Whether the link is closed and owes nothing to anybody but rejections.
    pub(super) fn is_over(&self) -> bool {
        match self.closing {
            Some(Close::Now) => true,
            Some(Close::Graceful) => self.is_empty(),
            None => false,
        }
    }

    /// Takes in new calls and rejects those whose time is up. The task is woken for the next of
    /// either.
    pub(super) fn tend(&mut self, context: &mut Context<'_>) {
        loop {
            self.closing = self.inbox.take(context, &mut self.batch);
            if self.batch.is_empty() {
                break;
            }
            self.accept(Instant::now());
        }
        loop {
            let pause = self
                .hindrance
                .as_ref()
                .and_then(|hindrance| hindrance.until);
            let next = [pause, self.next_deadline].into_iter().flatten().min();
            if self.alarm.poll(context, next).is_pending() {
                break;
            }
            let now = Instant::now();
            if let Some(hindrance) = &mut self.hindrance {
                hindrance.until = hindrance.until.filter(|&until| until > now);
            }
            if self.next_deadline.is_some_and(|deadline| deadline <= now) {
                self.expire(now);
            }
        }
    }

    fn accept(&mut self, now: Instant) {
        if let Some(limit) = self.terms.command_timeout {
            self.next_deadline.get_or_insert(now + limit);
        }
        for call in self.batch.drain(..) {
            self.next_order += 2;
            let call = Carried::new(call, &self.host, self.next_order, now);
            match self.offline {
                true => call.settle(Err(Error::Offline)),
                false => self.queue.push(call),
            }
        }
    }

    /// Writes what may be sent now. Says whether it stopped only because there is so much.
    pub(super) fn send(&mut self) -> bool {
        if self
            .hindrance
            .as_ref()
            .is_some_and(|hindrance| hindrance.until.is_some())
        {
            return false;
        }
        while let Some(first) = self.queue.first() {
            if self
                .barrier
                .is_some_and(|barrier| first.order > barrier.order)
            {
                return false;
            }
            if self.flight.backlog() >= FULL {
                return true;
            }
            if let Some(call) = self.queue.pop() {
                self.send_or_open(call);
            }
        }
        false
    }

    fn send_or_open(&mut self, mut call: Carried) {
        let opening = match call.gate {
            Some(_) => call.opening(Instant::now()),
            None => Ok(None),
        };
        match opening {
            Ok(None) => {}
            Ok(Some(opening)) => {
                self.queue.insert(call);
                return self.queue.insert(opening);
            }
            Err(error) => return self.conclude(call, Err(error)),
        }
        if call.alone {
            self.barrier = Some(Barrier {
                order: call.order,
                stops_clocks: true,
            });
        } else if self.hindrance.is_some() && self.barrier.is_none() {
            self.barrier = Some(Barrier {
                order: call.order,
                stops_clocks: false,
            });
        }
        if let Err(failed) = self.flight.send(call) {
            let (call, error) = *failed;
            self.conclude(call, Err(error));
        }
    }

    pub(super) fn poll_write(
        &mut self,
        wire: &mut Wire,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Error>> {
        self.flight.poll_write(wire, context)
    }

    /// Takes the next reply. An error says that the connection cannot be understood any more.
    pub(super) fn answer(&mut self, reply: Value) -> Result<(), Error> {
        let Some((mut call, replies)) = self.flight.answer(reply)? else {
            return Ok(());
        };
        match judge(&replies, call.form) {
            Verdict::WithSource => call.form = ScriptForm::Source,
            Verdict::Later if self.waits_longer() => {}
            Verdict::Later => return Ok(self.deliver(call, replies)),
            Verdict::Deliver => {
                self.unhinder();
                return Ok(self.deliver(call, replies));
            }
        }
        // Of several commands, others than the refused one may have been executed.
        call.resend |= replies.len() > 1;
        self.queue.insert(call);
        Ok(())
    }

    fn deliver(&mut self, mut call: Carried, replies: Vec<Value>) {
        match call.read(replies) {
            Step::Over(result) => self.conclude(call, result),
            Step::Continue => self.go_on(call),
            Step::Hold => {
                call.alone = true;
                // What has not left yet comes after it. So do reads that have: they must see
                // what this call is going to write.
                let order = call.order;
                self.take_back_unsent();
                for mut read in self
                    .flight
                    .abandon(|other| other.order > order && other.is_read())
                {
                    read.resend = true;
                    self.queue.insert(read);
                }
                self.go_on(call);
            }
        }
    }

    fn go_on(&mut self, mut call: Carried) {
        call.advance(Instant::now());
        self.queue.insert(call);
    }

    fn take_back_unsent(&mut self) {
        self.flight
            .withdraw()
            .rev()
            .for_each(|call| self.queue.insert(call));
    }

    /// Ends a call with an answer, and what its being under way has kept others from.
    fn conclude(&mut self, call: Carried, result: Result<Outcome, Error>) {
        self.lift(call.order, true);
        self.report(call, result);
    }

    fn report(&mut self, call: Carried, result: Result<Outcome, Error>) {
        if !call.is_opening() {
            return call.settle(result);
        }
        let behind = call.order + 1;
        match result {
            Ok(_) => {
                if let Some(call) = self.queue.at(behind) {
                    call.gate = None;
                }
            }
            Err(error) => {
                if let Some(call) = self.queue.remove(behind) {
                    call.settle(Err(not_sent(error)));
                }
            }
        }
    }

    /// Lets the calls behind `order` go, if that was the barrier. Their clocks start anew where
    /// the barrier moved on; a server that answers nothing does not get the time twice.
    fn lift(&mut self, order: u64, answered: bool) {
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

    fn waits_longer(&mut self) -> bool {
        let now = Instant::now();
        let hindrance = self.hindrance.get_or_insert(Hindrance {
            since: now,
            pauses: 0,
            until: None,
        });
        let waits = self.terms.command_timeout.is_some() || now < hindrance.since + HINDRANCE_LIMIT;
        if waits {
            hindrance.pause(now);
        }
        waits
    }

    fn unhinder(&mut self) {
        if self.hindrance.take().is_some() {
            self.barrier.take_if(|barrier| !barrier.stops_clocks);
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
            // A call that is rejected as not sent must not be sent afterwards.
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

    /// A connection is ready: calls may wait for the next one again.
    pub(super) fn connected(&mut self) {
        self.offline = false;
    }

    /// The connection is lost. Calls that were on it come back to be sent again, as far as the
    /// settings allow.
    pub(super) fn disconnected(&mut self, cause: &Error) {
        self.hindrance = None;
        if let Some(barrier) = self.barrier {
            self.lift(barrier.order, true);
        }
        for (mut call, sent) in self.flight.land().rev() {
            if !sent {
                self.queue.insert(call);
                continue;
            }
            call.resend = true;
            call.losses += 1;
            let ambiguous = call.ambiguous(true);
            match self.terms.max_retries.filter(|&limit| call.losses > limit) {
                _ if !self.terms.auto_resend => {
                    self.report(call, Err(Error::ConnectionClosed { ambiguous }));
                }
                Some(limit) => self.report(call, Err(max_retries(limit, ambiguous, cause))),
                None => {
                    call.form = ScriptForm::Sha;
                    self.queue.insert(call);
                }
            }
        }
    }

    /// There is no connection, and the next one will not be opened at once. Without an offline
    /// queue only calls that were sent before wait for it.
    pub(super) fn go_offline(&mut self) {
        if !self.terms.offline_queue {
            for call in self
                .queue
                .extract(|call| call.losses == 0 && !call.is_opening())
            {
                call.settle(Err(Error::Offline));
            }
            self.queue.extract(|call| call.losses == 0);
            self.offline = !self.is_empty();
        }
    }

    /// Rejects the calls that have waited through as many failures as the settings allow, given
    /// that there have been `failures`.
    pub(super) fn retried(&mut self, failures: u32, cause: &Error) {
        // ioredis counts for the client, not for the call: every (limit + 1)th failure clears all.
        let limit = self.terms.max_retries;
        if let Some(limit) = limit.filter(|&limit| failures % limit.saturating_add(1) == 0) {
            self.reject_all(|ambiguous| max_retries(limit, ambiguous, cause));
        }
    }

    /// Settles every call with the error that `error` makes of its ambiguity.
    pub(super) fn reject_all(&mut self, error: impl Fn(bool) -> Error) {
        self.barrier = None;
        self.hindrance = None;
        self.offline = false;
        let waiting = self
            .queue
            .extract(|_| true)
            .into_iter()
            .map(|call| (call, false));
        for (call, sent) in self.flight.land().chain(waiting) {
            let ambiguous = call.ambiguous(sent);
            call.settle(Err(error(ambiguous)));
        }
    }
}

/// However the task ends, by the close, a panic or the end of its runtime, nobody waits for ever.
impl Drop for Calls {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.reject_all(|_| Error::Internal("the connection's task has panicked".to_owned()));
        } else {
            self.reject_all(|ambiguous| Error::ConnectionClosed { ambiguous });
        }
        self.inbox.shut();
    }
}

/// Whether the clock of a queued call runs.
fn runs(barrier: Option<Barrier>, call: &Carried) -> bool {
    !barrier.is_some_and(|barrier| barrier.stops_clocks && call.order > barrier.order)
}

fn max_retries(limit: u32, ambiguous: bool, cause: &Error) -> Error {
    let cause = Some(Box::new(cause.clone()));
    Error::MaxRetries {
        limit,
        ambiguous,
        cause,
    }
}

/// The error of a gate's opening, as the error of a call that was therefore never sent.
fn not_sent(mut error: Error) -> Error {
    if let Error::ConnectionClosed { ambiguous }
    | Error::CommandTimedOut { ambiguous }
    | Error::MaxRetries { ambiguous, .. } = &mut error
    {
        *ambiguous = false;
    }
    error
}
